import type { AnchorEntry } from '@sekisho/contract';
import { hex } from '@sekisho/proof';
import { timestamp, type Clock } from '../base/clock.ts';
import { describeCause, type Log } from '../base/log.ts';
import type { Ledger, LogName } from '../domains/ledger/index.ts';
import { CELL_LOG } from './cell-log.ts';

const INTERVAL_MS = 1000;
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
  readonly #log: Log;
  readonly #mine: () => boolean;
  readonly #anchored = new Map<LogName, number>();
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #closed = false;
  #failing = false;

  /** `mine`: false in a replica that leaves it to another. */
  constructor(ledger: Ledger, clock: Clock, log: Log, mine: () => boolean = () => true) {
    this.#mine = mine;
    this.#ledger = ledger;
    this.#clock = clock;
    this.#log = log;
  }

  start(): void {
    if (this.#closed) return;
    this.#timer = setTimeout(() => {
      const work = this.#mine() ? this.#tryAnchor() : Promise.resolve();
      this.#running = work.finally(() => this.start());
    }, INTERVAL_MS);
    this.#timer.unref();
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#running;
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

  async #tryAnchor(): Promise<void> {
    try {
      await this.anchorNow();
      this.#failing = false;
    } catch (cause) {
      // Once, not every second: the ledger says itself what is wrong with it.
      if (!this.#failing) this.#log.warn('anchor.failed', { cause: describeCause(cause) });
      this.#failing = true;
    }
  }
}
