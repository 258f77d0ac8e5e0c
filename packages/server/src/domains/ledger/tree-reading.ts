import { SekishoError } from '@sekisho/contract';
import { TILE_WIDTH, consistencyProof, inclusionProof, signCheckpoint, treeHash } from '@sekisho/proof';
import type { CoseTreeHead, TileCoordinate } from '@sekisho/proof';
import type { LedgerReading, LogKey, LogName, SignedCheckpoint } from './ledger.ts';
import type { LogTree } from './log-tree.ts';

/** Answers from published trees, wherever their entries were put in order. */
export abstract class TreeReading implements LedgerReading {
  abstract logs(): readonly LogName[];

  /** Throws SekishoError `not_found` for a log that is not there. */
  protected abstract tree(name: LogName): LogTree;

  checkpoint(name: LogName): SignedCheckpoint {
    const { note, size, root } = this.tree(name).published();
    return { note, size, root };
  }

  coseTreeHead(name: LogName): CoseTreeHead {
    return this.tree(name).coseTreeHead();
  }

  async readTile(name: LogName, tile: TileCoordinate): Promise<Uint8Array | undefined> {
    return this.tree(name).readTile(tile);
  }

  async readEntryBundle(name: LogName, index: number, width: number): Promise<Uint8Array | undefined> {
    return this.tree(name).readEntryBundle(index, width);
  }

  async checkpointAt(name: LogName, size: number): Promise<SignedCheckpoint> {
    const tree = this.tree(name);
    const published = tree.published();
    requireRange(name, size, published.size);
    if (size === 0) throw new SekishoError('not_found', `${name}/0`);
    if (size === published.size) return this.checkpoint(name);
    const root = await treeHash(size, tree.readHash());
    const signers = tree.keys.signersAt(published.size);
    return { note: signCheckpoint({ origin: tree.keys.name, size, root }, ...signers), size, root };
  }

  async inclusionProof(name: LogName, index: number, size: number): Promise<readonly Uint8Array[]> {
    const tree = this.tree(name);
    requireRange(name, index, size - 1);
    requireRange(name, size, tree.size);
    return inclusionProof(index, size, tree.readHash());
  }

  async consistencyProof(name: LogName, oldSize: number, size: number): Promise<readonly Uint8Array[]> {
    const tree = this.tree(name);
    requireRange(name, oldSize, size);
    requireRange(name, size, tree.size);
    return consistencyProof(oldSize, size, tree.readHash());
  }

  async *readEntries(
    name: LogName,
    from: number,
    to: number,
  ): AsyncIterable<{ readonly index: number; readonly bytes: Uint8Array }> {
    const tree = this.tree(name);
    requireRange(name, from, to);
    requireRange(name, to, tree.size);
    for (let index = from; index < to;) {
      const bundle = Math.floor(index / TILE_WIDTH);
      const entries = await tree.readBundle(bundle);
      for (const bytes of entries.slice(index % TILE_WIDTH, to - bundle * TILE_WIDTH)) {
        yield { index, bytes };
        index++;
      }
    }
  }

  verifierKeys(name: LogName): readonly LogKey[] {
    return this.tree(name).keys.list();
  }

  verifierKey(name: LogName): string {
    const { keys, size } = this.tree(name);
    return keys.newestSignerAt(size).verifierKey;
  }
}

function requireRange(log: LogName, value: number, max: number): void {
  if (!Number.isSafeInteger(value) || value < 0 || value > max) {
    throw new SekishoError('not_found', `${log}/${value}`);
  }
}
