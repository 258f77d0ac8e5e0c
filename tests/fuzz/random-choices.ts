/**
 * The fuzzer's only source of chance: one seed gives one run, on any machine (sfc32 of PractRand,
 * public domain).
 */
export class Choices {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  constructor(seed: number, stream: string) {
    this.#a = seed >>> 0;
    this.#b = Math.floor(seed / 2 ** 32) >>> 0;
    this.#c = 0x9e3779b9;
    // Each target has its own stream, so that leaving one out changes no other.
    for (const character of stream)
      this.#c = Math.imul(this.#c ^ (character.codePointAt(0) ?? 0), 0x01000193);
    for (let round = 0; round < 16; round++) this.word();
  }

  /** 32 bits. */
  word(): number {
    const sum = (((this.#a + this.#b) | 0) + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0;
    return sum >>> 0;
  }

  /** 0 to `below` - 1; 0 when there is no choice. */
  below(below: number): number {
    return below <= 1 ? 0 : Math.floor((this.word() / 2 ** 32) * below);
  }

  /** Mostly short, at times long: 1 to `max`. */
  length(max: number): number {
    return 1 + this.below(Math.min(max, 2 ** this.below(1 + Math.ceil(Math.log2(Math.max(2, max))))));
  }

  chance(oneIn: number): boolean {
    return this.below(oneIn) === 0;
  }

  pick<T>(from: readonly T[]): T {
    const picked = from[this.below(from.length)];
    if (picked === undefined) throw new RangeError('nothing to choose from');
    return picked;
  }

  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.word() & 0xff);
  }
}
