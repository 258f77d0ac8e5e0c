import { OutcomeEntry, SekishoError, type Receipt } from '@sekisho/contract';
import {
  canonicalJson,
  composeReceipt,
  formatCoseReceipt,
  tlogProofsOf,
  type ReceiptForm,
} from '@sekisho/proof';
import type { CrossingIndex, IndexedCrossing } from '../domains/crossings/index.ts';
import type { Principal } from '../domains/identity/index.ts';
import type { Ledger } from '../domains/ledger/index.ts';
import { parseEntry, readEntryBytes } from './read-ledger-entry.ts';
import { findReceiptTree, type WitnessedTrees, type WitnessWish } from './receipt-tree.ts';

/** A receipt's own forms, and the second tlog-proof that leads from the first to the witnesses. */
export type AskedForm = ReceiptForm | 'anchor-tlog-proof';

export interface ReceiptWish {
  readonly form: AskedForm;
  readonly witnesses: WitnessWish;
}

/** `anchors` are absent in a cell without witnesses. */
export interface ReceiptSources {
  readonly ledger: Ledger;
  readonly anchors: WitnessedTrees | undefined;
  readonly crossings: CrossingIndex;
}

/**
 * The bytes of a crossing's receipt in one of its forms: its outcome, proven in a tree that witnesses vouch for, or in
 * the newest. Waits, about a second at most, until a checkpoint covers everything recorded so far; longer only for
 * witnesses that are required.
 *
 * @throws SekishoError `not_found` (also for another workspace's crossing), `receipt_not_ready`,
 *   `witnesses_not_configured`, `receipt_not_witnessed`
 */
export async function getReceipt(
  { ledger, anchors, crossings }: ReceiptSources,
  principal: Principal,
  crossing: string,
  { form, witnesses }: ReceiptWish,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  const found = await findSettled(ledger, crossings, principal, crossing);
  if (found.outcomeIndex === undefined) throw new SekishoError('receipt_not_ready');
  const statement = await readOutcome(ledger, found.tenant, found.outcomeIndex);
  const place = { log: found.tenant, index: found.outcomeIndex };
  if (form === 'cose') return coseReceipt(ledger, place, statement);
  const wish = form === 'anchor-tlog-proof' ? 'required' : witnesses;
  const { checkpoint: tree, witnessed } = await findReceiptTree(ledger, anchors, place, wish, signal);
  const { log, index } = place;
  const hashes = await ledger.inclusionProof(log, index, tree.size);
  const openings = openingsOf(found, statement);
  const receipt = composeReceipt({ statement, index, hashes, checkpoint: tree.note, openings, witnessed });
  if (form === 'sekisho-receipt') return canonicalJson(receipt);
  // Only the first form carries salts: the others can be handed on to those who must not open texts.
  const proofs = tlogProofsOf(receipt);
  if (form === 'tlog-proof') return proofs.statement;
  if (proofs.anchor === undefined) throw new SekishoError('receipt_not_witnessed');
  return proofs.anchor;
}

async function coseReceipt(
  ledger: Ledger,
  { log, index }: { readonly log: string; readonly index: number },
  statement: OutcomeEntry,
): Promise<Uint8Array> {
  const head = ledger.coseTreeHead(log);
  const hashes = await ledger.inclusionProof(log, index, head.size);
  return formatCoseReceipt({ leaf: canonicalJson(statement), index, hashes, head });
}

/** The index follows the ledger: a crossing that just ended is looked for again once it has caught up. */
async function findSettled(
  ledger: Ledger,
  crossings: CrossingIndex,
  principal: Principal,
  crossing: string,
): Promise<IndexedCrossing> {
  let found = await crossings.find(crossing);
  if (found?.outcomeIndex === undefined) {
    await Promise.all(ledgersOf(ledger, principal).map((log) => ledger.settledNow(log)));
    found = await crossings.find(crossing);
  }
  const visible =
    principal.kind === 'operator' ||
    (found?.tenant === principal.tenant && found.workspace === principal.workspace);
  // Another workspace's crossing and an unknown one look the same.
  if (found === undefined || !visible) throw new SekishoError('not_found', crossing);
  return found;
}

function ledgersOf(ledger: Ledger, principal: Principal): readonly string[] {
  return principal.kind === 'operator' ? ledger.logs() : [principal.tenant];
}

async function readOutcome(ledger: Ledger, log: string, index: number): Promise<OutcomeEntry> {
  return OutcomeEntry.parse(parseEntry(await readEntryBytes(ledger, log, index)));
}

function openingsOf(found: IndexedCrossing, statement: OutcomeEntry): Receipt['openings'] {
  const { requestSalt, answerSalt } = found.openings;
  return {
    ...(requestSalt === undefined ? {} : { requestSalt: requestSalt.toString('base64') }),
    ...(answerSalt === undefined || statement.answer === undefined
      ? {}
      : { answerSalt: answerSalt.toString('base64') }),
  };
}
