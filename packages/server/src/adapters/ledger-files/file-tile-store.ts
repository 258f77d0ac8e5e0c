import { SekishoError, Slug } from '@sekisho/contract';
import { readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Random } from '../../base/random.ts';
import type { LogName, StoredFile, TileStore } from '../../domains/ledger/index.ts';
import {
  isMissing,
  makeFolder,
  readIfPresent,
  replaceDurably,
  syncFolder,
  writeDurably,
} from './durable-files.ts';

/** Few, because each takes a thread of the pool that the write-ahead log also needs. */
const CONCURRENT_WRITES = 2;
const KNOWN_FOLDERS_MAX = 4096;

/**
 * Logs as folders `{folder}/{log}/`, each with `checkpoint` and `tile/...`: a plain copy of one is
 * a static log as C2SP tlog-tiles describes it.
 */
export function fileTileStore(options: {
  readonly folder: string;
  /**
   * For a folder that several processes write: then each file is written whole under a name of its
   * own first. Else a process that was the integrator could cut short what another has published.
   */
  readonly shared?: { readonly random: Random };
}): TileStore {
  return new FileTileStore(options.folder, options.shared?.random);
}

class FileTileStore implements TileStore {
  readonly #folder: string;
  readonly #random: Random | undefined;
  /** Folders that this process has made durable. */
  readonly #knownFolders = new Set<string>();

  constructor(folder: string, random: Random | undefined) {
    this.#folder = folder;
    this.#random = random;
  }

  async logs(): Promise<readonly LogName[]> {
    const names: LogName[] = [];
    for (const name of await this.#folderNames()) {
      if (Slug.safeParse(name).success && (await this.readCheckpoint(name)) !== undefined) names.push(name);
    }
    return names.sort();
  }

  async read(log: LogName, path: string): Promise<Uint8Array | undefined> {
    return readIfPresent(this.#path(log, path));
  }

  /**
   * Straight into place where one process writes: the name of a tile says what is in it, so a file
   * that a crash cut short is not covered by any checkpoint and gets the same bytes again.
   */
  async write(log: LogName, files: readonly StoredFile[]): Promise<void> {
    const touched = new Set(files.map(({ path }) => dirname(this.#path(log, path))));
    for (const folder of touched) await this.#ensureFolder(folder);
    await eachOf(files, async ({ path, bytes }) => this.#writeOne(this.#path(log, path), bytes));
    await eachOf([...touched], syncFolder);
  }

  async #writeOne(path: string, bytes: Uint8Array): Promise<void> {
    if (this.#random === undefined) return writeDurably(path, bytes);
    const own = `${path}.${this.#random.bytes(8).toString('hex')}.next`;
    await writeDurably(own, bytes);
    await rename(own, path);
  }

  async removePartials(log: LogName, path: string): Promise<void> {
    const folder = `${this.#path(log, path)}.p`;
    await rm(folder, { recursive: true, force: true });
    this.#knownFolders.delete(folder);
  }

  async readCheckpoint(log: LogName): Promise<string | undefined> {
    const bytes = await readIfPresent(this.#path(log, 'checkpoint'));
    return bytes?.toString('utf8');
  }

  async publishCheckpoint(log: LogName, previous: string | undefined, next: string): Promise<void> {
    await this.#ensureFolder(join(this.#folder, log));
    // The cell's lock on its home keeps other processes away; this notices when it did not.
    if ((await this.readCheckpoint(log)) !== previous) {
      throw new SekishoError('ledger_corrupt', `${log}: somebody else changed the checkpoint`);
    }
    await replaceDurably(this.#path(log, 'checkpoint'), Buffer.from(next, 'utf8'));
  }

  #path(log: LogName, path: string): string {
    return join(this.#folder, log, path);
  }

  async #folderNames(): Promise<readonly string[]> {
    try {
      return await readdir(this.#folder);
    } catch (error) {
      if (isMissing(error)) return [];
      throw error;
    }
  }

  async #ensureFolder(folder: string): Promise<void> {
    if (this.#knownFolders.has(folder)) return;
    // Also parents that exist: a process that crashed may have made them without syncing.
    if (folder !== this.#folder) await this.#ensureFolder(dirname(folder));
    await makeFolder(folder);
    if (this.#knownFolders.size >= KNOWN_FOLDERS_MAX) this.#knownFolders.clear();
    this.#knownFolders.add(folder);
  }
}

async function eachOf<Item>(items: readonly Item[], act: (item: Item) => Promise<void>): Promise<void> {
  const next = items.values();
  const work = async (): Promise<void> => {
    for (const item of next) await act(item);
  };
  await Promise.all(Array.from({ length: CONCURRENT_WRITES }, work));
}
