import { z } from 'zod';
import { IntentEntry, LedgerEntry, OutcomeEntry } from '@sekisho/contract';
import type { SettledEntry } from '../../domains/ledger/ports.ts';
import { UsageFold, usageOf, type UsageDelta } from '../../domains/metering/index.ts';
import { CarrierFold, type ProjectedCarriers } from './carried-crossings.ts';
import { RetentionFold, type ProjectedRetention } from './projected-retention.ts';
import { CrossingFold, type CrossingRow, type PlaceAncestors } from './projected-crossings.ts';

/** The effect of a batch of entries on the tables: at most one row for each crossing. */
export interface ProjectedBatch {
  readonly crossings: readonly CrossingRow[];
  readonly retention: ProjectedRetention;
  readonly usage: readonly UsageDelta[];
  readonly carriers: ProjectedCarriers;
}

// Only what the tables hold is checked: the ledger has validated the whole entry. `kind` is looked
// at first, so a failure names the field at fault.
const Kind = z.object({ kind: z.string() });
const crossingFacts = IntentEntry.pick({
  time: true,
  crossing: true,
  tenant: true,
  workspace: true,
  principal: true,
  action: true,
  subject: true,
  dataClass: true,
  purpose: true,
  platformRevision: true,
  request: true,
}).shape;
const IntentFacts = z.object({ ...crossingFacts, ...IntentEntry.pick({ kind: true, decision: true }).shape });
const OutcomeFacts = z.object({
  ...crossingFacts,
  ...OutcomeEntry.pick({
    kind: true,
    intent: true,
    result: true,
    status: true,
    carried: true,
    answer: true,
    usage: true,
  }).shape,
});

/** What stored bytes say of a crossing; another entry as a whole. Throws on bytes that are no ledger entry. */
export function parseProjectable(
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
export function projectBatch(entries: readonly SettledEntry[], ancestors: PlaceAncestors): ProjectedBatch {
  const crossings = new CrossingFold(ancestors);
  const retention = new RetentionFold();
  const usage = new UsageFold();
  const carriers = new CarrierFold();
  for (const entry of entries) {
    const projectable = entry.entry ?? parseProjectable(entry.bytes);
    retention.add(entry.log, entry.index, projectable, entry.attachment);
    if (projectable?.kind === 'intent') {
      crossings.addIntent(entry.index, projectable);
      carriers.begin(projectable.crossing, entry.replica);
    } else if (projectable?.kind === 'outcome') {
      usage.add(usageOf(projectable));
      crossings.addOutcome(entry.index, projectable);
      carriers.end(projectable.crossing, entry.replica);
    }
  }
  return {
    crossings: crossings.rows(),
    retention: retention.result(),
    usage: usage.deltas(),
    carriers: carriers.result(),
  };
}
