import type { LogName } from './ledger.ts';

/** Full tiles that were checked up to a signed root: they never change, so neither does the verdict. */
export class TileCache {
  readonly #tilesMax: number;
  readonly #tiles = new Map<string, Uint8Array>();

  /** A tile is 8 KiB. */
  constructor(tilesMax: number) {
    this.#tilesMax = tilesMax;
  }

  get(log: LogName, path: string): Uint8Array | undefined {
    const key = `${log}/${path}`;
    const tile = this.#tiles.get(key);
    if (tile !== undefined) {
      // A Map keeps insertion order: the least recently used tile is the first.
      this.#tiles.delete(key);
      this.#tiles.set(key, tile);
    }
    return tile;
  }

  put(log: LogName, path: string, tile: Uint8Array): void {
    const [oldest] = this.#tiles.keys();
    if (this.#tiles.size >= this.#tilesMax && oldest !== undefined) this.#tiles.delete(oldest);
    this.#tiles.set(`${log}/${path}`, tile);
  }
}
