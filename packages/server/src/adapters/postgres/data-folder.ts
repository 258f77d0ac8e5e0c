import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, mkdir, open, readFile, readdir, realpath, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { SekishoError, type Bilingual } from '@sekisho/contract';
import type { Random } from '../../base/random.ts';
import {
  copyBinaries,
  findPostgresBinaries,
  linkLibraries,
  POSTGRES_MAJOR,
  type PostgresBinaries,
} from './postgres-binaries.ts';
import { chooseLaunch, giveTo, run, type Launch, type RootRoad } from './unprivileged-launch.ts';

const INITDB_TIMEOUT_MS = 120_000;

const Marker = z.object({ format: z.literal(1), postgresMajor: z.int() });
const Elsewhere = z.object({ folder: z.string().min(1).max(4096) });

/** A complete data folder and how to run its programs. */
export interface PreparedCluster {
  /** PGDATA, a real path. */
  readonly data: string;
  /** Where the library links are; goes into LD_LIBRARY_PATH. */
  readonly libraries: string;
  readonly password: string;
  readonly launch: Launch;
  readonly binaries: PostgresBinaries;
}

export interface ClusterPlace {
  /** The folder inside the home that the database has to itself. */
  readonly folder: string;
  readonly roads: readonly RootRoad[];
  /** Where data goes when a root cell has no other road: a folder that `nobody` can reach. */
  readonly elsewhere: string;
}

/**
 * Finds or makes the data folder.
 *
 *     folder/data/                 PGDATA: exists only when complete
 *     folder/data/sekisho.json     marker, written before the rename to `data`
 *     folder/data/sekisho-password superuser's password, mode 0600
 *     folder/initialising/         a half-made PGDATA that never held user data
 *     folder/elsewhere.json        names the folder that holds all this instead
 *
 * Crash order: initdb, password and marker go to `initialising`; one rename makes it `data`. So a
 * crash leaves either nothing of value or the whole, and `data` is never deleted by this code.
 */
export async function prepareCluster(
  place: ClusterPlace,
  random: Random,
  announce: (folder: string) => void,
): Promise<PreparedCluster> {
  const found = await chooseFolder(place);
  const { folder, libraries, launch, binaries } = found;
  if (found.moved) announce(folder);
  const data = path.join(folder, 'data');
  if (!existsSync(data)) await initialise({ folder, data, libraries, launch, binaries }, random);
  await checkComplete(data);
  await giveTo(launch, data);
  // PostgreSQL refuses a folder that others can enter, as a restored backup may be.
  await chmod(data, 0o700);
  const password = (await readFile(path.join(data, 'sekisho-password'), 'utf8').catch(() => '')).trim();
  if (!/^[0-9a-f]{64}$/.test(password)) {
    throw unusable(data, { ja: 'パスワードファイルが壊れています', en: 'its password file is damaged' });
  }
  return { data: await realpath(data), libraries, password, launch, binaries };
}

interface ChosenFolder {
  readonly folder: string;
  readonly libraries: string;
  readonly launch: Launch;
  readonly binaries: PostgresBinaries;
  readonly moved: boolean;
}

async function chooseFolder(place: ClusterPlace): Promise<ChosenFolder> {
  const installed = await findPostgresBinaries();
  // `nobody` must be able to enter; PGDATA inside stays 0700.
  await makeFolder(place.folder, 0o711);
  const pointer = path.join(place.folder, 'elsewhere.json');
  if (!existsSync(pointer)) {
    const { libraries, launch } = await tryFolder(place.folder, installed, place.roads);
    if (launch !== undefined) {
      return { folder: place.folder, libraries, launch, binaries: installed, moved: false };
    }
    if (existsSync(path.join(place.folder, 'data'))) throw noRoad(place.folder);
    const folder = await makeElsewhere(place);
    const chosen = await useElsewhere(folder, installed, place.roads);
    // Last, so that a home never points to a folder that does not serve.
    await writeDurably(pointer, JSON.stringify({ folder }));
    return chosen;
  }
  const { folder } = Elsewhere.parse(JSON.parse(await readFile(pointer, 'utf8')));
  return useElsewhere(folder, installed, place.roads);
}

async function useElsewhere(
  folder: string,
  installed: PostgresBinaries,
  roads: readonly RootRoad[],
): Promise<ChosenFolder> {
  // Whether the folder can be entered at all is cheap to see before 60 MB are copied.
  const entered = await chooseLaunch({ program: 'true', libraries: folder, folder }, roads);
  if (entered === undefined) throw noRoad(folder);
  const binaries = await copyBinaries(installed, folder);
  const { libraries, launch } = await tryFolder(folder, binaries, roads);
  if (launch === undefined) throw noRoad(folder);
  return { folder, libraries, launch, binaries, moved: true };
}

