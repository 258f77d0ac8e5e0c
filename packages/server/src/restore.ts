/**
 * `sekisho restore`: makes a home of a backup, offline. Everything is checked before anything is made; the home appears
 * whole or not at all. The tables are projected from the log anew, so every erasure that stands in it is carried
 * out again before anything is served: an old backup brings back nothing that was erased. With `--ledger` the log is
 * a newer copy than the backup's own, which must continue it: its erasures then count as well.
 */
import { createReadStream } from 'node:fs';
import { copyFile, cp, mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { BackedUpOpening, LedgerEntry, SekishoError, Slug, type BackupManifest } from '@sekisho/contract';
import {
  decodeEntryBundle,
  entriesPath,
  equalBytes,
  leafHash,
  parseVerifierKeys,
  TILE_WIDTH,
  TreeFrontier,
  verifyCheckpoint,
} from '@sekisho/proof';
import { digestOfFile, readManifest, syncFolder, syncTree } from './adapters/backup-folders/index.ts';
import { openCellHome } from './adapters/cell-home/index.ts';
import { createFolderPackSource } from './adapters/jurisdiction-packs/index.ts';
import { openDatabase, type Database } from './adapters/postgres/index.ts';
import { languageOf } from './base/config.ts';
import { describeCause, jsonLog } from './base/log.ts';
import { systemClock } from './base/clock.ts';
import { createPlaceRegistry } from './domains/places/index.ts';

const SAFE_PATH = /^(?!.*(?:^|\/)\.\.?(?:\/|$))[A-Za-z0-9][A-Za-z0-9._%/-]*$/;
const BATCH = 1000;
const JURISDICTIONS = join(import.meta.dirname, '..', '..', '..', 'jurisdictions');

interface Restored {
  readonly backup: string;
  readonly home: string;
  readonly logs: Record<string, number>;
  readonly erased: number;
}

async function restore(from: string, home: string, newerLedger: string | undefined): Promise<Restored> {
  if (await exists(home)) throw new SekishoError('home_unusable', `${home} exists`);
  const manifest = await readManifest(from).catch((cause: unknown) => {
    throw invalid('manifest.json', cause);
  });
  await checkFiles(from, manifest);
  const keys = parseVerifierKeys(await readFile(join(from, 'cell.vkey'), 'utf8'));
  const logsFolder = newerLedger ?? join(from, 'ledger', 'logs');
  const logs: Record<string, number> = {};
  const erased = new Set<string>();
  for (const log of await logNames(logsFolder, manifest)) {
    const backedUp = manifest.logs[log];
    const mustHold =
      newerLedger === undefined || backedUp === undefined
        ? undefined
        : verifyCheckpoint(await readFile(join(from, 'ledger', 'logs', log, 'checkpoint'), 'utf8'), keys);
    logs[log] = await checkLog(join(logsFolder, log), log, keys, mustHold, erased);
  }

  // Beside its place, and renamed at the end: a crash leaves no home that a cell would start on.
  const half = `${home}.restoring`;
  await rm(half, { recursive: true, force: true });
  const opened = await openCellHome(half);
  try {
    await cp(logsFolder, join(half, 'ledger', 'logs'), { recursive: true });
    for (const { path } of manifest.files) {
      const isErased = erased.has(path.slice(path.lastIndexOf('/') + 1).replace(/\.(?:request|answer)$/, ''));
      if (!/^(?:keys|payloads)\/|^cell\.vkey$/.test(path) || isErased) continue;
      await mkdir(dirname(join(half, path)), { recursive: true, mode: 0o700 });
      await copyFile(join(from, path), join(half, path));
    }
    await restoreDatabase(from, manifest, half, logs);
    await syncTree(half);
  } finally {
    await opened.close();
  }
  await rename(half, home);
  await syncFolder(dirname(home));
  return { backup: manifest.id, home, logs, erased: erased.size };
}

async function checkFiles(from: string, { files }: BackupManifest): Promise<void> {
  for (const { path, bytes, sha256 } of files) {
    if (!SAFE_PATH.test(path)) throw invalid(path);
    const found = await digestOfFile(join(from, path)).catch((cause: unknown) => {
      throw invalid(path, cause);
    });
    if (found.bytes !== bytes || found.sha256 !== sha256) throw invalid(path);
  }
}

async function logNames(folder: string, manifest: BackupManifest): Promise<readonly string[]> {
  const names = (await readdir(folder)).filter((name) => Slug.safeParse(name).success).sort();
  for (const name of Object.keys(manifest.logs))
    if (!names.includes(name)) throw invalid(`${folder}/${name}`);
  return names;
}

/** Hashes the whole log up to its signed root; at the backup's size it must have had the backup's root. */
async function checkLog(
  folder: string,
  log: string,
  keys: ReturnType<typeof parseVerifierKeys>,
  mustHold: { readonly size: number; readonly root: Uint8Array } | undefined,
  erased: Set<string>,
): Promise<number> {
  try {
    const checkpoint = verifyCheckpoint(await readFile(join(folder, 'checkpoint'), 'utf8'), keys);
    const tree = new TreeFrontier();
    for await (const bytes of entriesOf(folder, checkpoint.size)) {
      const entry = LedgerEntry.parse(JSON.parse(Buffer.from(bytes).toString('utf8')));
      if (entry.kind === 'erasure') for (const crossing of entry.crossings) erased.add(crossing);
      tree.append(leafHash(bytes));
      if (tree.size === mustHold?.size && !equalBytes(tree.root(), mustHold.root)) throw invalid(log);
    }
    if (!equalBytes(tree.root(), checkpoint.root)) throw invalid(log);
    if (mustHold !== undefined && checkpoint.size < mustHold.size) throw invalid(log);
    return checkpoint.size;
  } catch (cause) {
    throw cause instanceof SekishoError ? cause : invalid(`log ${log}`, cause);
  }
}

async function* entriesOf(folder: string, size: number): AsyncGenerator<Uint8Array> {
  for (let bundle = 0; bundle * TILE_WIDTH < size; bundle++) {
    const width = Math.min(TILE_WIDTH, size - bundle * TILE_WIDTH);
    yield* decodeEntryBundle(await readFile(join(folder, entriesPath(bundle, width))), width);
  }
}

/** The tables follow the log, as always; then come the rows that no log holds. */
async function restoreDatabase(
  from: string,
  manifest: BackupManifest,
  home: string,
  logs: Readonly<Record<string, number>>,
): Promise<void> {
  const log = jsonLog(
    () => systemClock.nowMs(),
    'warn',
    (line) => process.stderr.write(line),
  );
  const { packs, countries } = await createFolderPackSource(JURISDICTIONS).load();
  const places = createPlaceRegistry(packs, countries, systemClock);
  const database = await openDatabase({ embeddedIn: join(home, 'postgres') }, log, (place, day) =>
    places.ancestors(place, day),
  );
  try {
    await database.restoreRows.platformRevisions(await rowsOf(join(from, 'platform-revisions.ndjson')));
    await database.restoreRows.apiKeys(await rowsOf(join(from, 'api-keys.ndjson')));
    for (const [name, size] of Object.entries(logs)) await project(database, home, name, size);
    for (const { path } of manifest.files) {
      if (!path.startsWith('openings/')) continue;
      const rows = await rowsOf(join(from, path));
      await database.restoreRows.openings(rows.map((row) => BackedUpOpening.parse(row)));
    }
  } finally {
    await database.close();
  }
}

async function project(database: Database, home: string, log: string, size: number): Promise<void> {
  let index = 0;
  let batch: { readonly log: string; readonly index: number; readonly bytes: Uint8Array }[] = [];
  for await (const bytes of entriesOf(join(home, 'ledger', 'logs', log), size)) {
    batch.push({ log, index: index++, bytes });
    if (batch.length < BATCH) continue;
    await database.ledgerSink.accept(batch);
    batch = [];
  }
  await database.ledgerSink.accept(batch);
}

async function rowsOf(file: string): Promise<unknown[]> {
  const rows: unknown[] = [];
  for await (const line of createInterface({ input: createReadStream(file) })) rows.push(JSON.parse(line));
  return rows;
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

function invalid(what: string, cause?: unknown): SekishoError {
  return new SekishoError('backup_invalid', what, { cause });
}

const { values } = parseArgs({
  options: { from: { type: 'string' }, home: { type: 'string' }, ledger: { type: 'string' } },
});
try {
  if (values.from === undefined || values.home === undefined) {
    throw new SekishoError('invalid_request', '--from, --home');
  }
  const ledger = values.ledger === undefined ? undefined : resolve(values.ledger);
  const restored = await restore(resolve(values.from), resolve(values.home), ledger);
  process.stdout.write(`${JSON.stringify(restored)}\n`);
} catch (cause) {
  const told =
    cause instanceof SekishoError ? cause.messageIn(languageOf(process.env)) : describeCause(cause);
  process.stderr.write(`sekisho: ${told}\n`);
  process.exitCode = 1;
}
