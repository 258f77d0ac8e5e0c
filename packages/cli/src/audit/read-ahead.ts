/**
 * Reads numbered things before they are asked for, in order and a few at once: what comes next is on its way
 * while what is here is judged. Something asked for out of order is read then and there.
 */
export class ReadAhead<Item> {
  readonly #read: (index: number) => Promise<Item>;
  readonly #count: number;
  readonly #ahead: (last: Item | undefined) => number;
  readonly #started = new Map<number, Promise<Item>>();
  #next = 0;

  /** `count` things from 0; `ahead` says how many may be on their way after the one that was read last. */
  constructor(
    read: (index: number) => Promise<Item>,
    count: number,
    ahead: (last: Item | undefined) => number,
  ) {
    this.#read = read;
    this.#count = count;
    this.#ahead = ahead;
  }

  async get(index: number): Promise<Item> {
    if (index !== this.#next) return this.#read(index);
    this.#next = index + 1;
    const item = this.#started.get(index) ?? this.#read(index);
    this.#started.delete(index);
    // Before the first is here nothing is known about how large they are.
    if (index > 0) this.#start(undefined);
    const here = await item;
    this.#start(here);
    return here;
  }

  #start(last: Item | undefined): void {
    const end = Math.min(this.#count, this.#next + this.#ahead(last));
    for (let index = this.#next; index < end; index++) {
      if (this.#started.has(index)) continue;
      const item = this.#read(index);
      // Whoever asks for it learns why it failed; nobody may ask.
      item.catch(() => undefined);
      this.#started.set(index, item);
    }
  }
}
