import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LedgerEntry } from '@sekisho/contract';
import {
  decodeEntryBundle,
  entriesPath,
  leafHash,
  parseVerifierKeys,
  TILE_WIDTH,
  TreeFrontier,
  verifyCheckpoint,
  type Checkpoint,
} from '@sekisho/proof';

/** Everything that one log of a cell holds, read from its files and checked against its checkpoint. */
export interface LogContents {
  readonly checkpoint: Checkpoint;
  readonly note: string;
  readonly entries: readonly LedgerEntry[];
  /** Root of the tree of the first `size` entries. */
  rootAt(size: number): Uint8Array;
}

/** Reads `ledger/logs/{log}` of a home that no cell holds open. */
export async function readLog(home: string, log: string): Promise<LogContents> {
  const folder = join(home, 'ledger', 'logs', log);
  const note = await readFile(join(folder, 'checkpoint'), 'utf8');
  const checkpoint = verifyCheckpoint(
    note,
    parseVerifierKeys(await readFile(join(home, 'cell.vkey'), 'utf8')),
  );
  const entries: LedgerEntry[] = [];
  const roots: Uint8Array[] = [];
  const tree = new TreeFrontier();
  for (let bundle = 0; bundle * TILE_WIDTH < checkpoint.size; bundle++) {
    const width = Math.min(TILE_WIDTH, checkpoint.size - bundle * TILE_WIDTH);
    const bytes = await readFile(join(folder, entriesPath(bundle, width)));
    for (const entry of decodeEntryBundle(bytes, width)) {
      entries.push(LedgerEntry.parse(JSON.parse(Buffer.from(entry).toString('utf8'))));
      tree.append(leafHash(entry));
      roots.push(tree.root());
    }
  }
  const rootAt = (size: number): Uint8Array => {
    const root = roots[size - 1];
    if (root === undefined) throw new RangeError(`the log has no ${size} entries`);
    return root;
  };
  if (!Buffer.from(rootAt(checkpoint.size)).equals(checkpoint.root)) throw new Error('the root is wrong');
  return { checkpoint, note, entries, rootAt };
}
