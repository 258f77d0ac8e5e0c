import type { Log } from '../../base/log.ts';
import { describeCause } from '../../base/log.ts';
import type { Fuse } from './fuse.ts';
import type { DurableEntry } from './integrator.ts';
import type { LedgerSink, SettledEntry } from './ports.ts';

const CHUNK_ENTRIES_MAX = 1024;

export interface RetryPace {
  readonly firstMs: number;
  readonly lastMs: number;
}

/**
 * Hands published entries to the sink in the order of their positions, retries while the sink
 * fails, and then lets go of what kept them. A crash between the last two delivers entries again:
 * the sink keeps a cursor.
 */
export class Delivery {
  readonly #sink: LedgerSink;
  readonly #fuse: Fuse;
  readonly #onAccepted: (entries: readonly DurableEntry[], wholeTo: number) => Promise<void>;
  readonly #retry: RetryPace;
  readonly #log: Log;
  #published: DurableEntry[] = [];
  #running: Promise<void> | undefined;
  #wake: (() => void) | undefined;
  #closing = false;

  constructor(parts: {
    readonly sink: LedgerSink;
    readonly fuse: Fuse;
    /** The sink has these, and every batch up to the position `wholeTo` as a whole. A rejection blows the fuse. */
    readonly onAccepted: (entries: readonly DurableEntry[], wholeTo: number) => Promise<void>;
    readonly retry: RetryPace;
    readonly log: Log;
  }) {
    this.#sink = parts.sink;
    this.#fuse = parts.fuse;
    this.#onAccepted = parts.onAccepted;
    this.#retry = parts.retry;
    this.#log = parts.log;
    this.#fuse.whenBlown(() => this.#wake?.());
  }

  add(entries: readonly DurableEntry[]): void {
    for (const durable of entries) this.#published.push(durable);
    if (this.#published.length > 0) this.#running ??= this.#run();
  }

  /** One more try for what is left, then stops. What the sink does not take stays where it is kept. */
  async close(): Promise<void> {
    this.#closing = true;
    this.#wake?.();
    await this.#running;
  }

  async #run(): Promise<void> {
    let failures = 0;
    while (this.#published.length > 0 && this.#fuse.blown === undefined) {
      const lastTry = this.#closing;
      const chunk = this.#published.slice(0, CHUNK_ENTRIES_MAX);
      try {
        await this.#sink.accept(chunk.map(settledEntry));
      } catch (cause) {
        failures++;
        this.#log.warn('ledger.sink.refused', { failures, cause: describeCause(cause) });
        if (lastTry) break;
        await this.#pause(
          Math.min(this.#retry.lastMs, this.#retry.firstMs * 2 ** Math.min(failures - 1, 20)),
        );
        continue;
      }
      failures = 0;
      this.#published.splice(0, chunk.length);
      await this.#letGo(chunk);
    }
    this.#running = undefined;
  }

  async #letGo(chunk: readonly DurableEntry[]): Promise<void> {
    for (const { entry } of chunk) {
      entry.log.settledSize = Math.max(entry.log.settledSize, entry.index + 1);
    }
    const [waiting] = this.#published;
    const last = chunk.at(-1);
    if (last === undefined) return;
    // A batch is let go when all of its entries are accepted; batches come here whole.
    const wholeTo = waiting?.position === last.position ? last.position - 1 : last.position;
    try {
      await this.#onAccepted(chunk, wholeTo);
    } catch (cause) {
      this.#fuse.blow(cause);
      return;
    }
    // Last, so that who waits for an erasure finds that nothing of what came before it is kept here.
    for (const log of new Set(chunk.map(({ entry }) => entry.log))) log.settled.reach(log.settledSize);
  }

  async #pause(delayMs: number): Promise<void> {
    if (this.#closing) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, delayMs);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wake = undefined;
  }
}

function settledEntry({ entry }: DurableEntry): SettledEntry {
  const { log, index, bytes, value, attachment, replica } = entry;
  return {
    log: log.name,
    index,
    bytes,
    ...(value === undefined ? {} : { entry: value }),
    ...(attachment === undefined ? {} : { attachment }),
    ...(replica === undefined ? {} : { replica }),
  };
}
