import {
  ERASURE_CROSSINGS_MAX,
  ERASURE_ENTRY_CROSSINGS_MAX,
  SekishoError,
  type ErasureEntry,
  type ErasurePlan,
  type ErasureResult,
  type ErasureSelection,
  type LegalHold,
} from '@sekisho/contract';
import { timestamp, type Clock } from '../base/clock.ts';
import type { Ledger } from '../domains/ledger/index.ts';
import {
  firstCrossingAt,
  holdsOver,
  isCovered,
  startOfCrossing,
  type CandidateQuery,
  type EndedRetention,
  type ErasableCrossing,
  type RetentionRegister,
} from '../domains/payloads/index.ts';
import type { FinishErasures } from './finish-erasures.ts';

/** Pending targets that an answer lists. */
const PENDING_LISTED_MAX = 100;

type Reason = ErasureEntry['reason'];

/**
 * Erases what a cell keeps of crossings: payloads, keys and salts. The entry in the tenant's ledger comes
 * first and is the intent: what follows from it is done here, or after a crash at the next start, by the same
 * code (`finish-erasures.ts`). No hash in the tree changes.
 */
export class EraseCrossings {
  readonly #ledger: Ledger;
  readonly #register: RetentionRegister;
  readonly #finish: FinishErasures;
  readonly #clock: Clock;

  constructor(ledger: Ledger, register: RetentionRegister, finish: FinishErasures, clock: Clock) {
    this.#ledger = ledger;
    this.#register = register;
    this.#finish = finish;
    this.#clock = clock;
  }

  /** What an erasure would do. Changes nothing. */
  async plan(selection: ErasureSelection): Promise<ErasurePlan> {
    await this.#settle(selection);
    const { crossings, more } = await this.#select(selection);
    const holds = holdsOver(await this.#register.holds(), crossings);
    const [oldest, newest] = [crossings[0], crossings.at(-1)];
    return {
      crossings: crossings.length,
      payloads: crossings.reduce((sum, { payloads }) => sum + payloads, 0),
      payloadBytes: crossings.reduce((sum, { payloadBytes }) => sum + payloadBytes, 0),
      ...(oldest === undefined ? {} : { oldest: startText(oldest) }),
      ...(newest === undefined ? {} : { newest: startText(newest) }),
      more,
      holds: holds.map(({ tenant, hold }) => ({ tenant, hold })),
      backups: (await this.#register.backups()).map(({ id }) => id),
    };
  }

  /**
   * Erases the selection, or nothing: throws SekishoError `hold_in_force` with the holds' names when one covers
   * a part of it, `receipt_not_ready` for a crossing that has not ended. Resolves when it is done here; what
   * could not be reached is listed as pending and tried again.
   */
  async erase(selection: ErasureSelection, reason: Reason, by: string): Promise<ErasureResult> {
    await this.#settle(selection);
    const entries: ErasureResult['entries'] = [];
    let more = false;
    for (const tenant of await this.#tenantsOf(selection)) {
      await this.#register.exclusively(tenant, async () => {
        const selected = await this.#select(selection, tenant);
        more ||= selected.more;
        refuseHeld(await this.#register.holds(tenant), selected.crossings);
        entries.push(...(await this.#record(tenant, selected.crossings, reason, by)));
      });
    }
    await this.#finish.run();
    return {
      crossings: entries.reduce((sum, entry) => sum + entry.crossings, 0),
      entries,
      more,
      pending: [...(await this.#register.pending(PENDING_LISTED_MAX))],
    };
  }

  /** Erases what has outlived its days, one entry's worth at a time, and passes over what a hold covers. */
  async eraseEnded(ended: EndedRetention): Promise<number> {
    let erased = 0;
    let after = FIRST_ID;
    for (;;) {
      const page = await this.#register.exclusively(ended.tenant, async () => {
        const found = await this.#register.candidates({
          tenant: ended.tenant,
          workspace: ended.workspace,
          dataClass: ended.dataClass ?? 'none',
          after,
          before: ended.before,
          limit: ERASURE_ENTRY_CROSSINGS_MAX,
        });
        const holds = await this.#register.holds(ended.tenant);
        const free = found.filter((crossing) => !holds.some((hold) => isCovered(hold, crossing)));
        await this.#record(ended.tenant, free, 'retention-ended', 'cell');
        erased += free.length;
        return found;
      });
      after = page.at(-1)?.crossing ?? after;
      if (page.length < ERASURE_ENTRY_CROSSINGS_MAX) return erased;
    }
  }

  /** The erasure entries; resolves when their salts and keys are out of the tables. */
  async #record(
    tenant: string,
    crossings: readonly ErasableCrossing[],
    reason: Reason,
    by: string,
  ): Promise<ErasureResult['entries']> {
    const entries: ErasureResult['entries'] = [];
    for (let from = 0; from < crossings.length; from += ERASURE_ENTRY_CROSSINGS_MAX) {
      const named = crossings.slice(from, from + ERASURE_ENTRY_CROSSINGS_MAX);
      const entry: ErasureEntry = {
        version: 1,
        kind: 'erasure',
        time: timestamp(this.#clock),
        principal: by,
        reason,
        crossings: named.map(({ crossing }) => crossing),
      };
      const { index } = await this.#ledger.append(tenant, entry);
      entries.push({ tenant, index, crossings: named.length });
    }
    const last = entries.at(-1);
    if (last !== undefined) await this.#ledger.settled(tenant, last.index);
    return entries;
  }

  async #select(
    selection: ErasureSelection,
    onlyTenant?: string,
  ): Promise<{ readonly crossings: readonly ErasableCrossing[]; readonly more: boolean }> {
    if ('crossings' in selection) {
      const found = await this.#register.find(selection.crossings);
      const crossings = found.filter(({ tenant }) => onlyTenant === undefined || tenant === onlyTenant);
      if (crossings.some(({ ended }) => !ended)) throw new SekishoError('receipt_not_ready');
      return { crossings, more: false };
    }
    const before = firstCrossingAt(Date.parse(selection.before));
    const { tenant, workspace } = selection;
    const crossings = await this.#upTo(ERASURE_CROSSINGS_MAX + 1, { tenant, workspace, before });
    const more = crossings.length > ERASURE_CROSSINGS_MAX;
    return { crossings: crossings.slice(0, ERASURE_CROSSINGS_MAX), more };
  }

