import { SekishoError, type HoldScope, type LegalHold } from '@sekisho/contract';
import { timestamp, type Clock } from '../base/clock.ts';
import type { Ledger } from '../domains/ledger/index.ts';
import type { RetentionRegister } from '../domains/payloads/index.ts';

/** Places and releases legal holds. Each is an entry in the tenant's ledger; the table follows it. */
export class ManageHolds {
  readonly #ledger: Ledger;
  readonly #register: RetentionRegister;
  readonly #clock: Clock;

  constructor(ledger: Ledger, register: RetentionRegister, clock: Clock) {
    this.#ledger = ledger;
    this.#register = register;
    this.#clock = clock;
  }

  /** In force when this resolves. Throws `not_found` for an unknown tenant, `hold_exists` for a used name. */
  async place(tenant: string, hold: string, scope: HoldScope, by: string): Promise<LegalHold> {
    return this.#inTurn(tenant, async () => {
      if ((await this.#find(tenant, hold)) !== undefined) {
        throw new SekishoError('hold_exists', `${tenant}/${hold}`);
      }
      return this.#record('hold-placed', tenant, hold, scope, by);
    });
  }

  /** Releasing twice keeps the first time. Throws `not_found`. */
  async release(tenant: string, hold: string, by: string): Promise<LegalHold> {
    return this.#inTurn(tenant, async () => {
      const standing = await this.#find(tenant, hold);
      if (standing === undefined) throw new SekishoError('not_found', `${tenant}/${hold}`);
      if (standing.releasedAt !== undefined) return standing;
      return this.#record('hold-released', tenant, hold, standing.scope, by);
    });
  }

  async list(tenant?: string): Promise<LegalHold[]> {
    return [...(await this.#register.holds(tenant))];
  }

  /** Between an erasure's look at the holds and its entry no hold can come, and the other way round. */
  async #inTurn(tenant: string, work: () => Promise<LegalHold>): Promise<LegalHold> {
    if (!this.#ledger.logs().includes(tenant)) throw new SekishoError('not_found', tenant);
    return this.#register.exclusively(tenant, async () => {
      await this.#ledger.settledNow(tenant);
      return work();
    });
  }

  async #record(
    kind: 'hold-placed' | 'hold-released',
    tenant: string,
    hold: string,
    scope: HoldScope,
    by: string,
  ): Promise<LegalHold> {
    const { index } = await this.#ledger.append(tenant, {
      version: 1,
      kind,
      time: timestamp(this.#clock),
      principal: by,
      hold,
      scope,
    });
    await this.#ledger.settled(tenant, index);
    const recorded = await this.#find(tenant, hold);
    if (recorded === undefined) throw new SekishoError('internal_error', '', { cause: 'hold not projected' });
    return recorded;
  }

  async #find(tenant: string, hold: string): Promise<LegalHold | undefined> {
    return (await this.#register.holds(tenant)).find((one) => one.hold === hold);
  }
}
