/**
 * Remembers about the `entriesMax` most recently used values in two generations: a hit on the
 * young one is a single map lookup with no bookkeeping. When the young is full it becomes the old,
 * and the old is dropped, so at most `entriesMax` entries are ever held and whatever was asked for
 * within the last `entriesMax / 2` insertions is still there.
 */
export class BoundedMemo<Value> {
  readonly #generationMax: number;
  #young = new Map<string, Value>();
  #old = new Map<string, Value>();

  constructor(entriesMax: number) {
    this.#generationMax = Math.max(1, Math.floor(entriesMax / 2));
  }

  get(key: string): Value | undefined {
    const young = this.#young.get(key);
    if (young !== undefined) return young;
    const old = this.#old.get(key);
    if (old !== undefined) this.set(key, old);
    return old;
  }

  set(key: string, value: Value): void {
    if (this.#young.size >= this.#generationMax) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(key, value);
  }

  get size(): number {
    return this.#young.size + this.#old.size;
  }
}
