import type { ChildProcess } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm, rmdir, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Client } from 'pg';
import { SekishoError } from '@sekisho/contract';
import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { Random } from '../../base/random.ts';
import { prepareCluster, type PreparedCluster } from './data-folder.ts';
import {
  isAlive,
  processesIn,
  readPostmaster,
  servesFolder,
  stopPostmaster,
  waitUntil,
} from './postmaster.ts';
import { giveTo, rootRoads, startDetached, type RootRoad } from './unprivileged-launch.ts';

/** A running PostgreSQL that this cell owns. */
export interface EmbeddedPostgres {
  readonly connection: {
    readonly host: string;
    readonly user: string;
    readonly database: string;
    readonly password: string;
  };
  /** `adopted` when a server that outlived an earlier cell was still running. */
  readonly started: 'anew' | 'adopted';
  readonly pid: number;
  /** Fast shutdown; sessions that are still open are ended. Idempotent. */
  stop(): Promise<void>;
}

export interface EmbeddedPostgresOptions {
  /** The folder that the database has to itself; made when absent. */
  readonly folder: string;
  readonly log: Log;
  readonly clock: Clock;
  readonly random: Random;
  /** How a root cell may step down, in this order. */
  readonly roads?: readonly RootRoad[];
  /** Where data goes when a root cell has no other road. */
  readonly elsewhere?: string;
}

/** `sun_path` of unix(7) holds 107 bytes and a zero. */
const SOCKET_PATH_BYTES_MAX = 107;
const SOCKET_NAME = '.s.PGSQL.5432';
const START_TIMEOUT_MS = 60_000;
const LOG_BYTES_MAX = 4 * 1024 * 1024;
const USER = 'sekisho';

/** Small, durable, and reachable by its socket alone. */
const settings: Readonly<Record<string, string>> = {
  listen_addresses: '',
  port: '5432',
  unix_socket_permissions: '0700',
  max_connections: '50',
  shared_buffers: '64MB',
  fsync: 'on',
  synchronous_commit: 'on',
  full_page_writes: 'on',
  wal_level: 'replica',
  max_wal_senders: '0',
  max_wal_size: '512MB',
  // Files of the write-ahead log are deleted, not kept for later: erased salts stay in none of them.
  wal_recycle: 'off',
  checkpoint_timeout: '15min',
  io_method: 'sync',
  jit: 'off',
  timezone: 'UTC',
  log_timezone: 'UTC',
  log_min_messages: 'warning',
  log_checkpoints: 'off',
  // A failing statement is not logged: what it holds is nobody's business.
  log_min_error_statement: 'panic',
  log_error_verbosity: 'terse',
};

/**
 * Makes the data folder on first use and starts PostgreSQL, or adopts the one that a killed cell
 * left behind. The caller holds the home's lock, so no other cell does this at the same time.
 * Throws `database_unavailable`.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const place = {
    folder: options.folder,
    roads: options.roads ?? rootRoads,
    elsewhere: options.elsewhere ?? '/var/lib/sekisho',
  };
  const cluster = await prepareCluster(place, options.random, (folder) =>
    options.log.warn('database.elsewhere', { folder, reason: 'an unprivileged user cannot reach the home' }),
  );
  const running = await findRunning(cluster, options.clock);
  const server = running ?? (await start(cluster, options));
  options.log.info('database.ready', {
    road: cluster.launch.road,
    started: running === undefined ? 'anew' : 'adopted',
    pid: server.pid,
  });
  let stopping = false;
  server.child?.once('exit', (code, signal) => {
    if (!stopping) options.log.error('database.ended', { pid: server.pid, cause: `${signal ?? code}` });
  });
  return {
    connection: { host: server.socketFolder, user: USER, database: 'postgres', password: cluster.password },
    started: running === undefined ? 'anew' : 'adopted',
    pid: server.pid,
    stop: async () => {
      stopping = true;
      if (!(await stopPostmaster(server.pid, cluster.data, options.clock))) {
        options.log.warn('database.stop-timeout', { pid: server.pid });
      }
      await removeSocketFolder(server.socketFolder);
    },
  };
}

interface Server {
  readonly pid: number;
  readonly socketFolder: string;
  /** Absent when adopted: then it is not our child. */
  readonly child?: ChildProcess;
}

/** The server that an earlier cell left behind, once it answers; undefined when there is none. */
async function findRunning(cluster: PreparedCluster, clock: Clock): Promise<Server | undefined> {
  const stale = await readPostmaster(cluster.data);
  if (stale === undefined) return undefined;
  if (!(await servesFolder(stale.pid, cluster.data))) {
    if (isAlive(stale.pid)) await clearForeignLock(cluster, clock);
    await removeSocketFolder(stale.socketFolder);
    return undefined;
  }
  // It may be starting, recovering or stopping: wait for either end.
  const settled = await waitUntil(clock, START_TIMEOUT_MS, async () => {
    if (!(await servesFolder(stale.pid, cluster.data))) return 'gone';
    return (await answers(cluster, stale.socketFolder)) ? 'answers' : undefined;
  });
  if (settled === 'gone') return undefined;
  if (settled === 'answers') return stale;
  throw stillRunning(stale.pid);
}

/**
 * PostgreSQL clears its own lock when its process is gone. When the number now belongs to another
 * program, or to a dead one that nobody reaps, it would refuse for ever: that case is cleared here.
 * The lock also leads PostgreSQL to sessions of the dead server that still write, so none may be left.
 */