  async #upTo(
    max: number,
    query: Omit<CandidateQuery, 'after' | 'limit'>,
  ): Promise<readonly ErasableCrossing[]> {
    const all: ErasableCrossing[] = [];
    while (all.length < max) {
      const limit = Math.min(ERASURE_ENTRY_CROSSINGS_MAX, max - all.length);
      const after = all.at(-1)?.crossing ?? FIRST_ID;
      const page = await this.#register.candidates({ ...query, after, limit });
      all.push(...page);
      if (page.length < limit) break;
    }
    return all;
  }

  async #tenantsOf(selection: ErasureSelection): Promise<readonly string[]> {
    if ('tenant' in selection) return [selection.tenant];
    const found = await this.#register.find(selection.crossings);
    // Nothing may be erased for one tenant when another's hold refuses the rest.
    refuseHeld(await this.#register.holds(), found);
    return [...new Set(found.map(({ tenant }) => tenant))].sort();
  }

  /** The rows follow the ledger: what just ended, or was just held, must be in them. */
  async #settle(selection: ErasureSelection): Promise<void> {
    const logs = 'tenant' in selection ? [selection.tenant] : this.#ledger.logs();
    await Promise.all(logs.map((log) => this.#ledger.settledNow(log)));
  }
}

/** Smaller than any UUID version 7. */
const FIRST_ID = '00000000-0000-0000-0000-000000000000';

function refuseHeld(holds: readonly LegalHold[], crossings: readonly ErasableCrossing[]): void {
  const standing = holdsOver(holds, crossings);
  if (standing.length === 0) return;
  throw new SekishoError('hold_in_force', standing.map(({ tenant, hold }) => `${tenant}/${hold}`).join(', '));
}

function startText({ crossing }: ErasableCrossing): string {
  return new Date(startOfCrossing(crossing)).toISOString();
}
