import { createHash } from 'node:crypto';
import { link, mkdir, open, readFile, readdir, realpath, rm, stat, unlink } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { SekishoError, type Bilingual } from '@sekisho/contract';
import { systemRandom, type Random } from '../../base/random.ts';
import { lockHome } from './home-lock.ts';

/** The data folder of one cell, held by this process alone. */
export interface CellHome {
  /** A real path. */
  readonly folder: string;
  /** A path inside the home. The home's parts own these names: `postgres`, `ledger`, `keys`. */
  pathOf(...names: readonly string[]): string;
  /** Lets another cell open it. Close what lies inside first. */
  close(): Promise<void>;
}

/** Version of the layout below the folder. A newer one is refused; an older one would be migrated here. */
const HOME_FORMAT = 1;
const HOME_FILE = 'home.json';

const HomeVersion = z.object({ format: z.int().min(1) });
const HomeFile = z.strictObject({
  format: z.literal(HOME_FORMAT),
  /** Random; part of the lock's name. */
  id: z.string().regex(/^[0-9a-f]{32}$/),
});
type HomeFile = z.infer<typeof HomeFile>;

/**
 * Names that a new home may hold: a volume's own, what a crash left of a first start, and the
 * settings that an operator wrote before it.
 */
const ofNobody = /^(?:lost\+found|config\.yaml|home\.json\.[0-9a-f]{16}\.new)$/;

/**
 * Opens the data folder: makes it when absent (mode 0700), checks that it is ours and writable, and
 * locks it. Throws SekishoError `home_unusable` or `home_locked`; a refused folder is left as it was.
 */
export async function openCellHome(folder: string, random: Random = systemRandom()): Promise<CellHome> {
  const home = await makeFolder(path.resolve(folder));
  const file = (await readHomeFile(home)) ?? (await createHomeFile(home, random));
  await checkWritable(home, random);
  // The folder's own identity, so that a copy of a home is another home and a bind mount is not.
  const { dev, ino } = await stat(home, { bigint: true });
  const name = createHash('sha256').update(`${file.id} ${dev} ${ino}`).digest('hex');
  const lock = await lockHome(name, home);
  return {
    folder: home,
    pathOf: (...names) => path.join(home, ...names),
    close: () => lock.release(),
  };
}

async function makeFolder(folder: string): Promise<string> {
  try {
    await mkdir(path.dirname(folder), { recursive: true });
    await mkdir(folder, { mode: 0o700 }).catch((error: unknown) => {
      if (codeOf(error) !== 'EEXIST') throw error;
    });
    const home = await realpath(folder);
    if ((await stat(home)).isDirectory()) return home;
  } catch (cause) {
    throw unusable(folder, { ja: 'フォルダーを作れません', en: 'it cannot be created' }, cause);
  }
  throw unusable(folder, { ja: 'フォルダーではありません', en: 'it is not a folder' });
}

/** What the home says of itself; undefined when the folder is empty. */
async function readHomeFile(home: string): Promise<HomeFile | undefined> {
  let names: readonly string[];
  let text: string;
  try {
    names = await readdir(home);
    if (!names.includes(HOME_FILE)) {
      if (names.every((name) => ofNobody.test(name))) return undefined;
      throw unusable(home, {
        ja: '空でなく、Sekishoのデータフォルダーでもありません。別のフォルダーを指定してください',
        en: 'it is neither empty nor a Sekisho home; name another folder',
      });
    }
    text = await readFile(path.join(home, HOME_FILE), 'utf8');
  } catch (cause) {
    if (cause instanceof SekishoError) throw cause;
    throw unusable(home, { ja: '読み取れません', en: 'it cannot be read' }, cause);
  }
  return parseHomeFile(home, text);
}

function parseHomeFile(home: string, text: string): HomeFile {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  const version = HomeVersion.safeParse(value);
  if (version.success && version.data.format > HOME_FORMAT) {
    throw unusable(home, {
      ja: 'より新しいSekishoのデータフォルダーです。Sekishoを更新してください',
      en: 'it was made by a newer Sekisho; update Sekisho',
    });
  }
  const file = HomeFile.safeParse(value);
  if (file.success) return file.data;
  throw unusable(home, {
    ja: `${HOME_FILE} が壊れています。バックアップから戻してください`,
    en: `${HOME_FILE} is damaged; restore it from a backup`,
  });
}

/** Appears whole or not at all; when two cells start at once on a new folder both read the same one. */
async function createHomeFile(home: string, random: Random): Promise<HomeFile> {
  const file: HomeFile = { format: HOME_FORMAT, id: random.bytes(16).toString('hex') };
  const fresh = path.join(home, `${HOME_FILE}.${random.bytes(8).toString('hex')}.new`);
  try {
    const handle = await open(fresh, 'wx', 0o600);
    try {
      await handle.writeFile(`${JSON.stringify(file)}\n`);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await link(fresh, path.join(home, HOME_FILE));
    return file;
  } catch (cause) {
    if (codeOf(cause) !== 'EEXIST') throw notWritable(home, cause);
  } finally {
    await rm(fresh, { force: true });
  }
  return parseHomeFile(home, await readFile(path.join(home, HOME_FILE), 'utf8'));
}

/** By writing: permission bits say little to root, on a read-only mount or on a full disk. */
async function checkWritable(home: string, random: Random): Promise<void> {
  const probe = path.join(home, `${HOME_FILE}.${random.bytes(8).toString('hex')}.new`);
  try {
    const handle = await open(probe, 'wx', 0o600);
    try {
      await handle.writeFile('x');
    } finally {
      await handle.close();
      await unlink(probe);
    }
  } catch (cause) {
    throw notWritable(home, cause);
  }
}

function notWritable(home: string, cause: unknown): SekishoError {
  return unusable(home, { ja: '書き込めません', en: 'it cannot be written' }, cause);
}

function unusable(folder: string, why: Bilingual, cause?: unknown): SekishoError {
  return new SekishoError(
    'home_unusable',
    { ja: `${folder}: ${why.ja}。`, en: `${folder}: ${why.en}.` },
    cause === undefined ? {} : { cause },
  );
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
