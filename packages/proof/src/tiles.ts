import { concatBytes } from './byte-encodings.ts';
import { HASH_BYTES, foldRight } from './merkle-tree.ts';
import type { ReadHash } from './merkle-tree.ts';
import { Refusal } from './refusal.ts';

/**
 * The tree as static files: C2SP tlog-tiles. A tile at level L holds up to 256 neighbouring hashes
 * of tree level 8L; everything between is computed. An entry bundle holds the entries of one
 * level-0 tile.
 */

export const TILE_HEIGHT = 8;
export const TILE_WIDTH = 256;

/** Tile levels of a tree of 2^53 leaves. */
const TILE_LEVELS = 7;
/** An entry's length is written in 16 bits. */
const ENTRY_LENGTH_MAX = 65_535;

/** A tile or bundle: `width` is 256 for a full one, 1 to 255 for a partial one. */
export interface TileCoordinate {
  readonly level: number;
  readonly index: number;
  readonly width: number;
}

/** Path relative to the log's folder: `tile/0/x001/x234/067`, `tile/0/x001/x234/067.p/5`. */
export function tilePath(level: number, index: number, width: number = TILE_WIDTH): string {
  if (!Number.isSafeInteger(level) || level < 0 || level >= TILE_LEVELS)
    throw new Refusal('tile_out_of_range');
  return `tile/${level}/${pathOfIndex(index, width)}`;
}

/** Path relative to the log's folder: `tile/entries/x001/x234/067.p/5`. */
export function entriesPath(index: number, width: number = TILE_WIDTH): string {
  return `tile/entries/${pathOfIndex(index, width)}`;
}

/** Groups of three digits, all but the last marked with x. */
function pathOfIndex(index: number, width: number): string {
  if (!Number.isSafeInteger(index) || index < 0) throw new Refusal('tile_out_of_range');
  if (!Number.isSafeInteger(width) || width < 1 || width > TILE_WIDTH) throw new Refusal('tile_out_of_range');
  const digits = String(index);
  const groups = digits.padStart(Math.ceil(digits.length / 3) * 3, '0').match(/.{3}/g) ?? [];
  const path = groups.map((group, at) => (at < groups.length - 1 ? `x${group}` : group)).join('/');
  return width === TILE_WIDTH ? path : `${path}.p/${width}`;
}

const TILE_PATH =
  /^tile\/(entries|[0-9]|[1-5][0-9]|6[0-3])\/((?:x\d{3}\/){0,5}\d{3})(?:\.p\/([1-9]\d{0,2}))?$/;

/**
 * The inverse of {@link tilePath} and {@link entriesPath}, for serving. Undefined for any other
 * text: also for another spelling of the same tile.
 */
export function parseTilePath(
  path: string,
):
  | { readonly kind: 'tile'; readonly tile: TileCoordinate }
  | { readonly kind: 'entries'; readonly tile: TileCoordinate }
  | undefined {
  const [, kind, digits, partial] = TILE_PATH.exec(path) ?? [];
  if (kind === undefined || digits === undefined) return undefined;
  const index = Number(digits.replace(/[x/]/g, ''));
  const width = partial === undefined ? TILE_WIDTH : Number(partial);
  const level = kind === 'entries' ? 0 : Number(kind);
  if (level >= TILE_LEVELS || width > TILE_WIDTH || !Number.isSafeInteger(index)) return undefined;
  const spelling = kind === 'entries' ? entriesPath(index, width) : tilePath(level, index, width);
  if (spelling !== path) return undefined;
  return { kind: kind === 'entries' ? 'entries' : 'tile', tile: { level, index, width } };
}

/** Hashes that a tree of `size` leaves stores at a tile level: floor(size / 256^level). */
export function hashesAtTileLevel(level: number, size: number): number {
  return Math.floor(size / TILE_WIDTH ** level);
}

/** Width of a tile in a tree of `size` leaves; 0 when the tree does not reach it. */
export function tileWidth(level: number, index: number, size: number): number {
  return Math.max(0, Math.min(TILE_WIDTH, hashesAtTileLevel(level, size) - index * TILE_WIDTH));
}

/**
 * The tiles that a tree of `size` has and a tree of `oldSize` did not have in that width: what a
 * sequencer writes after growing. Lowest level first, left to right; level 0 also names the
 * entry bundles.
 */
export function* tilesOfGrowth(oldSize: number, size: number): Generator<TileCoordinate> {
  for (let level = 0; level < TILE_LEVELS; level++) {
    const before = hashesAtTileLevel(level, oldSize);
    const after = hashesAtTileLevel(level, size);
    if (after === before) return;
    const first = Math.floor(before / TILE_WIDTH);
    for (let index = first; index * TILE_WIDTH < after; index++) {
      yield { level, index, width: tileWidth(level, index, size) };
    }
  }
}

