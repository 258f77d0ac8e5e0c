import { z } from 'zod';
import { IntentEntry, LedgerEntry, OutcomeEntry } from '@sekisho/contract';
import type { SettledEntry } from '../../domains/ledger/ports.ts';
import { UsageFold, usageOf, type UsageDelta } from '../../domains/metering/index.ts';

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

export interface ProjectedOpening {
  readonly crossing: string;
  readonly requestSalt: Buffer;
  readonly answerSalt?: Buffer;
}

/** The effect of a batch of entries on the tables: at most one row for each crossing. */
export interface ProjectedBatch {
  readonly crossings: readonly ProjectedCrossing[];
  readonly openings: readonly ProjectedOpening[];
  readonly usage: readonly UsageDelta[];
}

const SALT_BYTES = 32;

// Only what the tables hold is checked: the ledger has validated the whole entry, and two thirds of
// its fields are of no use here. `kind` is looked at first, so a failure names the field at fault.
const Kind = z.object({ kind: z.string() });
const crossingFacts = IntentEntry.pick({
  time: true,
  crossing: true,
  tenant: true,
  workspace: true,
  subject: true,
}).shape;
const IntentFacts = z.object({ ...crossingFacts, kind: z.literal('intent') });
const OutcomeFacts = z.object({
  ...crossingFacts,
  ...OutcomeEntry.pick({ kind: true, intent: true, result: true, usage: true }).shape,
  carried: z.unknown().optional(),
});

/** What stored bytes say of a crossing; undefined for another entry. Throws on bytes that are no ledger entry. */
function parseProjectable(
  bytes: Uint8Array,
): z.infer<typeof IntentFacts> | z.infer<typeof OutcomeFacts> | undefined {
  const value: unknown = JSON.parse(Buffer.from(bytes).toString('utf8'));
  switch (Kind.parse(value).kind) {
    case 'intent':
      return IntentFacts.parse(value);
    case 'outcome':
      return OutcomeFacts.parse(value);
    default:
      LedgerEntry.parse(value);
      return undefined;
  }
}

/** Folds entries, in index order per log, into their effect. Throws on bytes that are no ledger entry. */
export function projectBatch(entries: readonly SettledEntry[]): ProjectedBatch {
  const crossings = new Map<string, ProjectedCrossing>();
  const openings = new Map<string, ProjectedOpening>();
  const usage = new UsageFold();
  for (const entry of entries) {
    // An entry of another kind is of no interest to the tables.
    const projectable = entry.entry ?? parseProjectable(entry.bytes);
    if (projectable?.kind === 'intent') {
      const intent = projectable;
      crossings.set(intent.crossing, {
        ...factsOf(intent),
        startedAt: intent.time,
        intentIndex: entry.index,
      });
      addOpening(openings, intent.crossing, entry.attachment);
    } else if (projectable?.kind === 'outcome') {
      const outcome = projectable;
      usage.add(usageOf(outcome));
      addOpening(openings, outcome.crossing, entry.attachment);
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
  return { crossings: [...crossings.values()], openings: [...openings.values()], usage: usage.deltas() };
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

/** Attachment: 32 bytes request salt, and for an outcome with an answer 32 bytes answer salt after it. */
function addOpening(
  openings: Map<string, ProjectedOpening>,
  crossing: string,
  attachment: Uint8Array | undefined,
): void {
  if (attachment === undefined || attachment.length === 0) return;
  if (attachment.length !== SALT_BYTES && attachment.length !== 2 * SALT_BYTES) {
    throw new Error(`an attachment of ${attachment.length} bytes is neither one salt nor two`);
  }
  const salts = Buffer.from(attachment);
  const earlier = openings.get(crossing)?.answerSalt;
  const answerSalt = salts.length > SALT_BYTES ? salts.subarray(SALT_BYTES) : earlier;
  openings.set(crossing, {
    crossing,
    requestSalt: salts.subarray(0, SALT_BYTES),
    ...(answerSalt === undefined ? {} : { answerSalt }),
  });
}

/** The 48 bits of milliseconds of a UUID version 7 (RFC 9562 section 5.7). */
function timeOfId(crossing: string): string {
  return new Date(Number.parseInt(crossing.slice(0, 8) + crossing.slice(9, 13), 16)).toISOString();
}
