import type { Backlog } from './backlog.ts';
import type { Fuse } from './fuse.ts';
import { BATCH_BYTES_MAX, BATCH_ENTRIES_MAX } from './wal-batch.ts';

interface Queued<Item> {
  readonly item: Item;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/**
 * Makes entries durable in batches. Whatever is queued when the storage becomes free is the next
 * batch: alone, an entry waits for one write; under load, a batch grows by itself, and no timer
 * holds anybody back.
 */
export class BatchQueue<Item> {
  readonly #fuse: Fuse;
  readonly #limit: Backlog;
  readonly #concurrency: number;
  readonly #bytesOf: (item: Item) => number;
  readonly #commit: (items: readonly Item[]) => Promise<void>;
  #queue: Queued<Item>[] = [];
  /** Counted down at once when one ends: what is queued a moment later starts another. */
  #runners = 0;
  #durableItems = 0;
  #durableBatches = 0;
  readonly #running = new Set<Promise<void>>();

  constructor(parts: {
    readonly fuse: Fuse;
    readonly limit: Backlog;
    /** Batches under way at once. */
    readonly concurrency: number;
    /** Stored bytes of an item. */
    readonly bytesOf: (item: Item) => number;
    /** Resolves when all of them are durable. A rejection says nothing of what is stored, and blows the fuse. */
    readonly commit: (items: readonly Item[]) => Promise<void>;
  }) {
    this.#fuse = parts.fuse;
    this.#limit = parts.limit;
    this.#concurrency = parts.concurrency;
    this.#bytesOf = parts.bytesOf;
    this.#commit = parts.commit;
    this.#fuse.whenBlown((error) => this.#refuseQueued(error));
  }

  /** Resolves when the item is durable. The caller has asked the limit for room. */
  enqueue(item: Item): Promise<void> {
    this.#limit.add(this.#bytesOf(item));
    return new Promise((resolve, reject) => {
      this.#queue.push({ item, resolve, reject });
      if (this.#runners < this.#concurrency) this.#start();
    });
  }

  /** Since the start. */
  get durable(): { readonly items: number; readonly batches: number } {
    return { items: this.#durableItems, batches: this.#durableBatches };
  }

  /** Resolves when nothing is queued. */
  async idle(): Promise<void> {
    await Promise.all(this.#running);
  }

  #start(): void {
    this.#runners++;
    const running = this.#run().finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  async #run(): Promise<void> {
    while (this.#queue.length > 0 && this.#fuse.blown === undefined) {
      // Once round the event loop: requests that arrived together share a batch.
      await new Promise((resolve) => setImmediate(resolve));
      if (this.#queue.length === 0) break;
      const batch = this.#takeBatch();
      let durable = true;
      try {
        await this.#commit(batch.map(({ item }) => item));
        this.#durableItems += batch.length;
        this.#durableBatches++;
      } catch (cause) {
        this.#fuse.blow(cause);
        durable = false;
      }
      for (const { item, resolve, reject } of batch) {
        this.#limit.remove(this.#bytesOf(item));
        // A batch that became durable while something else failed is still durable.
        if (durable || this.#fuse.blown === undefined) resolve();
        else reject(this.#fuse.blown);
      }
    }
    this.#runners--;
  }

  #takeBatch(): Queued<Item>[] {
    let bytes = 0;
    let count = 0;
    for (const { item } of this.#queue) {
      bytes += this.#bytesOf(item);
      if (count > 0 && (count === BATCH_ENTRIES_MAX || bytes > BATCH_BYTES_MAX)) break;
      count++;
    }
    return this.#queue.splice(0, count);
  }

  #refuseQueued(error: Error): void {
    const refused = this.#queue;
    this.#queue = [];
    for (const { item, reject } of refused) {
      this.#limit.remove(this.#bytesOf(item));
      reject(error);
    }
  }
}
