import { IntentEntry } from '@sekisho/contract';
import { leafHash } from '@sekisho/proof';
import type { CrossingIndex, CrossingPlace } from '../domains/crossings/index.ts';
import type { Ledger } from '../domains/ledger/index.ts';
import type { PayloadStore } from '../domains/payloads/index.ts';
import type { CrossingKernel } from './crossing-kernel.ts';
import { parseEntry, readEntryBytes } from './read-ledger-entry.ts';

const BATCH = 500;

/**
 * How far each log had come before this process took a request: an intent before that without an
 * outcome is an orphan, one behind it may be under way. Asked at start-up, before the edges listen.
 */
export async function inheritedLogEnds(ledger: Ledger): Promise<ReadonlyMap<string, number>> {
  // The index follows the ledger: what is durable but not indexed yet would be missed.
  await settleAll(ledger);
  return new Map(ledger.logs().map((log) => [log, ledger.checkpoint(log).size]));
}

/**
 * Closes the inherited crossings whose intent is recorded and whose outcome is not: the cell stopped
 * in between. What was carried is unknown, so the outcome says `interrupted` and claims nothing. The
 * index must hold all of the ledger; then it may also run while others are under way.
 *
 * @returns how many were closed
 */
export async function closeOrphanedIntents(
  ledger: Ledger,
  crossings: CrossingIndex,
  kernel: CrossingKernel,
  payloads: Pick<PayloadStore, 'remove'>,
  inherited: ReadonlyMap<string, number>,
): Promise<number> {
  let closed = 0;
  for (;;) {
    const orphans = await crossings.withoutOutcome(BATCH, inherited);
    if (orphans.length === 0) return closed;
    await Promise.all(orphans.map((orphan) => closeInterrupted(ledger, kernel, payloads, orphan)));
    closed += orphans.length;
    await settleAll(ledger);
  }
}

/** Records the outcome of one, of which nothing but its intent is known. */
export async function closeInterrupted(
  ledger: Ledger,
  kernel: CrossingKernel,
  payloads: Pick<PayloadStore, 'remove'>,
  { crossing, tenant, intentIndex }: CrossingPlace,
): Promise<void> {
  // Before the outcome, which says that nothing is kept: a crash in between comes here again.
  await payloads.remove(tenant, [crossing]);
  const bytes = await readEntryBytes(ledger, tenant, intentIndex);
  const intent = IntentEntry.parse(parseEntry(bytes));
  await kernel.resume(intent, { index: intentIndex, leafHash: leafHash(bytes) }).recordOutcome({
    result: 'interrupted',
    status: 0,
    usage: { inputTokens: 0, outputTokens: 0, estimated: false, amountYen: '0' },
  });
}

export async function settleAll(ledger: Ledger): Promise<void> {
  await Promise.all(ledger.logs().map((log) => ledger.settledNow(log)));
}
