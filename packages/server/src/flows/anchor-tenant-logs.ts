import type { AnchorEntry } from '@sekisho/contract';
import { hex } from '@sekisho/proof';
import { timestamp, type Clock } from '../base/clock.ts';
import type { Ledger, LogName } from '../domains/ledger/index.ts';
import { CELL_LOG } from './cell-log.ts';

/** Between two rounds of anchors. */
export const ANCHOR_INTERVAL_MS = 1000;
/** Appends at once: a cell of many tenants must not fill the ledger's queue. */
const CONCURRENT_APPENDS = 64;

/**
 * Writes the newest checkpoint of every tenant's log into the cell's log, at most once a second each
 * and only where the log has grown. Who holds one cosigned checkpoint of the cell's log thereby holds
 * all tenants' logs to what they were. Witnesses watch one log, and learn nothing of any tenant: they
 * see its size and root, never an entry.
 *
 * Nothing waits for an anchor, and none is needed twice: after a restart, or a failed append, the
 * newest checkpoint is anchored instead.
 */
export class AnchorTenantLogs {
  readonly #ledger: Ledger;
  readonly #clock: Clock;
  readonly #anchored = new Map<LogName, number>();

  constructor(ledger: Ledger, clock: Clock) {
    this.#ledger = ledger;
    this.#clock = clock;
  }

  /** Anchors every log that has grown since its last anchor. Rejects when the ledger takes no entry. */
  async anchorNow(): Promise<void> {
    const grown = this.#ledger
      .logs()
      .filter((log) => log !== CELL_LOG && this.#ledger.checkpoint(log).size !== this.#anchored.get(log))
      .values();
    const anchorNext = async (): Promise<void> => {
      for (const log of grown) await this.#anchor(log);
    };
    await Promise.all(Array.from({ length: CONCURRENT_APPENDS }, anchorNext));
  }

  async #anchor(log: LogName): Promise<void> {
    const { note, size, root } = this.#ledger.checkpoint(log);
    // Keys in canonical order, as the ledger writes them.
    const entry: AnchorEntry = {
      kind: 'anchor',
      origin: note.slice(0, note.indexOf('\n')),
      root: `sha256:${hex(root)}`,
      size,
      time: timestamp(this.#clock),
      version: 1,
    };
    await this.#ledger.append(CELL_LOG, entry);
    this.#anchored.set(log, size);
  }
}
