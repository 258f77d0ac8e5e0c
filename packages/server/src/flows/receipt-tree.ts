import { SekishoError } from '@sekisho/contract';
import type { Witnessed } from '@sekisho/contract';
import type { Ledger, LogName, SignedCheckpoint, WitnessedAnchors } from '../domains/ledger/index.ts';

/**
 * - `if-there`: by witnesses where they have come that far; else the newest tree of the log, at once.
 * - `required`: waits for the witnesses, about ten seconds at most.
 */
export type WitnessWish = 'if-there' | 'required';

/** The tree in which a receipt proves its statement. */
export interface ReceiptTree {
  readonly checkpoint: SignedCheckpoint;
  readonly witnessed?: Witnessed;
}

export type WitnessedTrees = Pick<WitnessedAnchors, 'covering' | 'awaitCovering'>;

/** @throws SekishoError `witnesses_not_configured` or `receipt_not_witnessed`, where witnesses are required */
export async function findReceiptTree(
  ledger: Pick<Ledger, 'checkpoint'>,
  anchors: WitnessedTrees | undefined,
  { log, index }: { readonly log: LogName; readonly index: number },
  wish: WitnessWish,
  signal?: AbortSignal,
): Promise<ReceiptTree> {
  if (wish === 'if-there') {
    return (await anchors?.covering(log, index)) ?? { checkpoint: ledger.checkpoint(log) };
  }
  if (anchors === undefined) throw new SekishoError('witnesses_not_configured');
  const tree = await anchors.awaitCovering(log, index, signal);
  if (tree === undefined) throw new SekishoError('receipt_not_witnessed');
  return tree;
}
