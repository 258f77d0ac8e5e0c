import type { Backlog } from './backlog.ts';
import type { Fuse } from './fuse.ts';
import { entryBytes } from './log-state.ts';
import type { LogEntry } from './log-state.ts';
import type { WriteAheadLog } from './ports.ts';
import { BATCH_BYTES_MAX, BATCH_ENTRIES_MAX, encodeBatch, recordBytes } from './wal-batch.ts';
import type { WalRecord } from './wal-batch.ts';

interface Queued {
  readonly entry: LogEntry;
  readonly record: WalRecord;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/**
 * Makes entries durable in batches. Whatever is queued when the disk becomes free is the next
 * batch: alone, an entry waits for one write; under load, a batch grows by itself, and no timer
 * holds anybody back.
 */
export class Sequencer {
  readonly #wal: WriteAheadLog;
  readonly #fuse: Fuse;
  readonly #queueLimit: Backlog;
  readonly #onDurable: (position: number, entries: readonly LogEntry[]) => void;
  #queue: Queued[] = [];
  #running: Promise<void> | undefined;

  constructor(parts: {
    readonly wal: WriteAheadLog;
    readonly fuse: Fuse;
    readonly queueLimit: Backlog;
    /** Called before the batch's appends resolve. */
    readonly onDurable: (position: number, entries: readonly LogEntry[]) => void;
  }) {
    this.#wal = parts.wal;
    this.#fuse = parts.fuse;
    this.#queueLimit = parts.queueLimit;
    this.#onDurable = parts.onDurable;
    this.#fuse.whenBlown((error) => this.#refuseQueued(error));
  }

  /** Resolves when the entry is durable. The caller has asked the queue limit for room. */
  enqueue(entry: LogEntry): Promise<void> {
    this.#queueLimit.add(entryBytes(entry));
    const { log, index, bytes, attachment } = entry;
    const record = { log: log.name, index, bytes, attachment };
    return new Promise((resolve, reject) => {
      this.#queue.push({ entry, record, resolve, reject });
      this.#running ??= this.#run();
    });
  }

  /** Resolves when nothing is queued. */
  async idle(): Promise<void> {
    await this.#running;
  }

  async #run(): Promise<void> {
    while (this.#queue.length > 0 && this.#fuse.blown === undefined) {
      // Once round the event loop: requests that arrived together share a batch.
      await new Promise((resolve) => setImmediate(resolve));
      if (this.#queue.length === 0) break;
      const batch = this.#takeBatch();
      const entries = batch.map((queued) => queued.entry);
      try {
        const position = await this.#wal.append(encodeBatch(batch.map((queued) => queued.record)));
        this.#onDurable(position, entries);
      } catch (cause) {
        this.#fuse.blow(cause);
      }
      const refusal = this.#fuse.blown;
      for (const { entry, resolve, reject } of batch) {
        this.#queueLimit.remove(entryBytes(entry));
        // A batch that became durable while something else failed is still durable.
        if (refusal === undefined || entry.log.durableSize > entry.index) resolve();
        else reject(refusal);
      }
    }
    this.#running = undefined;
  }

  #takeBatch(): Queued[] {
    let bytes = 0;
    let count = 0;
    for (const { record } of this.#queue) {
      bytes += recordBytes(record);
      if (count > 0 && (count === BATCH_ENTRIES_MAX || bytes > BATCH_BYTES_MAX)) break;
      count++;
    }
    return this.#queue.splice(0, count);
  }

  #refuseQueued(error: Error): void {
    const refused = this.#queue;
    this.#queue = [];
    for (const { entry, reject } of refused) {
      this.#queueLimit.remove(entryBytes(entry));
      reject(error);
    }
  }
}