async function tryFolder(
  folder: string,
  binaries: PostgresBinaries,
  roads: readonly RootRoad[],
): Promise<{ readonly libraries: string; readonly launch: Launch | undefined }> {
  const libraries = path.join(folder, 'libraries');
  await linkLibraries(binaries, libraries);
  const launch = await chooseLaunch({ program: binaries.postgres, libraries, folder }, roads);
  return { libraries, launch };
}

/** One folder a home, named by the home's real path. Only root writes there; others may pass through. */
async function makeElsewhere(place: ClusterPlace): Promise<string> {
  const home = createHash('sha256')
    .update(await realpath(place.folder))
    .digest('hex')
    .slice(0, 24);
  const folder = path.join(place.elsewhere, home);
  await makeFolder(place.elsewhere, 0o711);
  await makeFolder(folder, 0o711);
  return folder;
}

async function makeFolder(folder: string, mode: number): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
    // Not by mkdir's mode, which the process's umask narrows.
    await chmod(folder, mode);
  } catch (cause) {
    throw unusable(folder, { ja: 'フォルダーを作れません', en: 'it cannot be created' }, cause);
  }
}

async function initialise(
  at: Omit<PreparedCluster, 'password'> & { readonly folder: string },
  random: Random,
): Promise<void> {
  const half = path.join(at.folder, 'initialising');
  const passwordFile = path.join(at.folder, 'initialising-password');
  await rm(half, { recursive: true, force: true });
  await rm(passwordFile, { force: true });
  await mkdir(half, { mode: 0o700 });
  await writeFile(passwordFile, `${random.bytes(32).toString('hex')}\n`, { mode: 0o600, flag: 'wx' });
  await giveTo(at.launch, half);
  await giveTo(at.launch, passwordFile);
  const options = ['--username=sekisho', '--auth=scram-sha-256', `--pwfile=${passwordFile}`];
  const format = ['--locale=C', '--encoding=UTF8', '--data-checksums', '--no-instructions'];
  try {
    await run(at.launch, at.binaries.initdb, ['-D', half, ...options, ...format], {
      libraries: at.libraries,
      timeoutMs: INITDB_TIMEOUT_MS,
    });
  } catch (cause) {
    throw unusable(at.folder, { ja: '初期化に失敗しました', en: 'initialising it failed' }, cause);
  }
  await rename(passwordFile, path.join(half, 'sekisho-password'));
  const marker: z.infer<typeof Marker> = { format: 1, postgresMajor: POSTGRES_MAJOR };
  await writeDurably(path.join(half, 'sekisho.json'), JSON.stringify(marker));
  await giveTo(at.launch, path.join(half, 'sekisho.json'));
  await rename(half, at.data);
  await syncFolder(at.folder);
}

/** Refuses a data folder that is not ours, is damaged or is of another major version. Changes nothing. */
async function checkComplete(data: string): Promise<void> {
  const marker = await readFile(path.join(data, 'sekisho.json'), 'utf8').catch(() => undefined);
  const parsed = Marker.safeParse(marker === undefined ? undefined : parseJson(marker));
  const version = await readFile(path.join(data, 'PG_VERSION'), 'utf8').catch(() => undefined);
  if (!parsed.success || version === undefined || !(await readdir(data)).includes('global')) {
    throw unusable(data, {
      ja: 'Sekishoが作った完全なデータではありません。何も変更していません',
      en: 'it is not complete data made by Sekisho; nothing was changed',
    });
  }
  if (parsed.data.postgresMajor !== POSTGRES_MAJOR || version.trim() !== String(POSTGRES_MAJOR)) {
    throw unusable(data, {
      ja: `PostgreSQL ${version.trim()} のデータです。このセルは ${POSTGRES_MAJOR} を使います`,
      en: `it holds data of PostgreSQL ${version.trim()}, and this cell runs ${POSTGRES_MAJOR}`,
    });
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function writeDurably(file: string, text: string): Promise<void> {
  const handle = await open(file, 'w', 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function unusable(folder: string, why: Bilingual, cause?: unknown): SekishoError {
  return new SekishoError(
    'database_unavailable',
    { ja: `${folder}: ${why.ja}。`, en: `${folder}: ${why.en}.` },
    cause === undefined ? {} : { cause },
  );
}

function noRoad(folder: string): SekishoError {
  return new SekishoError('database_unavailable', {
    ja: `PostgreSQLはrootでは動きません。root以外の利用者でセルを起動するか、SEKISHO_HOME を誰でも通れるフォルダーに置くか、SEKISHO_DATABASE_URL を指定してください: ${folder}`,
    en: `PostgreSQL does not run as root. Start the cell as another user, put SEKISHO_HOME where others can pass, or set SEKISHO_DATABASE_URL: ${folder}`,
  });
}
