import { formatYen, parseYen, type LedgerEntry, type OutcomeEntry, type UsageRow } from '@sekisho/contract';
import { dayInJapan } from '../../base/clock.ts';

/** Where usage is counted: one row of the table. */
interface UsageKey {
  readonly tenant: string;
  readonly workspace: string;
  readonly model: string;
  /** Calendar day in Japan of the time the crossing ended. */
  readonly day: string;
}

/** What one or more crossings add to a row. Money is exact pico-yen (10^-12 yen). */
export interface UsageDelta extends UsageKey {
  readonly crossings: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly amountPicoYen: bigint;
}

/** The facts of an outcome that usage depends on. */
export type UsageFacts = Pick<OutcomeEntry, 'time' | 'tenant' | 'workspace' | 'subject' | 'usage'> & {
  readonly carried?: unknown;
};

/**
 * The usage that one outcome adds, or undefined when it adds none. Counted is what was carried to
 * an endpoint, whatever its result, and anything that has tokens or an amount; a denial or a
 * crossing that never reached an endpoint is not.
 */
export function usageOf(outcome: UsageFacts): UsageDelta | undefined {
  const { inputTokens, outputTokens, amountYen } = outcome.usage;
  const amountPicoYen = parseYen(amountYen);
  const used = inputTokens > 0 || outputTokens > 0 || amountPicoYen > 0n;
  if (outcome.carried === undefined && !used) return undefined;
  return {
    tenant: outcome.tenant,
    workspace: outcome.workspace,
    model: outcome.subject,
    day: dayInJapan(outcome.time),
    crossings: 1,
    inputTokens,
    outputTokens,
    amountPicoYen,
  };
}

/** Sums deltas by row. The order in which they come does not matter. */
export class UsageFold {
  readonly #byKey = new Map<string, UsageDelta>();

  /** Adds an entry of the ledger; only outcomes count. */
  addEntry(entry: LedgerEntry): void {
    if (entry.kind === 'outcome') this.add(usageOf(entry));
  }

  add(delta: UsageDelta | undefined): void {
    if (delta === undefined) return;
    const key = JSON.stringify([delta.tenant, delta.workspace, delta.model, delta.day]);
    const sum = this.#byKey.get(key);
    this.#byKey.set(key, sum === undefined ? delta : plus(sum, delta));
  }

  /** Ordered by tenant, workspace, model, day. */
  deltas(): readonly UsageDelta[] {
    return [...this.#byKey.values()].sort(inTableOrder);
  }

  rows(): readonly UsageRow[] {
    return this.deltas().map(({ amountPicoYen, ...row }) => ({
      ...row,
      amountYen: formatYen(amountPicoYen),
    }));
  }
}

/** What the usage table must say for these entries, in its order. */
export function foldUsage(entries: Iterable<LedgerEntry>): readonly UsageRow[] {
  const fold = new UsageFold();
  for (const entry of entries) fold.addEntry(entry);
  return fold.rows();
}

function plus(a: UsageDelta, b: UsageDelta): UsageDelta {
  return {
    ...a,
    crossings: a.crossings + b.crossings,
    inputTokens: a.inputTokens + b.inputTokens,
    outputTokens: a.outputTokens + b.outputTokens,
    amountPicoYen: a.amountPicoYen + b.amountPicoYen,
  };
}

const keyFields = ['tenant', 'workspace', 'model', 'day'] as const;

/** By bytes: keys are ASCII, so code units order as PostgreSQL's COLLATE "C" does. */
function inTableOrder(a: UsageKey, b: UsageKey): number {
  for (const field of keyFields) {
    if (a[field] !== b[field]) return a[field] < b[field] ? -1 : 1;
  }
  return 0;
}
