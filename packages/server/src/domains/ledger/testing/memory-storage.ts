import { SekishoError } from '@sekisho/contract';
import { ed25519NoteSigner } from '@sekisho/proof';
import { createHash } from 'node:crypto';
import type { SigningKeyStore, TileStore, WalBatch, WriteAheadLog } from '../ports.ts';

/** What becomes of one write. Both failures reject; only the first leaves nothing behind. */
export type WriteFate = 'ok' | 'lost' | 'stored-but-failed';

/** What survives a crash. */
export class MemoryDisk {
  readonly batches: WalBatch[] = [];
  nextPosition = 0;
  readonly files = new Map<string, Uint8Array>();
  readonly checkpoints = new Map<string, string>();
  /** Every checkpoint that was ever visible, oldest first. */
  readonly everPublished: { readonly log: string; readonly note: string }[] = [];
  /** Storage that was opened before the last crash writes nothing any more. */
  generation = 0;
}

/** Opens the disk as a new process does. `fateOf` is asked once a write. */
export function openMemoryStorage(
  disk: MemoryDisk,
  fateOf: () => WriteFate = () => 'ok',
): { readonly wal: WriteAheadLog; readonly tiles: TileStore } {
  const generation = ++disk.generation;
  const write = async (effect: () => void): Promise<void> => {
    // Let others run between the call and the effect, as a disk does.
    await new Promise((resolve) => setImmediate(resolve));
    if (generation !== disk.generation) throw new Error('this process has crashed');
    const fate = fateOf();
    if (fate !== 'lost') effect();
    if (fate !== 'ok') throw new Error(`the write was ${fate}`);
  };
  return { wal: memoryWal(disk, write), tiles: memoryTiles(disk, write) };
}

type Write = (effect: () => void) => Promise<void>;

function memoryWal(disk: MemoryDisk, write: Write): WriteAheadLog {
  let replayed = false;
  let writable = false;
  return {
    async *replay() {
      yield* disk.batches;
      replayed = true;
    },
    async takeOver() {
      if (!replayed) throw new Error('replay comes first');
      writable = true;
    },
    async append(payload) {
      if (!writable) throw new Error('the write-ahead log is not open for writing');
      const position = disk.nextPosition;
      const copy = Uint8Array.from(payload);
      try {
        await write(() => {
          disk.batches.push({ position, payload: copy });
          disk.nextPosition++;
        });
      } catch (error) {
        writable = false;
        throw error;
      }
      return position;
    },
    async release(position) {
      await write(() => {
        while ((disk.batches[0]?.position ?? Infinity) <= position) disk.batches.shift();
      });
    },
    async close() {
      writable = false;
    },
  };
}

function memoryTiles(disk: MemoryDisk, write: Write): TileStore {
  return {
    logs: async () => [...disk.checkpoints.keys()].sort(),
    read: async (log, path) => disk.files.get(`${log}/${path}`),
    async write(log, files) {
      for (const { path, bytes } of files) {
        const copy = Uint8Array.from(bytes);
        await write(() => disk.files.set(`${log}/${path}`, copy));
      }
    },
    async removePartials(log, path) {
      await write(() => {
        for (const file of disk.files.keys()) {
          if (file.startsWith(`${log}/${path}.p/`)) disk.files.delete(file);
        }
      });
    },
    readCheckpoint: async (log) => disk.checkpoints.get(log),
    async publishCheckpoint(log, previous, next) {
      if (disk.checkpoints.get(log) !== previous) throw new SekishoError('ledger_corrupt', log);
      await write(() => {
        disk.checkpoints.set(log, next);
        disk.everPublished.push({ log, note: next });
      });
    },
  };
}

/** Keys that follow from their names: the same after every restart. */
export function memoryKeys(): SigningKeyStore {
  const known = new Map<string, ReturnType<typeof ed25519NoteSigner>>();
  const keyOf = (name: string) => {
    const key = known.get(name) ?? ed25519NoteSigner(name, createHash('sha256').update(name).digest());
    known.set(name, key);
    return key;
  };
  return { find: async (name) => keyOf(name), findOrCreate: async (name) => keyOf(name) };
}
