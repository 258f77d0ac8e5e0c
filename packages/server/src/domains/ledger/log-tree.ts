import { SekishoError } from '@sekisho/contract';
import {
  HASH_BYTES,
  TILE_HEIGHT,
  TILE_WIDTH,
  TreeFrontier,
  consistencyProof,
  encodeEntryBundle,
  entriesPath,
  equalBytes,
  hashInTile,
  hashesAtTileLevel,
  leafHash,
  readHashFromTiles,
  signCheckpoint,
  signCoseTreeHead,
  tilePath,
  tileWidth,
  treeHash,
  verifyConsistency,
} from '@sekisho/proof';
import type { CoseTreeHead, ReadHash, TileCoordinate } from '@sekisho/proof';
import type { LogName, SignedCheckpoint } from './ledger.ts';
import type { SigningKey, StoredFile, TileStore } from './ports.ts';
import { bundleEntries, corrupt, hashAt, readCheckpointOf, readEdge, tileHashes } from './stored-tree.ts';
import type { LogTreeParts } from './stored-tree.ts';
import type { TileCache } from './tile-cache.ts';

/** The published tree. Never changed: a growing tree puts another in its place. */
export interface PublishedTree extends SignedCheckpoint {
  readonly frontier: TreeFrontier;
  /** Hashes of the partial right-most tile by tile level; empty where the level ends with a full tile. */
  readonly edge: readonly Uint8Array[];
}

/** Leaves that are hashed into the tree before appends and answers get their turn: about a millisecond. */
const LEAVES_AT_ONCE = 256;

