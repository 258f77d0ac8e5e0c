import type { ErasureEntry, HoldEntry, HoldScope } from '@sekisho/contract';
import type { AuditRecord } from './audit-record.ts';

const HOLDS_MAX = 1000;
/** Crossings looked up at most: each costs reading some bundles again. */
const LOOKUPS_MAX = 10_000;
/** Between the time in a crossing's id and that of its intent. */
const ID_TOLERANCE_MS = 60_000;

/** What a hold's scope asks about a crossing, besides its id. */
export interface CrossingFacts {
  readonly workspace: string;
  /** Of its intent, milliseconds since 1970. */
  readonly timeMs: number;
}

/** The intent of a crossing, near the time in its id; undefined where it is not found. */
export type FindCrossing = (crossing: string, timeMs: number) => Promise<CrossingFacts | undefined>;

/** Legal holds and erasures, judged in the order of the log: while a hold stands, nothing in it is erased. */
export class AuditedHolds {
  readonly #record: AuditRecord;
  readonly #find: FindCrossing;
  readonly #standing = new Map<string, { readonly scope: HoldScope; readonly index: number }>();
  #overflowed = false;
  #lookups = 0;

  constructor(record: AuditRecord, find: FindCrossing) {
    this.#record = record;
    this.#find = find;
  }

  takeHold({ kind, hold, scope }: HoldEntry, index: number): void {
    this.#record.did('holds');
    if (this.#overflowed) return;
    const standing = this.#standing.get(hold);
    if (kind === 'hold-released') {
      const wrong = standing === undefined || !isSameScope(standing.scope, scope);
      if (wrong) this.#record.found('hold_misordered', index, `released ${hold}`);
      this.#standing.delete(hold);
      return;
    }
    if (standing !== undefined) {
      // The one that stood covers what it covered: nothing is freed by placing it again.
      this.#record.found('hold_misordered', index, `placed ${hold}`);
      return;
    }
    if (this.#standing.size === HOLDS_MAX) {
      this.#overflowed = true;
      this.#record.foundWhole('too_many_holds', index);
      return;
    }
    this.#standing.set(hold, { scope, index });
  }

  async takeErasure({ crossings }: ErasureEntry, index: number): Promise<void> {
    this.#record.did('holds', crossings.length);
    if (this.#standing.size === 0) return;
    for (const crossing of crossings) {
      const idMs = timeInId(crossing);
      const holds = [...this.#standing].filter(([, { scope }]) => mayCover(scope, crossing, idMs));
      if (holds.length === 0) continue;
      const sure = holds.find(([, { scope }]) => isOfIdAlone(scope));
      const facts = sure === undefined ? await this.#factsOf(crossing, idMs) : undefined;
      if (sure === undefined && facts === undefined) {
        this.#record.cannotDecide(index, 'hold', crossing);
        continue;
      }
      const [hold] = sure ?? holds.find(([, { scope }]) => facts !== undefined && covers(scope, facts)) ?? [];
      if (hold !== undefined) this.#record.found('erased_under_hold', index, `${crossing} ${hold}`);
    }
  }

  async #factsOf(crossing: string, idMs: number): Promise<CrossingFacts | undefined> {
    if (this.#lookups >= LOOKUPS_MAX) return undefined;
    this.#lookups++;
    return this.#find(crossing, idMs);
  }
}

/** Milliseconds since 1970 in the first 48 bits of a UUID version 7 (RFC 9562 section 5.7). */
function timeInId(crossing: string): number {
  return Number.parseInt(crossing.slice(0, 8) + crossing.slice(9, 13), 16);
}

/** False only where the id alone shows that the hold does not cover the crossing. */
function mayCover({ crossing, from, to }: HoldScope, erased: string, idMs: number): boolean {
  if (crossing !== undefined && crossing !== erased) return false;
  if (from !== undefined && idMs < Date.parse(from) - ID_TOLERANCE_MS) return false;
  return to === undefined || idMs < Date.parse(to) + ID_TOLERANCE_MS;
}

function isOfIdAlone({ workspace, from, to }: HoldScope): boolean {
  return workspace === undefined && from === undefined && to === undefined;
}

/** The period is from its first moment to before its last. */
function covers({ workspace, from, to }: HoldScope, facts: CrossingFacts): boolean {
  if (workspace !== undefined && workspace !== facts.workspace) return false;
  if (from !== undefined && facts.timeMs < Date.parse(from)) return false;
  return to === undefined || facts.timeMs < Date.parse(to);
}

function isSameScope(left: HoldScope, right: HoldScope): boolean {
  return (
    left.workspace === right.workspace &&
    left.crossing === right.crossing &&
    left.from === right.from &&
    left.to === right.to
  );
}
