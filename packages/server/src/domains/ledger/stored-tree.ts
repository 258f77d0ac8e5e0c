import { SekishoError } from '@sekisho/contract';
import {
  HASH_BYTES,
  Refusal,
  TILE_WIDTH,
  decodeEntryBundle,
  hashesAtTileLevel,
  parseCheckpoint,
  parseNote,
  tilePath,
  verifyCheckpoint,
} from '@sekisho/proof';
import type { Checkpoint } from '@sekisho/proof';
import type { LogName } from './ledger.ts';
import type { LogKeys } from './log-keys.ts';
import type { TileStore } from './ports.ts';
import type { TileCache } from './tile-cache.ts';

export interface LogTreeParts {
  readonly log: LogName;
  readonly keys: LogKeys;
  readonly store: TileStore;
  readonly cache: TileCache;
}

/**
 * The checkpoint of a stored note, signed by a key of the log that vouches for a tree of this size. Throws
 * `ledger_corrupt`.
 */
export function readCheckpointOf(
  { log, keys }: { readonly log: LogName; readonly keys: LogKeys },
  note: string,
): Checkpoint {
  try {
    const { size } = parseCheckpoint(parseNote(note).body);
    const checkpoint = verifyCheckpoint(note, keys.verifiersAt(size));
    if (size > 0) return checkpoint;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    throw corrupt(log, `checkpoint: ${error.code}`, error);
  }
  throw corrupt(log, 'a published tree is never empty');
}

/** The hashes of the partial right-most tile at each level, still unchecked but for their number. */
export async function readEdge(
  { log, store }: Pick<LogTreeParts, 'log' | 'store'>,
  size: number,
): Promise<Uint8Array[]> {
  const edge: Uint8Array[] = [];
  for (let level = 0; hashesAtTileLevel(level, size) > 0; level++) {
    const hashes = hashesAtTileLevel(level, size);
    const width = hashes % TILE_WIDTH;
    const index = Math.floor(hashes / TILE_WIDTH);
    const path = width === 0 ? undefined : tilePath(level, index, width);
    // The tree may have grown since, and removed this partial tile for the full one.
    const bytes =
      path === undefined
        ? new Uint8Array(0)
        : ((await store.read(log, path)) ??
          (await store.read(log, tilePath(level, index)))?.subarray(0, width * HASH_BYTES));
    if (bytes?.length !== width * HASH_BYTES) throw corrupt(log, path ?? '');
    edge.push(bytes);
  }
  return edge;
}

/** Undefined when the bytes are not a bundle of that many entries. */
export function bundleEntries(bytes: Uint8Array, width: number): Uint8Array[] | undefined {
  try {
    return decodeEntryBundle(bytes, width);
  } catch (error) {
    if (error instanceof Refusal) return undefined;
    throw error;
  }
}

export function tileHashes(tile: Uint8Array): Uint8Array[] {
  return Array.from({ length: tile.length / HASH_BYTES }, (_, at) => hashAt(tile, at));
}

export function hashAt(tile: Uint8Array, at: number): Uint8Array {
  return tile.subarray(at * HASH_BYTES, (at + 1) * HASH_BYTES);
}

export function corrupt(log: LogName, what: string, cause?: unknown): SekishoError {
  return new SekishoError('ledger_corrupt', `${log}: ${what}`, { cause });
}
