import type { AuditRecord } from './audit-record.ts';
import type { AuditSource } from './audit-source.ts';
import { equalBytes } from './byte-encodings.ts';
import { HASH_BYTES } from './merkle-tree.ts';
import { TILE_HEIGHT, TILE_WIDTH, tilePath } from './tiles.ts';
import { TreeFrontier } from './tree-frontier.ts';

const WRONG_LEAVES_MAX = 1000;

/** A root that somebody says the log had at one size. */
export interface ClaimedRoot {
  /** Leaves. */
  readonly size: number;
  readonly root: Uint8Array;
  /** Told once, when the tree has that size. `agreed` leaves are known to be the same as claimed. */
  readonly compared: (matches: boolean, agreed: number) => void;
}

/**
 * Grows the tree again from leaf hashes, and compares it on the way: with claimed roots when it has
 * their size, with stored tiles when one is complete. Holds the frontier, one tile a level, and the claims ahead.
 */
export class AuditedTree {
  readonly tiles = { compared: 0, missing: 0 };
  readonly #frontier = new TreeFrontier();
  readonly #record: AuditRecord;
  readonly #readTile: AuditSource['readTile'];
  /** Smallest first, two independent lists: both are merged as the tree grows. */
  readonly #claims: [ClaimedRoot[], ClaimedRoot[]] = [[], []];
  #nextClaim = Number.POSITIVE_INFINITY;
  #agreed = 0;
  /** By tile level: which tile is being filled, and its hashes so far. */
  readonly #filling: { index: number; readonly hashes: Uint8Array[] }[] = [];
  readonly #full: number[] = [];
  /** First leaf below each hash that a stored tile has otherwise, up to a bound. */
  readonly #wrongLeaves: number[] = [];

  constructor(readTile: AuditSource['readTile'], record: AuditRecord) {
    this.#readTile = readTile;
    this.#record = record;
  }

  get size(): number {
    return this.#frontier.size;
  }

  /** The first leaf from there on that a stored tile has otherwise. */
  wrongLeafFrom(index: number): number | undefined {
    return this.#wrongLeaves.toSorted((a, b) => a - b).find((leaf) => leaf >= index);
  }

  /** The largest size at which a claimed root was right. */
  get agreed(): number {
    return this.#agreed;
  }

  root(): Uint8Array {
    return this.#frontier.root();
  }

  /** Claims known before the first leaf, in any order. */
  expect(claims: readonly ClaimedRoot[]): void {
    this.#claims[0].push(...claims);
    this.#claims[0].sort((a, b) => a.size - b.size);
    this.#compareClaims();
  }

  /** One that comes while the tree grows, larger than those that came so before, and than the tree. */
  expectNext(claim: ClaimedRoot): void {
    this.#claims[1].push(claim);
    this.#nextClaim = Math.min(this.#nextClaim, claim.size);
  }

  /** Call {@link compareTiles} every 256 leaves at least. */
  append(leafHash: Uint8Array): void {
    this.#frontier.append(leafHash, this.#keepForTile);
    if (this.#frontier.size === this.#nextClaim) this.#compareClaims();
  }

  /** Compares the tiles that became full. */
  async compareTiles(): Promise<void> {
    for (const level of this.#full.splice(0)) await this.#compareTile(level);
  }

  /** Compares the tiles at the right edge, which are not full. */
  async finish(): Promise<void> {
    await this.compareTiles();
    for (const level of this.#filling.keys()) await this.#compareTile(level);
  }

  readonly #keepForTile = (level: number, _index: number, hash: Uint8Array): void => {
    if (level % TILE_HEIGHT !== 0) return;
    const tile = (this.#filling[level / TILE_HEIGHT] ??= { index: 0, hashes: [] });
    tile.hashes.push(hash);
    if (tile.hashes.length === TILE_WIDTH) this.#full.push(level / TILE_HEIGHT);
  };

  #compareClaims(): void {
    const { size } = this.#frontier;
    const now = this.#claims.flatMap((list) => takeWhile(list, (claim) => claim.size <= size));
    const root = now.length === 0 ? undefined : this.#frontier.root();
    const agreed = this.#agreed;
    for (const claim of now) {
      const matches = root !== undefined && claim.size === size && equalBytes(claim.root, root);
      if (matches) this.#agreed = size;
      claim.compared(matches, agreed);
    }
    this.#nextClaim = Math.min(...this.#claims.map(([next]) => next?.size ?? Number.POSITIVE_INFINITY));
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
    const offset = firstDifferentHash(stored, hashes);
    if (offset === undefined) return;
    const span = TILE_WIDTH ** level;
    const leaf = (index * TILE_WIDTH + offset) * span;
    // A wrong leaf makes every hash above it wrong as well: it was told where it is.
    if (this.#wrongLeaves.some((wrong) => wrong >= leaf && wrong < leaf + span)) return;
    if (this.#wrongLeaves.length < WRONG_LEAVES_MAX) this.#wrongLeaves.push(leaf);
    this.#record.found('tile_mismatch', leaf, `${tilePath(level, index, width)} hash ${offset}`);
  }
}

/** Position of the first hash that a stored tile has otherwise; the last one's when only its length is wrong. */
export function firstDifferentHash(stored: Uint8Array, hashes: readonly Uint8Array[]): number | undefined {
  for (const [offset, hash] of hashes.entries()) {
    if (!equalBytes(stored.subarray(offset * HASH_BYTES, (offset + 1) * HASH_BYTES), hash)) return offset;
  }
  return stored.length === hashes.length * HASH_BYTES ? undefined : hashes.length - 1;
}

function takeWhile<Item>(list: Item[], holds: (item: Item) => boolean): Item[] {
  const end = list.findIndex((item) => !holds(item));
  return list.splice(0, end < 0 ? list.length : end);
}