function letOthersRun(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** A grown tree that nobody has seen yet, and the files that its checkpoint will stand on. */
interface GrownTree {
  readonly size: number;
  readonly root: Uint8Array;
  readonly frontier: TreeFrontier;
  readonly edge: readonly Uint8Array[];
  readonly files: readonly StoredFile[];
  /** Full tiles among the files, by path. */
  readonly fullTiles: ReadonlyMap<string, Uint8Array>;
}

export interface NewLeaf {
  readonly bytes: Uint8Array;
  readonly leafHash: Uint8Array;
}

/**
 * One log's Merkle tree on its tiles. Every stored byte is hostile until it hashes to a signed
 * root: the right edge when the tree is opened, any other tile through its parent when it is
 * read. Growing touches the right edge only, so its cost does not depend on the tree's size.
 */
export class LogTree {
  readonly log: LogName;
  readonly key: SigningKey;
  readonly #store: TileStore;
  readonly #cache: TileCache;
  #published: PublishedTree | undefined;
  #signed: { readonly tree: PublishedTree; readonly head: CoseTreeHead } | undefined;

  private constructor(parts: LogTreeParts, published: PublishedTree | undefined) {
    this.log = parts.log;
    this.key = parts.key;
    this.#store = parts.store;
    this.#cache = parts.cache;
    this.#published = published;
  }

  /** A log without a checkpoint. Tiles that a crash left behind are written over. */
  static empty(parts: LogTreeParts): LogTree {
    return new LogTree(parts, undefined);
  }

  /**
   * The stored tree of a log. Rejects with `ledger_corrupt` unless the checkpoint is signed by the
   * log's key and the right edge hashes to its root.
   */
  static async open(parts: LogTreeParts): Promise<LogTree> {
    const { log, key, store } = parts;
    const note = await store.readCheckpoint(log);
    if (note === undefined) return LogTree.empty(parts);
    const checkpoint = readCheckpointOf(parts, note);
    const edge = await readEdge(parts, checkpoint.size);
    const frontier = await TreeFrontier.restore(
      checkpoint.size,
      // The peaks of a tree are the partial tiles, level by level: no full tile is needed.
      readHashFromTiles(checkpoint.size, async ({ level, index, width }) => {
        const tile = width < TILE_WIDTH ? edge[level] : undefined;
        if (tile === undefined) throw corrupt(log, tilePath(level, index, width));
        return tile;
      }),
    );
    if (!equalBytes(frontier.root(), checkpoint.root)) throw corrupt(log, 'the tiles do not match the root');
    const tree = new LogTree({ ...parts, key }, { note, ...checkpoint, frontier, edge });
    if (checkpoint.size % TILE_WIDTH > 0) {
      await tree.readBundle(Math.floor(checkpoint.size / TILE_WIDTH));
    }
    return tree;
  }

  get size(): number {
    return this.#published?.size ?? 0;
  }

  /** Throws `not_found` before the first checkpoint. */
  published(): PublishedTree {
    if (this.#published === undefined) throw new SekishoError('not_found', this.log);
    return this.#published;
  }

  /** The published tree in the form of RFC 9942: signed when first asked for, and no other tree ever is. */
  coseTreeHead(): CoseTreeHead {
    const tree = this.published();
    if (this.#signed?.tree !== tree) {
      const checkpoint = { origin: this.key.name, size: tree.size, root: tree.root };
      this.#signed = { tree, head: signCoseTreeHead(checkpoint, this.key) };
    }
    return this.#signed.head;
  }

  /**
   * Appends durable entries and publishes a checkpoint over them. Crash order:
   *
   * 1. full tiles, partial tiles and bundles of the grown tree are durable (a crash leaves files
   *    that no checkpoint covers; the same entries come again and write them again)
   * 2. the checkpoint takes the old one's place, if it is still the one that this tree grew from
   *    (a crash from here on leaves the grown tree: entries that come again are already in it)
   * 3. partial files that full ones supersede are removed (a crash leaves them lying)
   */
  async grow(leaves: readonly NewLeaf[]): Promise<void> {
    const before = this.#published;
    const grown = await this.#stage(leaves);
    await this.#requireConsistent(grown);
    const note = signCheckpoint({ origin: this.key.name, size: grown.size, root: grown.root }, this.key);
    await this.#store.write(this.log, grown.files);
    await this.#store.publishCheckpoint(this.log, before?.note, note);
    const { size, root, frontier, edge } = grown;
    this.#published = { note, size, root, frontier, edge };
    await this.#removePartialsBetween(before?.size ?? 0, size);
  }

  /** What a crash in step 3 of {@link grow} left beside the right edge. */
  async removeLeftovers(): Promise<void> {
    for (let level = 0; hashesAtTileLevel(level, this.size) >= TILE_WIDTH; level++) {
      const index = Math.floor(hashesAtTileLevel(level, this.size) / TILE_WIDTH) - 1;
      await this.#removePartialsOf(level, index);
    }
  }

  /** Hashes of complete subtrees of the published tree, each checked up to its root. */
  readHash(): ReadHash {
    const tree = this.published();
    return readHashFromTiles(tree.size, (tile) => this.#verifiedTile(tree, tile));
  }

  /** The entries of one bundle in the published tree, each checked against its leaf hash. */
  async readBundle(index: number): Promise<Uint8Array[]> {
    const tree = this.published();
    const width = tileWidth(0, index, tree.size);
    const path = entriesPath(index, width);
    const bytes = await this.#store.read(this.log, path);
    if (bytes === undefined) {
      // The tree may have grown meanwhile and removed this partial bundle for the full one.
      if (this.#published !== tree) return this.readBundle(index);
      throw corrupt(this.log, path);
    }
    const hashes = await this.#verifiedTile(tree, { level: 0, index, width });
    const entries = bundleEntries(bytes, width);
    const intact = entries?.every((entry, at) => equalBytes(leafHash(entry), hashAt(hashes, at)));
    if (entries === undefined || !intact) throw corrupt(this.log, path);
    return entries;
  }

  /**
   * The first `width` hashes of a tile, checked up to the signed root. A narrower tile is always the
   * beginning of a wider one, so partial tiles that were removed are still answered. Undefined
   * where the published tree is not that wide.
   */
  async readTile({ level, index, width }: TileCoordinate): Promise<Uint8Array | undefined> {
    const tree = this.published();
    if (width > tileWidth(level, index, tree.size)) return undefined;
    const tile = await this.#verifiedTile(tree, { level, index, width });
    return tile.subarray(0, width * HASH_BYTES);
  }

  /** The bundle of the first `width` entries of a level-0 tile, as {@link readTile} gives their hashes. */
  async readEntryBundle(index: number, width: number): Promise<Uint8Array | undefined> {
    if (width > tileWidth(0, index, this.published().size)) return undefined;
    return encodeEntryBundle((await this.readBundle(index)).slice(0, width));
  }

  async #stage(leaves: readonly NewLeaf[]): Promise<GrownTree> {
    const before = this.#published;
    const oldSize = before?.size ?? 0;
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
    for (const [at, leaf] of leaves.entries()) {
      frontier.append(leaf.leafHash, keepNode);
      if (at % LEAVES_AT_ONCE === LEAVES_AT_ONCE - 1) await letOthersRun();
    }

    const edge = [...levels.values()].map((hashes) => Buffer.concat(hashes));
    for (const [level, next] of nextIndex) {
      const width = next % TILE_WIDTH;
      const bytes = edge[level];
      if (width === 0 || bytes === undefined) continue;
      files.push({ path: tilePath(level, Math.floor(next / TILE_WIDTH), width), bytes });
    }
    files.push(...(await this.#bundles(oldSize, leaves)));
    return { size: frontier.size, root: frontier.root(), frontier, edge, files, fullTiles };
  }

  async #bundles(oldSize: number, leaves: readonly NewLeaf[]): Promise<StoredFile[]> {
    const first = Math.floor(oldSize / TILE_WIDTH);
    const kept = oldSize % TILE_WIDTH === 0 ? [] : await this.readBundle(first);
    const entries = [...kept, ...leaves.map((leaf) => leaf.bytes)];
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

  /** The last look before a signature: a tree that this key has signed stays inside the next. */
  async #requireConsistent(grown: GrownTree): Promise<void> {
    const before = this.#published;
    const readHash = readHashFromTiles(grown.size, async (tile) => {
      if (tile.width < TILE_WIDTH) return grown.edge[tile.level] ?? new Uint8Array(0);
      const staged = grown.fullTiles.get(tilePath(tile.level, tile.index));
      if (staged !== undefined) return staged;
      return this.#verifiedTile(this.published(), tile);
    });
    if (before === undefined) {
      if (!equalBytes(await treeHash(grown.size, readHash), grown.root)) throw corrupt(this.log, 'root');
      return;
    }
    const verdict = verifyConsistency({
      oldSize: before.size,
      oldRoot: before.root,
      size: grown.size,
      root: grown.root,
      hashes: await consistencyProof(before.size, grown.size, readHash),
    });
    if (!verdict.ok) throw corrupt(this.log, 'the grown tree is not consistent with its checkpoint');
  }

  /** A partial tile is the right edge; a full one is stored and hashes to its place in its parent. */
  async #verifiedTile(tree: PublishedTree, { level, index }: TileCoordinate): Promise<Uint8Array> {
    if (tileWidth(level, index, tree.size) < TILE_WIDTH) return tree.edge[level] ?? new Uint8Array(0);
    const path = tilePath(level, index);
    const cached = this.#cache.get(this.log, path);
    if (cached !== undefined) return cached;
    const bytes = await this.#store.read(this.log, path);
    if (bytes?.length !== TILE_WIDTH * HASH_BYTES) throw corrupt(this.log, path);
    const parentIndex = Math.floor(index / TILE_WIDTH);
    const parent = await this.#verifiedTile(tree, { level: level + 1, index: parentIndex, width: 0 });
    const whole = { tileLevel: level, tileIndex: index, offset: 0, count: TILE_WIDTH };
    if (!equalBytes(hashInTile(bytes, whole), hashAt(parent, index % TILE_WIDTH))) {
      throw corrupt(this.log, path);
    }
    this.#cache.put(this.log, path, bytes);
    return bytes;
  }

  async #removePartialsBetween(oldSize: number, size: number): Promise<void> {
    for (let level = 0; hashesAtTileLevel(level, oldSize) > 0; level++) {
      const index = Math.floor(hashesAtTileLevel(level, oldSize) / TILE_WIDTH);
      const partialBefore = hashesAtTileLevel(level, oldSize) % TILE_WIDTH > 0;
      if (!partialBefore || tileWidth(level, index, size) < TILE_WIDTH) continue;
      await this.#removePartialsOf(level, index);
    }
  }

  async #removePartialsOf(level: number, index: number): Promise<void> {
    await this.#store.removePartials(this.log, tilePath(level, index));
    if (level === 0) await this.#store.removePartials(this.log, entriesPath(index));
  }
}
