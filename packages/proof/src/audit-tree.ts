import type { FindingList } from './audit-report.ts';
import type { AuditSource } from './audit-source.ts';
import { concatBytes, equalBytes } from './byte-encodings.ts';
import type { Checkpoint } from './checkpoint-body.ts';
import { HASH_BYTES } from './merkle-tree.ts';
import { TILE_HEIGHT, TILE_WIDTH, tilePath } from './tiles.ts';
import { TreeFrontier } from './tree-frontier.ts';

/**
 * Grows the tree again from leaf hashes, and compares it on the way: with older checkpoints when it has
 * their size, with stored tiles when one is complete. Holds the frontier and one tile a level.
 */
export class AuditedTree {
  readonly tiles = { compared: 0, missing: 0 };
  readonly continues: number[] = [];
  readonly #frontier = new TreeFrontier();
  readonly #findings: FindingList;
  readonly #readTile: AuditSource['readTile'];
  /** Smallest first; those that the tree has reached are taken off. */
  readonly #older: Checkpoint[];
  /** By tile level: which tile is being filled, and its hashes so far. */
  readonly #filling: { index: number; hashes: Uint8Array[] }[] = [];

  constructor(older: readonly Checkpoint[], readTile: AuditSource['readTile'], findings: FindingList) {
    this.#older = older.toSorted((a, b) => a.size - b.size);
    this.#readTile = readTile;
    this.#findings = findings;
    this.#compareOlder();
  }

  get size(): number {
    return this.#frontier.size;
  }

  root(): Uint8Array {
    return this.#frontier.root();
  }

  async append(leafHash: Uint8Array): Promise<void> {
    const full: number[] = [];
    this.#frontier.append(leafHash, (level, _index, hash) => {
      if (level % TILE_HEIGHT !== 0) return;
      const tile = (this.#filling[level / TILE_HEIGHT] ??= { index: 0, hashes: [] });
      tile.hashes.push(hash);
      if (tile.hashes.length === TILE_WIDTH) full.push(level / TILE_HEIGHT);
    });
    this.#compareOlder();
    for (const level of full) await this.#compareTile(level);
  }

  /** Compares the tiles at the right edge, which are not full. */
  async finish(): Promise<void> {
    for (const level of this.#filling.keys()) await this.#compareTile(level);
  }

  #compareOlder(): void {
    for (
      let [next] = this.#older;
      next !== undefined && next.size === this.#frontier.size;
      [next] = this.#older
    ) {
      this.#older.shift();
      if (equalBytes(next.root, this.#frontier.root())) this.continues.push(next.size);
      else this.#findings.addWhole('fork', `size ${next.size}`);
    }
  }

  async #compareTile(level: number): Promise<void> {
    const tile = this.#filling[level];
    const width = tile?.hashes.length ?? 0;
    if (tile === undefined || width === 0 || this.#readTile === undefined) return;
    const { index, hashes } = tile;
    this.#filling[level] = { index: index + 1, hashes: [] };
    const stored = await this.#readTile(level, index, width);
    if (stored === undefined) {
      this.tiles.missing++;
      return;
    }
    this.tiles.compared++;
    const expected = concatBytes(hashes);
    if (equalBytes(stored, expected)) return;
    const offset = firstDifferentHash(stored, expected);
    const leaf = (index * TILE_WIDTH + offset) * TILE_WIDTH ** level;
    this.#findings.add('tile_mismatch', leaf, `${tilePath(level, index, width)} hash ${offset}`);
  }
}

function firstDifferentHash(stored: Uint8Array, expected: Uint8Array): number {
  let at = 0;
  while (at < expected.length - 1 && stored[at] === expected[at]) at++;
  return Math.floor(at / HASH_BYTES);
}
