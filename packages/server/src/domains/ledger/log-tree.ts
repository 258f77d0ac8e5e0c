import { SekishoError } from '@sekisho/contract';
import {
  HASH_BYTES,
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
import type { LogName } from './ledger.ts';
import { stageGrowth } from './grown-tree.ts';
import type { GrownTree, NewLeaf, PublishedTree } from './grown-tree.ts';
import { keyEventsAmong } from './log-keys.ts';
import type { LogKeys } from './log-keys.ts';
import type { TileStore } from './ports.ts';
import { bundleEntries, corrupt, hashAt, readCheckpointOf, readEdge } from './stored-tree.ts';
import type { LogTreeParts } from './stored-tree.ts';
import type { TileCache } from './tile-cache.ts';

/**
 * One log's Merkle tree on its tiles. Every stored byte is hostile until it hashes to a signed
 * root: the right edge when the tree is opened, any other tile through its parent when it is
 * read. Growing touches the right edge only, so its cost does not depend on the tree's size.
 */
export class LogTree {
  readonly log: LogName;
  readonly keys: LogKeys;
  readonly #store: TileStore;
  readonly #cache: TileCache;
  #published: PublishedTree | undefined;
  #signed: { readonly tree: PublishedTree; readonly head: CoseTreeHead } | undefined;

  private constructor(parts: LogTreeParts, published: PublishedTree | undefined) {
    this.log = parts.log;
    this.keys = parts.keys;
    this.#store = parts.store;
    this.#cache = parts.cache;
    this.#published = published;
  }

  /** A log without a checkpoint. Tiles that a crash left behind are written over. */
  static empty(parts: LogTreeParts): LogTree {
    return new LogTree(parts, undefined);
  }

  /**
   * The stored tree of a log. Rejects with `ledger_corrupt` unless the checkpoint is signed by a key of
   * the log that vouches for it and the right edge hashes to its root. Nothing is changed.
   */
  static async open(parts: LogTreeParts): Promise<LogTree> {
    const tree = LogTree.empty(parts);
    await tree.refresh();
    const { size } = tree;
    if (size % TILE_WIDTH > 0) await tree.readBundle(Math.floor(size / TILE_WIDTH));
    return tree;
  }

  /**
   * Takes up the stored checkpoint, where another process may have published it. Rejects with
   * `ledger_corrupt` unless it is signed by a key of the log, the right edge hashes to its root, and it
   * continues the tree that this process knows: a log that shrank or forked is seen here.
   */
  async refresh(): Promise<void> {
    const before = this.#published;
    const note = await this.#store.readCheckpoint(this.log);
    if (note === before?.note) return;
    if (note === undefined) throw corrupt(this.log, 'its checkpoint is gone');
    const stored = await this.#load(note);
    if (before !== undefined) {
      await this.#requireContinued(before, stored, this.#readHashOf(stored));
    }
    // This process may have grown the tree meanwhile.
    if (this.#published === before) this.#published = stored;
    else if (this.size < stored.size) await this.refresh();
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
      const signer = this.keys.newestSignerAt(tree.size);
      const checkpoint = { origin: this.keys.name, size: tree.size, root: tree.root };
      this.#signed = { tree, head: signCoseTreeHead(checkpoint, signer) };
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
   * 3. the keystore notes what entries of the tree say of the keys (a crash leaves keys whose changes
   *    were begun and not noted: opening reads those entries again)
   * 4. partial files that full ones supersede are removed (a crash leaves them lying)
   */
  async grow(leaves: readonly NewLeaf[]): Promise<void> {
    // Held on to: another process may publish while this one stages, and then nothing here counts.
    const before = this.#published;
    const grown = await stageGrowth(before, await this.#entriesBeside(before), leaves);
    await this.#requireConsistent(before, grown);
    const oldSize = before?.size ?? 0;
    await this.keys.learn(grown.keyEvents);
    const keys = this.keys.after(grown.keyEvents);
    const checkpoint = { origin: keys.name, size: grown.size, root: grown.root };
    const note = signCheckpoint(checkpoint, ...keys.signersAt(grown.size));
    await this.#store.write(this.log, grown.files);
    await this.#store.publishCheckpoint(this.log, before?.note, note);
    const { size, root, frontier, edge } = grown;
    if (this.size < size) this.#published = { note, size, root, frontier, edge };
    this.keys.become(keys);
    await this.keys.settle();
    await this.#removePartialsBetween(oldSize, size);
  }

  /** What a crash in step 3 or 4 of {@link grow} left undone. */
  async removeLeftovers(): Promise<void> {
    await this.keys.settle();
    for (let level = 0; hashesAtTileLevel(level, this.size) >= TILE_WIDTH; level++) {
      const index = Math.floor(hashesAtTileLevel(level, this.size) / TILE_WIDTH) - 1;
      await this.#removePartialsOf(level, index);
    }
  }

  /** Hashes of complete subtrees of the published tree, each checked up to its root. */
  readHash(): ReadHash {
    return this.#readHashOf(this.published());
  }

  #readHashOf(tree: PublishedTree): ReadHash {
    return readHashFromTiles(tree.size, (tile) => this.#verifiedTile(tree, tile));
  }

  /** The entries of one bundle in the published tree, each checked against its leaf hash. */
  async readBundle(index: number): Promise<Uint8Array[]> {
    return this.#bundleIn(this.published(), index);
  }

  async #bundleIn(tree: PublishedTree, index: number): Promise<Uint8Array[]> {
    const width = tileWidth(0, index, tree.size);
    const path = entriesPath(index, width);
    const partial = await this.#store.read(this.log, path);
    // The tree may have grown meanwhile and removed this partial bundle for the full one.
    const bytes = partial ?? (await this.#store.read(this.log, entriesPath(index)));
    if (bytes === undefined) throw corrupt(this.log, path);
    const entries = bundleEntries(bytes, partial === undefined ? TILE_WIDTH : width)?.slice(0, width);
    const hashes = await this.#verifiedTile(tree, { level: 0, index, width });
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

  /** Reads the entries that may say more of the keys than the keystore does. */
  async #catchUpKeys(tree: PublishedTree): Promise<void> {
    const { lookFrom } = this.keys;
    if (lookFrom === undefined) return;
    for (let bundle = Math.floor(lookFrom / TILE_WIDTH); bundle * TILE_WIDTH < tree.size; bundle++) {
      const entries = await this.#bundleIn(tree, bundle);
      this.keys.become(this.keys.after(keyEventsAmong(entries, bundle * TILE_WIDTH)));
    }
    this.keys.lookedUntil(tree.size);
    // Some key may have ended before this tree.
    readCheckpointOf({ log: this.log, keys: this.keys }, tree.note);
  }

  async #load(note: string): Promise<PublishedTree> {
    const parts = { log: this.log, keys: this.keys, store: this.#store };
    await this.keys.followSigners(note);
    const checkpoint = readCheckpointOf(parts, note);
    const edge = await readEdge(parts, checkpoint.size);
    const frontier = await TreeFrontier.restore(
      checkpoint.size,
      // The peaks of a tree are the partial tiles, level by level: no full tile is needed.
      readHashFromTiles(checkpoint.size, async ({ level, index, width }) => {
        const tile = width < TILE_WIDTH ? edge[level] : undefined;
        if (tile === undefined) throw corrupt(this.log, tilePath(level, index, width));
        return tile;
      }),
    );
    if (!equalBytes(frontier.root(), checkpoint.root)) {
      throw corrupt(this.log, 'the tiles do not match the root');
    }
    const tree = { note, ...checkpoint, frontier, edge };
    await this.#catchUpKeys(tree);
    return tree;
  }

  /** The entries beside which new ones come into a bundle that is not full. */
  async #entriesBeside(before: PublishedTree | undefined): Promise<readonly Uint8Array[]> {
    if (before === undefined || before.size % TILE_WIDTH === 0) return [];
    return this.#bundleIn(before, Math.floor(before.size / TILE_WIDTH));
  }

  /** The last look before a signature: a tree that these keys have signed stays inside the next. */
  async #requireConsistent(before: PublishedTree | undefined, grown: GrownTree): Promise<void> {
    const readHash = readHashFromTiles(grown.size, async (tile) => {
      if (tile.width < TILE_WIDTH) return grown.edge[tile.level] ?? new Uint8Array(0);
      const staged = grown.fullTiles.get(tilePath(tile.level, tile.index));
      if (staged !== undefined) return staged;
      if (before === undefined) throw corrupt(this.log, tilePath(tile.level, tile.index));
      return this.#verifiedTile(before, tile);
    });
    if (before === undefined) {
      if (!equalBytes(await treeHash(grown.size, readHash), grown.root)) throw corrupt(this.log, 'root');
      return;
    }
    await this.#requireContinued(before, grown, readHash);
  }

  async #requireContinued(
    before: PublishedTree,
    after: { readonly size: number; readonly root: Uint8Array },
    readHash: ReadHash,
  ): Promise<void> {
    if (after.size < before.size) throw corrupt(this.log, `it shrank to ${after.size} entries`);
    const verdict = verifyConsistency({
      oldSize: before.size,
      oldRoot: before.root,
      size: after.size,
      root: after.root,
      hashes: await consistencyProof(before.size, after.size, readHash),
    });
    if (!verdict.ok) throw corrupt(this.log, 'a tree does not continue the one before it');
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
