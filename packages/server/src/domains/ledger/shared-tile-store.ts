import { Refusal, parseCheckpoint, parseNote, verifyCheckpoint } from '@sekisho/proof';
import type { LogName } from './ledger.ts';
import type { LogKeys } from './log-keys.ts';
import type { Checkpoints, TileFiles, TileStore } from './ports.ts';
import { corrupt } from './stored-tree.ts';

/** Where C2SP tlog-tiles has it: a copy of a log's files is a static log. */
const CHECKPOINT_PATH = 'checkpoint';
/** Looks for a newer checkpoint after a copy was written. */
const COPIES_MAX = 4;

/**
 * Tiles in one storage, the deciding checkpoint in another, and a copy of it beside the tiles. Many
 * processes may write, also one that was the integrator and does not know yet that it is no more:
 *
 * - tiles and bundles follow from the sequence, so whoever writes a path writes the same bytes;
 * - partial files are removed by whoever published the full one, which stays published;
 * - the checkpoint is decided by `checkpoints` alone. The copy may be put back by a late writer for a
 *   moment: each looks afterwards whether a newer one was decided, and copies that.
 */
export function sharedTileStore(tiles: TileFiles, checkpoints: Checkpoints): TileStore {
  return {
    read: (log, path) => tiles.read(log, path),
    write: (log, files) => tiles.write(log, files),
    removePartials: (log, path) => tiles.removePartials(log, path),
    logs: () => checkpoints.logs(),
    readCheckpoint: (log) => checkpoints.readCheckpoint(log),
    async publishCheckpoint(log, previous, next) {
      await checkpoints.publishCheckpoint(log, previous, next);
      await copyCheckpoint(tiles, checkpoints, log, next);
    },
  };
}

async function copyCheckpoint(
  tiles: TileFiles,
  checkpoints: Checkpoints,
  log: LogName,
  published: string,
): Promise<void> {
  let note: string | undefined = published;
  for (let copies = 0; note !== undefined && copies < COPIES_MAX; copies++) {
    await tiles.write(log, [{ path: CHECKPOINT_PATH, bytes: Buffer.from(note, 'utf8') }]);
    const decided = await checkpoints.readCheckpoint(log);
    note = decided === note ? undefined : decided;
  }
}

/**
 * How long the log was when its last copy was written; 0 where there is none that its keys signed.
 * The deciding checkpoint is never older, unless its storage was put back to an earlier state.
 */
export async function copiedSize(tiles: TileFiles, log: LogName, keys: LogKeys): Promise<number> {
  const bytes = await tiles.read(log, CHECKPOINT_PATH);
  if (bytes === undefined) return 0;
  try {
    const note = Buffer.from(bytes).toString('utf8');
    const { size } = parseCheckpoint(parseNote(note).body);
    return verifyCheckpoint(note, keys.verifiersAt(size)).size;
  } catch (error) {
    if (error instanceof Refusal) return 0;
    throw error;
  }
}

/** Throws `ledger_corrupt` when the tiles were published further than the checkpoint that decides. */
export function refusePutBack(log: LogName, size: number, copied: number): void {
  if (size < copied) throw corrupt(log, `${copied} entries were published, and only ${size} are known`);
}
