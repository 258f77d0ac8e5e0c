import { z } from 'zod';
import { IntentEntry, LedgerEntry, OutcomeEntry } from '@sekisho/contract';
import type { SettledEntry } from '../../domains/ledger/ports.ts';
import { UsageFold, usageOf, type UsageDelta } from '../../domains/metering/index.ts';
import { RetentionFold, type ProjectedRetention } from './projected-retention.ts';

/** A row of `crossing`, as far as the batch knows it. */
export interface ProjectedCrossing {
  readonly crossing: string;
  readonly tenant: string;
  readonly workspace: string;
  readonly subject: string;
  readonly startedAt: string;
  readonly intentIndex: number;
  readonly outcome?: { readonly index: number; readonly result: string };
}

/** The effect of a batch of entries on the tables: at most one row for each crossing. */
export interface ProjectedBatch {
  readonly crossings: readonly ProjectedCrossing[];
  readonly retention: ProjectedRetention;
  readonly usage: readonly UsageDelta[];
}

// Only what the tables hold is checked: the ledger has validated the whole entry, and two thirds of
// its fields are of no use here. `kind` is looked at first, so a failure names the field at fault.
const Kind = z.object({ kind: z.string() });
const crossingFacts = IntentEntry.pick({
  time: true,
  crossing: true,
  tenant: true,
  workspace: true,
  subject: true,
  dataClass: true,
}).shape;
const IntentFacts = z.object({ ...crossingFacts, kind: z.literal('intent') });
const OutcomeFacts = z.object({
  ...crossingFacts,
  ...OutcomeEntry.pick({ kind: true, intent: true, result: true, usage: true }).shape,
  carried: z.unknown().optional(),
});

/** What stored bytes say of a crossing; another entry as a whole. Throws on bytes that are no ledger entry. */
function parseProjectable(
  bytes: Uint8Array,
): z.infer<typeof IntentFacts> | z.infer<typeof OutcomeFacts> | LedgerEntry {
  const value: unknown = JSON.parse(Buffer.from(bytes).toString('utf8'));
  switch (Kind.parse(value).kind) {
    case 'intent':
      return IntentFacts.parse(value);
    case 'outcome':
      return OutcomeFacts.parse(value);
    default:
      return LedgerEntry.parse(value);
  }
}

/** Folds entries, in index order per log, into their effect. Throws on bytes that are no ledger entry. */
export function projectBatch(entries: readonly SettledEntry[]): ProjectedBatch {
  const crossings = new Map<string, ProjectedCrossing>();
  const retention = new RetentionFold();
  const usage = new UsageFold();
  for (const entry of entries) {
    const projectable = entry.entry ?? parseProjectable(entry.bytes);
    retention.add(entry.log, entry.index, projectable, entry.attachment);
    if (projectable?.kind === 'intent') {
      const intent = projectable;
      crossings.set(intent.crossing, {
        ...factsOf(intent),
        startedAt: intent.time,
        intentIndex: entry.index,
      });
    } else if (projectable?.kind === 'outcome') {
      const outcome = projectable;
      usage.add(usageOf(outcome));
      const known = crossings.get(outcome.crossing) ?? {
        ...factsOf(outcome),
        // The intent is in the table already, so this start is not written; the id holds the time.
        startedAt: timeOfId(outcome.crossing),
        intentIndex: outcome.intent.index,
      };
      // A crossing ends once: a second outcome never replaces the first.
      const ending = known.outcome ?? { index: entry.index, result: outcome.result };
      crossings.set(outcome.crossing, { ...known, outcome: ending });
    }
  }
  return { crossings: [...crossings.values()], retention: retention.result(), usage: usage.deltas() };
}

function factsOf(
  entry: Pick<IntentEntry, 'crossing' | 'tenant' | 'workspace' | 'subject'>,
): Pick<ProjectedCrossing, 'crossing' | 'tenant' | 'workspace' | 'subject'> {
  return {
    crossing: entry.crossing,
    tenant: entry.tenant,
    workspace: entry.workspace,
    subject: entry.subject,
  };
}

/** The 48 bits of milliseconds of a UUID version 7 (RFC 9562 section 5.7). */
function timeOfId(crossing: string): string {
  return new Date(Number.parseInt(crossing.slice(0, 8) + crossing.slice(9, 13), 16)).toISOString();
}