/** Every tile of a tree of `size` leaves. */
export function tilesOfTree(size: number): Generator<TileCoordinate> {
  return tilesOfGrowth(0, size);
}

/**
 * Where the hash of the complete subtree (`level`, `index`) is: the `count` hashes from `offset`
 * in the tile, whose tree hash it is. One hash when the level is a multiple of 8.
 */
export interface NodeLocation {
  readonly tileLevel: number;
  readonly tileIndex: number;
  readonly offset: number;
  readonly count: number;
}

export function nodeLocation(level: number, index: number): NodeLocation {
  const tileLevel = Math.floor(level / TILE_HEIGHT);
  const count = 2 ** (level % TILE_HEIGHT);
  const first = index * count;
  if (tileLevel >= TILE_LEVELS || !Number.isSafeInteger(first)) throw new Refusal('tile_out_of_range');
  return { tileLevel, tileIndex: Math.floor(first / TILE_WIDTH), offset: first % TILE_WIDTH, count };
}

/** The hash at a location in its tile's bytes. Throws Refusal `tile_malformed` when it is too short. */
export function hashInTile(tile: Uint8Array, { offset, count }: NodeLocation): Uint8Array {
  if (tile.length < (offset + count) * HASH_BYTES) throw new Refusal('tile_malformed');
  // Complete subtrees of one width: joining pairs level by level is the RFC 6962 tree.
  let hashes: Uint8Array[] = Array.from({ length: count }, (_, at) =>
    tile.slice((offset + at) * HASH_BYTES, (offset + at + 1) * HASH_BYTES),
  );
  while (hashes.length > 1) {
    const pairs = hashes;
    hashes = Array.from({ length: pairs.length / 2 }, (_, at) => foldRight(pairs.slice(2 * at, 2 * at + 2)));
  }
  const [hash] = hashes;
  if (hash === undefined) throw new Refusal('tile_malformed');
  return hash;
}

/** Reads one tile's bytes, in the width that the tree of the published size gives it. */
export type ReadTile = (tile: TileCoordinate) => Promise<Uint8Array>;

/**
 * A hash reader over tiles, for proofs in trees up to `size` leaves. Each tile is read once per
 * reader: make a reader for one proof and drop it.
 */
export function readHashFromTiles(size: number, readTile: ReadTile): ReadHash {
  const tiles = new Map<string, Promise<Uint8Array>>();
  return async (level, index) => {
    const location = nodeLocation(level, index);
    const { tileLevel, tileIndex, offset, count } = location;
    const width = tileWidth(tileLevel, tileIndex, size);
    if (offset + count > width) throw new Refusal('tile_out_of_range');
    const path = tilePath(tileLevel, tileIndex, width);
    let tile = tiles.get(path);
    if (tile === undefined) {
      tile = readTile({ level: tileLevel, index: tileIndex, width });
      tiles.set(path, tile);
    }
    const bytes = await tile;
    if (bytes.length !== width * HASH_BYTES) throw new Refusal('tile_malformed', path);
    return hashInTile(bytes, location);
  };
}

/** `u16be length ‖ entry`, repeated. Throws Refusal `entry_too_large` over 65,535 bytes an entry. */
export function encodeEntryBundle(entries: readonly Uint8Array[]): Uint8Array {
  return concatBytes(
    entries.flatMap((entry, at) => {
      if (entry.length > ENTRY_LENGTH_MAX) throw new Refusal('entry_too_large', `entry ${at}`);
      return [Uint8Array.of(entry.length >>> 8, entry.length & 0xff), entry];
    }),
  );
}

/**
 * The entries of a bundle of `width` entries, as views on its bytes. Throws Refusal
 * `tile_malformed` when it holds another number of entries or ends inside one.
 */
export function decodeEntryBundle(bytes: Uint8Array, width: number): Uint8Array[] {
  const entries: Uint8Array[] = [];
  let at = 0;
  while (at < bytes.length) {
    const [high, low] = bytes.subarray(at, at + 2);
    if (high === undefined || low === undefined || entries.length === width)
      throw new Refusal('tile_malformed');
    const from = at + 2;
    const to = from + high * 256 + low;
    if (to > bytes.length) throw new Refusal('tile_malformed', `entry ${entries.length}`);
    entries.push(bytes.subarray(from, to));
    at = to;
  }
  if (entries.length !== width) throw new Refusal('tile_malformed');
  return entries;
}
