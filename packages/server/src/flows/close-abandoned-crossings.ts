import type { Log } from '../base/log.ts';
import type { CarriedCrossings } from '../domains/crossings/index.ts';
import type { ReplicaLedger } from '../domains/ledger/index.ts';
import type { PayloadStore } from '../domains/payloads/index.ts';
import { closeInterrupted, settleAll } from './close-orphaned-intents.ts';
import type { CrossingKernel } from './crossing-kernel.ts';

const BATCH = 500;
/** Between two looks of the replica that integrates. */
export const ABANDONED_INTERVAL_MS = 1000;

/**
 * Closes the crossings of replicas that the cell has ended: killed, stopped, cut off. Those of living
 * replicas are theirs. It runs in every replica at its start, and again and again in the one that
 * integrates.
 */
export class CloseAbandonedCrossings {
  readonly #ledger: ReplicaLedger;
  readonly #carried: CarriedCrossings;
  readonly #kernel: CrossingKernel;
  readonly #payloads: Pick<PayloadStore, 'remove'>;
  readonly #log: Log;

  constructor(
    ledger: ReplicaLedger,
    carried: CarriedCrossings,
    kernel: CrossingKernel,
    payloads: Pick<PayloadStore, 'remove'>,
    log: Log,
  ) {
    this.#ledger = ledger;
    this.#carried = carried;
    this.#kernel = kernel;
    this.#payloads = payloads;
    this.#log = log;
  }

  /** Again and again, where this replica integrates. */
  async runWhereMine(): Promise<void> {
    if (this.#ledger.integrates) await this.run();
  }

  /**
   * Order: whose replicas are ended is asked first; what they appended before that is in the index
   * once everything is settled; only then is a crossing without an outcome known to have none. Each is
   * taken by one replica, whose own end would make it abandoned again. So it ends once.
   *
   * @returns how many were closed
   */
  async run(): Promise<number> {
    const { replica } = this.#ledger;
    let closed = 0;
    const ended = await this.#carried.endedCarriers();
    if (ended.length === 0) return closed;
    await settleAll(this.#ledger);
    for (;;) {
      const abandoned = await this.#carried.take(ended, replica, BATCH);
      if (abandoned.length === 0) break;
      const close = (place: (typeof abandoned)[number]): Promise<void> =>
        closeInterrupted(this.#ledger, this.#kernel, this.#payloads, place);
      await Promise.all(abandoned.map(close));
      closed += abandoned.length;
    }
    if (closed > 0) this.#log.warn('abandoned_crossings_closed', { count: closed });
    return closed;
  }
}