async function clearForeignLock(cluster: PreparedCluster, clock: Clock): Promise<void> {
  const alone = await waitUntil(clock, START_TIMEOUT_MS, async () =>
    (await processesIn(cluster.data)).length === 0 ? true : undefined,
  );
  if (alone === undefined) throw stillRunning((await processesIn(cluster.data))[0] ?? 0);
  await rm(path.join(cluster.data, 'postmaster.pid'), { force: true });
}

function stillRunning(pid: number): SekishoError {
  return new SekishoError('database_unavailable', {
    ja: `動作中のPostgreSQL (pid ${pid}) が応答しません。停止してからもう一度起動してください。`,
    en: `PostgreSQL (pid ${pid}) is running and does not answer. Stop it and start again.`,
  });
}

/** Whether the server behind the socket knows our password and serves our data. */
async function answers(cluster: PreparedCluster, host: string): Promise<boolean> {
  const client = new Client({ host, user: USER, database: 'postgres', password: cluster.password });
  client.on('error', () => undefined);
  try {
    await client.connect();
    const result = await client.query<{ data_directory: string }>('show data_directory');
    return result.rows[0]?.data_directory === cluster.data;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function start(cluster: PreparedCluster, options: EmbeddedPostgresOptions): Promise<Server> {
  const socketFolder = await makeSocketFolder(cluster);
  const logFile = path.join(path.dirname(cluster.data), 'server.log');
  try {
    const server = await waitUntil(options.clock, START_TIMEOUT_MS, () =>
      startOnce(cluster, socketFolder, logFile, options.clock),
    );
    if (server !== undefined) return server;
    throw await startFailed(logFile);
  } catch (error) {
    await removeSocketFolder(socketFolder);
    throw error;
  }
}

/**
 * One attempt; undefined when the server ended because what a killed one left behind is still
 * ending (its sessions notice within milliseconds): worth another attempt.
 */
async function startOnce(
  cluster: PreparedCluster,
  socketFolder: string,
  logFile: string,
  clock: Clock,
): Promise<Server | undefined> {
  await rotate(logFile);
  const output = openSync(logFile, 'a', 0o600);
  const args = Object.entries({ ...settings, unix_socket_directories: quoted(socketFolder) });
  const child = startDetached(
    cluster.launch,
    cluster.binaries.postgres,
    ['-D', cluster.data, ...args.flatMap(([name, value]) => ['-c', `${name}=${value}`])],
    { libraries: cluster.libraries, output },
  );
  closeSync(output);
  let ended = false;
  child.once('error', () => (ended = true));
  child.once('exit', () => (ended = true));
  const outcome = await waitUntil(clock, START_TIMEOUT_MS, async () => {
    if (ended) return 'ended';
    const said = await readPostmaster(cluster.data);
    return said !== undefined && said.pid === child.pid && said.ready ? 'ready' : undefined;
  });
  if (outcome === 'ready' && child.pid !== undefined) return { pid: child.pid, socketFolder, child };
  if (outcome === undefined) child.kill('SIGQUIT');
  if (/pre-existing shared memory|lock file .* already exists/.test(await lastLines(logFile)))
    return undefined;
  throw await startFailed(logFile);
}

async function startFailed(logFile: string): Promise<SekishoError> {
  return new SekishoError(
    'database_unavailable',
    { ja: `PostgreSQLが起動しません。詳細: ${logFile}`, en: `PostgreSQL does not start. See ${logFile}` },
    { cause: new Error(await lastLines(logFile)) },
  );
}

/** Beside the data, or in a private folder under the temporary folder where that path is too long. */
async function makeSocketFolder(cluster: PreparedCluster): Promise<string> {
  const beside = path.join(path.dirname(cluster.data), 'socket');
  const fits = Buffer.byteLength(path.join(beside, SOCKET_NAME)) <= SOCKET_PATH_BYTES_MAX;
  // mkdtemp makes a new folder of mode 0700 under a name that nobody can prepare.
  const folder = fits ? beside : await mkdtemp(path.join(tmpdir(), 'sekisho-socket-'));
  if (fits) await mkdir(folder, { recursive: true, mode: 0o700 });
  await giveTo(cluster.launch, folder);
  return folder;
}

/** Removes a folder that {@link makeSocketFolder} made under the temporary folder; nothing else. */
async function removeSocketFolder(folder: string): Promise<void> {
  if (path.dirname(folder) !== tmpdir() || !/^sekisho-socket-[A-Za-z0-9]{6}$/.test(path.basename(folder)))
    return;
  await rm(path.join(folder, SOCKET_NAME), { force: true });
  await rm(path.join(folder, `${SOCKET_NAME}.lock`), { force: true });
  await rmdir(folder).catch(() => undefined);
}

/** A list setting in double quotes, since a comma or a space would end the path. */
function quoted(folder: string): string {
  return `"${folder.replaceAll('"', '""')}"`;
}

async function rotate(logFile: string): Promise<void> {
  const size = (await stat(logFile).catch(() => undefined))?.size ?? 0;
  if (size > LOG_BYTES_MAX) await rename(logFile, `${logFile}.old`);
}

async function lastLines(logFile: string): Promise<string> {
  const text = await readFile(logFile, 'utf8').catch(() => '');
  return text.trimEnd().split('\n').slice(-5).join('\n');
}
