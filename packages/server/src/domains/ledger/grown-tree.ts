import {
  TILE_HEIGHT,
  TILE_WIDTH,
  TreeFrontier,
  encodeEntryBundle,
  entriesPath,
  tilePath,
} from '@sekisho/proof';
import { keyEventsAmong } from './log-keys.ts';
import type { KeyEvent } from './log-keys.ts';
import type { SignedCheckpoint } from './ledger.ts';
import type { StoredFile } from './ports.ts';
import { tileHashes } from './stored-tree.ts';

/** The published tree. Never changed: a growing tree puts another in its place. */
export interface PublishedTree extends SignedCheckpoint {
  readonly frontier: TreeFrontier;
  /** Hashes of the partial right-most tile by tile level; empty where the level ends with a full tile. */
  readonly edge: readonly Uint8Array[];
}

/** A grown tree that nobody has seen yet, and the files that its checkpoint will stand on. */
export interface GrownTree {
  readonly size: number;
  readonly root: Uint8Array;
  readonly frontier: TreeFrontier;
  readonly edge: readonly Uint8Array[];
  readonly files: readonly StoredFile[];
  /** Full tiles among the files, by path. */
  readonly fullTiles: ReadonlyMap<string, Uint8Array>;
  /** What the new entries say of the log's keys. */
  readonly keyEvents: readonly KeyEvent[];
}

export interface NewLeaf {
  readonly bytes: Uint8Array;
  readonly leafHash: Uint8Array;
}

/** Leaves that are hashed into the tree before appends and answers get their turn: about a millisecond. */
const LEAVES_AT_ONCE = 256;

/** `beside`: the entries of the bundle that is not full yet. */
export async function stageGrowth(
  before: PublishedTree | undefined,
  beside: readonly Uint8Array[],
  leaves: readonly NewLeaf[],
): Promise<GrownTree> {
  const frontier = before?.frontier.clone() ?? new TreeFrontier();
  const levels = new Map((before?.edge ?? []).map((hashes, level) => [level, tileHashes(hashes)]));
  const files: StoredFile[] = [];
  const fullTiles = new Map<string, Uint8Array>();
  const nextIndex = new Map<number, number>();
  const keepNode = (treeLevel: number, index: number, hash: Uint8Array): void => {
    if (treeLevel % TILE_HEIGHT !== 0) return;
    const level = treeLevel / TILE_HEIGHT;
    const hashes = levels.get(level) ?? [];
    hashes.push(hash);
    nextIndex.set(level, index + 1);
    if (hashes.length === TILE_WIDTH) {
      const path = tilePath(level, Math.floor(index / TILE_WIDTH));
      const bytes = Buffer.concat(hashes);
      files.push({ path, bytes });
      fullTiles.set(path, bytes);
      levels.set(level, []);
    } else {
      levels.set(level, hashes);
    }
  };
  const keyEvents: KeyEvent[] = [];
  for (let from = 0; from < leaves.length; from += LEAVES_AT_ONCE) {
    const slice = leaves.slice(from, from + LEAVES_AT_ONCE);
    const entries = slice.map(({ bytes }) => bytes);
    keyEvents.push(...keyEventsAmong(entries, frontier.size));
    for (const { leafHash } of slice) frontier.append(leafHash, keepNode);
    if (slice.length === LEAVES_AT_ONCE) await letOthersRun();
  }

  const edge = [...levels.values()].map((hashes) => Buffer.concat(hashes));
  for (const [level, next] of nextIndex) {
    const width = next % TILE_WIDTH;
    const bytes = edge[level];
    if (width === 0 || bytes === undefined) continue;
    files.push({ path: tilePath(level, Math.floor(next / TILE_WIDTH), width), bytes });
  }
  files.push(...(await bundlesOf(before?.size ?? 0, beside, leaves)));
  return { size: frontier.size, root: frontier.root(), frontier, edge, files, fullTiles, keyEvents };
}

async function bundlesOf(
  oldSize: number,
  beside: readonly Uint8Array[],
  leaves: readonly NewLeaf[],
): Promise<StoredFile[]> {
  const first = Math.floor(oldSize / TILE_WIDTH);
  const entries = [...beside, ...leaves.map((leaf) => leaf.bytes)];
  const files: StoredFile[] = [];
  for (let from = 0; from < entries.length; from += TILE_WIDTH) {
    const bundle = entries.slice(from, from + TILE_WIDTH);
    files.push({
      path: entriesPath(first + from / TILE_WIDTH, bundle.length),
      bytes: encodeEntryBundle(bundle),
    });
    await letOthersRun();
  }
  return files;
}

function letOthersRun(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
