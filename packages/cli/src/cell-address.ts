import { isIPv4 } from 'node:net';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { readBounded, reasonOf } from './bounded-file.ts';
import type { Surroundings } from './command-context.ts';
import type { ConnectionOptions } from './command-options.ts';
import { CommandFailure } from './failure.ts';

export interface CellAddress {
  readonly url: URL;
  readonly adminKey: string;
}

const DEFAULT_URL = 'http://127.0.0.1:7300';
const SMALL_FILE_BYTES_MAX = 64 * 1024;

/** What a running cell leaves in its home: where it listens. */
const CellFile = z.object({ url: z.string() });
/** What fits in an HTTP header. */
const AdminKey = z.string().regex(/^[\x21-\x7e]{1,512}$/);

/** The cell's data folder: `--home`, `SEKISHO_HOME`, `.sekisho` in the current folder. */
export function homeFolder(option: string | undefined, { env, cwd }: Surroundings): string {
  return resolve(cwd, option ?? nonEmpty(env['SEKISHO_HOME']) ?? '.sekisho');
}

/** `--url`, `SEKISHO_URL`, `cell.json` of the home folder, the default of a cell on this machine. */
export async function findUrl(options: ConnectionOptions, surroundings: Surroundings): Promise<URL> {
  const text =
    options.url ??
    nonEmpty(surroundings.env['SEKISHO_URL']) ??
    (await urlOfHome(options, surroundings)) ??
    DEFAULT_URL;
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '') {
    throw new CommandFailure('usage', (texts) => texts.failures.badUrl(text));
  }
  return url;
}

/** Throws `admin_key_missing`, and `insecure_url` before a key would travel in clear text. */
export async function findCell(options: ConnectionOptions, surroundings: Surroundings): Promise<CellAddress> {
  const url = await findUrl(options, surroundings);
  if (url.protocol === 'http:' && !isLoopback(url.hostname)) {
    throw new CommandFailure('insecure_url', (texts) => texts.failures.insecureUrl(url.host));
  }
  return { url, adminKey: await findAdminKey(options, surroundings) };
}

async function findAdminKey(options: ConnectionOptions, surroundings: Surroundings): Promise<string> {
  const named = options.adminKeyFile;
  const fromEnvironment = nonEmpty(surroundings.env['SEKISHO_ADMIN_KEY']);
  const file = resolve(surroundings.cwd, named ?? join(homeFolder(options.home, surroundings), 'admin.key'));
  if (named === undefined && fromEnvironment !== undefined)
    return checkedKey(fromEnvironment, 'SEKISHO_ADMIN_KEY');
  let content: string;
  try {
    content = (await readBounded(file, SMALL_FILE_BYTES_MAX, surroundings.stdin)).toString('utf8');
  } catch (error) {
    if (named !== undefined) throw error;
    throw new CommandFailure('admin_key_missing', (texts) => texts.failures.adminKeyMissing(file), {
      cause: error,
    });
  }
  return checkedKey(content.split(/\r?\n/, 1)[0]?.trim() ?? '', file);
}

function checkedKey(key: string, source: string): string {
  if (AdminKey.safeParse(key).success) return key;
  throw new CommandFailure('admin_key_missing', (texts) => texts.failures.adminKeyInvalid(source));
}

async function urlOfHome(
  options: ConnectionOptions,
  surroundings: Surroundings,
): Promise<string | undefined> {
  const file = join(homeFolder(options.home, surroundings), 'cell.json');
  let bytes: Buffer;
  try {
    bytes = await readBounded(file, SMALL_FILE_BYTES_MAX, surroundings.stdin);
  } catch {
    return undefined; // No cell has run here yet: the default address gives the clearer error.
  }
  try {
    return CellFile.parse(JSON.parse(bytes.toString('utf8'))).url;
  } catch (error) {
    const reason = error instanceof z.ZodError ? 'url' : reasonOf(error);
    throw new CommandFailure('file_unreadable', (texts) => texts.failures.fileUnreadable(file, reason), {
      cause: error,
    });
  }
}

export function isLoopback(hostname: string): boolean {
  return (
    hostname === 'localhost' || hostname === '[::1]' || (isIPv4(hostname) && hostname.startsWith('127.'))
  );
}

function nonEmpty(value: string | undefined): string | undefined {
  return value === undefined || value === '' ? undefined : value;
}
