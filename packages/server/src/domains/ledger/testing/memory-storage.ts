import { SekishoError } from '@sekisho/contract';
import { ed25519NoteSigner } from '@sekisho/proof';
import { createHash } from 'node:crypto';
import type { KeyStanding } from '../key-standing.ts';
import type { SigningKeyStore, StoredKey, TileStore, WalBatch, WriteAheadLog } from '../ports.ts';

/** What becomes of one write. Both failures reject; only the first leaves nothing behind. */
export type WriteFate = 'ok' | 'lost' | 'stored-but-failed';

/** What survives a crash. */
export class MemoryDisk {
  readonly batches: WalBatch[] = [];
  nextPosition = 0;
  readonly files = new Map<string, Uint8Array>();
  readonly checkpoints = new Map<string, string>();
  readonly keyring: MemoryKeyring = new Map();
  /** Every checkpoint that was ever visible, oldest first. */
  readonly everPublished: { readonly log: string; readonly note: string }[] = [];
  /** Storage that was opened before the last crash writes nothing any more. */
  generation = 0;
}

/** Opens the disk as a new process does. `fateOf` is asked once a write. */
export function openMemoryStorage(
  disk: MemoryDisk,
  fateOf: () => WriteFate = () => 'ok',
): { readonly wal: WriteAheadLog; readonly tiles: TileStore; readonly keys: SigningKeyStore } {
  const generation = ++disk.generation;
  const write = async (effect: () => unknown): Promise<void> => {
    // Let others run between the call and the effect, as a disk does.
    await new Promise((resolve) => setImmediate(resolve));
    if (generation !== disk.generation) throw new Error('this process has crashed');
    const fate = fateOf();
    if (fate !== 'lost') effect();
    if (fate !== 'ok') throw new Error(`the write was ${fate}`);
  };
  return {
    wal: memoryWal(disk, write),
    tiles: memoryTiles(disk, write),
    keys: memoryKeys(disk.keyring, write),
  };
}

type Write = (effect: () => unknown) => Promise<void>;

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

/** What a keystore keeps, by name of the keys. */
export type MemoryKeyring = Map<string, StoredKey[]>;

/** Keys that follow from their names and their order: the first of each is the same after every restart. */
export function memoryKeys(
  keyring: MemoryKeyring = new Map(),
  write: Write = async (effect) => void effect(),
): SigningKeyStore {
  const keysOf = (name: string): StoredKey[] => {
    const keys = keyring.get(name) ?? [memoryKey(name, 0, { state: 'signing', fromSize: 0 })];
    keyring.set(name, keys);
    return keys;
  };
  return {
    keysOf: async (name) => [...keysOf(name)],
    findOrCreate: async (name) => [...keysOf(name)],
    async add(name, standing) {
      const made = memoryKey(name, keysOf(name).length, standing);
      await write(() => keysOf(name).push(made));
      return made;
    },
    async setStanding(name, verifierKey, standing) {
      const keys = keysOf(name);
      const at = keys.findIndex((key) => key.verifierKey === verifierKey);
      const signer = keys[at]?.signer;
      if (at < 0) throw new SekishoError('not_found', verifierKey);
      const ended = standing.state === 'retired' || standing.state === 'compromised';
      const next = { verifierKey, standing, ...(ended || signer === undefined ? {} : { signer }) };
      await write(() => (keys[at] = next));
    },
  };
}

function memoryKey(name: string, number: number, standing: KeyStanding): StoredKey {
  const signer = ed25519NoteSigner(name, createHash('sha256').update(`${name} ${number}`).digest());
  return { verifierKey: signer.verifierKey, standing, signer };
}
