import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client } from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import type { LedgerEntry } from '@sekisho/contract';
import type { SettledEntry } from '../../domains/ledger/ports.ts';
import { foldUsage } from '../../domains/metering/index.ts';
import {
  startEmbeddedPostgres,
  type EmbeddedPostgres,
  type EmbeddedPostgresOptions,
} from './embedded-postgres.ts';
import { openDatabase } from './index.ts';
import { isAlive, processesIn } from './postmaster.ts';
import { ancestors } from './testing/crossing-projection.ts';
import { intentEntry, outcomeEntry, settled } from './testing/ledger-entries.ts';
import { machine, silentLog } from './testing/test-server.ts';

const asRoot = process.getuid?.() === 0;

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let root: string;
let running: EmbeddedPostgres[];
/** A data folder that was initialised once; initdb takes longer than all else here. */
let initialised: string;
beforeAll(async () => {
  initialised = mkdtempSync(path.join(tmpdir(), 'sekisho-initialised-'));
  const server = await startEmbeddedPostgres({ folder: initialised, log: silentLog, ...machine });
  await server.stop();
});
afterAll(() => {
  rmSync(initialised, { recursive: true, force: true });
});
beforeEach(() => {
  // mkdtemp makes mode 0700: the whole file runs below a parent that others cannot enter.
  root = mkdtempSync(path.join(tmpdir(), 'sekisho-embedded-'));
  running = [];
});
afterEach(async () => {
  for (const server of running) await server.stop();
  rmSync(root, { recursive: true, force: true });
});

/** Whether each folder on the way lets others through (the execute bit for others). */
function othersCanPass(folder: string): boolean {
  const parent = path.dirname(folder);
  return (statSync(folder).mode & 0o001) !== 0 && (parent === folder || othersCanPass(parent));
}

async function start(over: Partial<EmbeddedPostgresOptions> = {}): Promise<EmbeddedPostgres> {
  const server = await startEmbeddedPostgres({
    folder: path.join(root, 'db'),
    log: silentLog,
    ...machine,
    ...over,
  });
  running.push(server);
  return server;
}

/** Like {@link start}, on a copy of the initialised data. */
async function startInitialised(folder = path.join(root, 'db')): Promise<EmbeddedPostgres> {
  giveData(folder);
  return start({ folder });
}

function giveData(folder: string): string {
  mkdirSync(folder, { recursive: true });
  cpSync(path.join(initialised, 'data'), path.join(folder, 'data'), { recursive: true });
  return folder;
}

async function ask(server: EmbeddedPostgres, query: string): Promise<unknown> {
  const client = new Client(server.connection);
  client.on('error', () => undefined);
  await client.connect();
  try {
    const { rows } = await client.query<Record<string, unknown>>(query);
    return rows[0] === undefined ? undefined : Object.values(rows[0])[0];
  } finally {
    await client.end();
  }
}

async function killed(pid: number): Promise<void> {
  process.kill(pid, 'SIGKILL');
  while (isAlive(pid)) await new Promise((resolve) => setImmediate(resolve));
}

describe('the embedded server', () => {
  test('is durable, private, reachable by socket and password alone, and stops clean', async () => {
    const server = await startInitialised();
    expect(await ask(server, 'show fsync')).toBe('on');
    expect(await ask(server, 'show data_checksums')).toBe('on');
    expect(await ask(server, 'show listen_addresses')).toBe('');
    expect(await ask(server, 'show server_encoding')).toBe('UTF8');
    const data = path.join(root, 'db', 'data');
    expect(statSync(data).mode & 0o777).toBe(0o700);
    expect(statSync(path.join(data, 'sekisho-password')).mode & 0o777).toBe(0o600);
    const stranger = new Client({ ...server.connection, password: 'guess' });
    await expect(stranger.connect()).rejects.toMatchObject({ code: '28P01' });
    await stranger.end().catch(() => undefined);
    await server.stop();
    // It has let go of the folder; the kernel may still hold its last trace for a moment.
    await expect.poll(() => isAlive(server.pid)).toBe(false);
    expect(existsSync(path.join(data, 'postmaster.pid'))).toBe(false);
    await server.stop();
  });

  test('starts again after kill -9 of the server, with what was committed', async () => {
    const first = await startInitialised();
    await ask(first, 'create table kept as select 42 as answer');
    await killed(first.pid);
    const second = await start();
    expect(second.started).toBe('anew');
    expect(await ask(second, 'select answer from kept')).toBe(42);
  });

  test('is adopted after kill -9 of its cell', async () => {
    const folder = giveData(path.join(root, 'db'));
    const cell = await startCell(folder);
    cell.kill('SIGKILL');
    await once(cell, 'exit');
    const adopted = await start();
    expect(adopted.started).toBe('adopted');
    expect(await ask(adopted, 'select count(*)::int from platform_revision')).toBe(0);
    await adopted.stop();
    expect(await processesIn(path.join(folder, 'data'))).toEqual([]);
  });

  test('survives Ctrl-C in the terminal of its cell', async () => {
    const cell = await startCell(giveData(path.join(root, 'db')));
    // A terminal signals the foreground process group, which `detached` made the cell's own.
    process.kill(-cell.pid!, 'SIGINT');
    await once(cell, 'exit');
    expect((await start()).started).toBe('adopted');
  });

  test('is not fooled by a stale lock whose process id belongs to another program', async () => {
    const first = await startInitialised();
    const lock = path.join(root, 'db', 'data', 'postmaster.pid');
    const text = readFileSync(lock, 'utf8');
    await first.stop();
    writeFileSync(lock, text.replace(String(first.pid), String(process.pid)), { mode: 0o600 });
    expect((await start()).started).toBe('anew');
  });

  test('has its socket elsewhere when the path of the home is too long', async () => {
    const server = await startInitialised(path.join(root, 'long'.repeat(20), 'db'));
    expect(server.connection.host.startsWith(root)).toBe(false);
    expect(statSync(server.connection.host).mode & 0o777).toBe(0o700);
    expect(await ask(server, 'select 1')).toBe(1);
    await server.stop();
    expect(existsSync(server.connection.host)).toBe(false);
  });

  test('makes a half-made folder again', async () => {
    mkdirSync(path.join(root, 'db', 'initialising', 'base'), { recursive: true });
    writeFileSync(path.join(root, 'db', 'initialising', 'PG_VERSION'), '18\n');
    writeFileSync(path.join(root, 'db', 'initialising-password'), 'old');
    expect(await ask(await start(), 'select 1')).toBe(1);
    expect(readdirSync(path.join(root, 'db')).sort()).toEqual(['data', 'libraries', 'server.log', 'socket']);
  });

  test.each([
    ['without our marker', {}],
    ['with a damaged marker', { 'sekisho.json': '{"form' }],
    ['of another major version', { 'sekisho.json': '{"format":1,"postgresMajor":15}', PG_VERSION: '15\n' }],
    ['without its password', { 'sekisho.json': '{"format":1,"postgresMajor":18}', PG_VERSION: '18\n' }],
  ])('refuses data %s and leaves it alone', async (_name, files: Readonly<Record<string, string>>) => {
    const data = path.join(root, 'db', 'data');
    mkdirSync(path.join(data, 'global'), { recursive: true });
    writeFileSync(path.join(data, 'precious'), 'mine');
    for (const [name, text] of Object.entries(files)) writeFileSync(path.join(data, name), text);
    const before = readdirSync(data).sort();
    await expect(start()).rejects.toMatchObject({ code: 'database_unavailable' });
    expect(readdirSync(data).sort()).toEqual(before);
  });

  test('that cannot start says so', async () => {
    const server = await startInitialised();
    await server.stop();
    const control = path.join(root, 'db', 'data', 'global', 'pg_control');
    const bytes = readFileSync(control);
    writeFileSync(
      control,
      bytes.map((byte) => byte ^ 0xff),
    );
    await expect(start()).rejects.toMatchObject({ code: 'database_unavailable' });
  });
});

// Only root has to step down, so these say nothing to another user.
describe.runIf(asRoot)('as root', () => {
  const runsAs = (pid: number): number =>
    Number(/^Uid:\t(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);

  test('a user namespace leaves the files with root', async ({ skip }) => {
    skip(
      spawnSync('unshare', ['--user', '--map-user=65534', 'true']).status !== 0,
      'this kernel allows no user namespace',
    );
    giveData(path.join(root, 'db'));
    const server = await start({ roads: ['namespace'], elsewhere: path.join(root, 'unreachable') });
    expect(runsAs(server.pid)).toBe(0);
    const status = readFileSync(`/proc/${server.pid}/status`, 'utf8');
    expect(/^CapEff:\t(\w+)/m.exec(status)?.[1]).toMatch(/^0+$/);
    expect(statSync(path.join(root, 'db', 'data')).uid).toBe(0);
  });

  test('nobody serves where others can pass, and hands the data back', async ({ skip }) => {
    skip(!othersCanPass(import.meta.dirname), 'others cannot reach this checkout, so nobody has no programs');
    chmodSync(root, 0o711);
    giveData(path.join(root, 'db'));
    const server = await start({ roads: ['nobody'] });
    expect(runsAs(server.pid)).toBe(65534);
    await ask(server, 'create table kept as select 7 as answer');
    await server.stop();
    expect(statSync(path.join(root, 'db', 'data')).uid).toBe(65534);
    const again = await start();
    expect(await ask(again, 'select answer from kept')).toBe(7);
  });

  test('data goes elsewhere when nobody cannot reach the home, and is found there again', async () => {
    const elsewhere = mkdtempSync(path.join(tmpdir(), 'sekisho-elsewhere-'));
    try {
      const server = await start({ roads: ['nobody'], elsewhere });
      expect(runsAs(server.pid)).toBe(65534);
      expect(existsSync(path.join(root, 'db', 'data'))).toBe(false);
      await ask(server, 'create table kept as select 7 as answer');
      await server.stop();
      const again = await start({ roads: ['nobody'], elsewhere: path.join(root, 'unused') });
      expect(await ask(again, 'select answer from kept')).toBe(7);
      await again.stop();
    } finally {
      rmSync(elsewhere, { recursive: true });
    }
  });

  test('with no road the cell says what to do', async () => {
    const elsewhere = path.join(root, 'unreachable');
    await expect(start({ roads: ['nobody'], elsewhere })).rejects.toMatchObject({
      code: 'database_unavailable',
    });
  });
});

describe('the database door', () => {
  test('loses and repeats nothing when the server is killed under load', async () => {
    const folder = giveData(path.join(root, 'db'));
    const entries: LedgerEntry[] = [];
    for (let at = 0; at < 400; at += 2) {
      const intent = intentEntry();
      entries.push(intent, outcomeEntry(intent, at));
    }
    const log: readonly SettledEntry[] = entries.map((entry, at) => settled('t', at, entry));
    const first = await openDatabase({ embeddedIn: folder }, silentLog, ancestors);
    let accepted = 0;
    const feed = (async () => {
      for (let from = 0; from < log.length; from += 10) {
        await first.ledgerSink.accept(log.slice(from, from + 10));
        accepted = from + 10;
        if (accepted === 200)
          process.kill(
            Number(readFileSync(path.join(folder, 'data', 'postmaster.pid'), 'utf8').split('\n')[0]),
            'SIGKILL',
          );
      }
    })();
    // The sessions of a killed server fall at their next look at it, which may come after the last batch.
    await feed.catch(() => undefined);
    expect(accepted).toBeGreaterThanOrEqual(200);
    await first.close();
    const second = await openDatabase({ embeddedIn: folder }, silentLog, ancestors);
    const held = (await second.usage.rows({})).reduce((sum, row) => sum + row.crossings, 0);
    expect(held).toBeGreaterThanOrEqual(accepted / 2);
    for (let from = 0; from < log.length; from += 7)
      await second.ledgerSink.accept(log.slice(from, from + 7));
    expect(await second.usage.rows({})).toEqual(foldUsage(entries));
    expect(await second.crossings.withoutOutcome(10, new Map([['city-demo', 400]]))).toEqual([]);
    await second.close();
  });

  test('an address where nothing listens is one clear error that hides the password', async () => {
    const url = 'postgres://user:hunter2@127.0.0.1:1/none';
    const failure: unknown = await openDatabase({ url }, silentLog, ancestors).catch(
      (error: unknown) => error,
    );
    expect(failure).toMatchObject({ code: 'database_unavailable' });
    expect(String(failure)).not.toContain('hunter2');
  });
});

/** A cell in a process group of its own that has opened its database. */
async function startCell(folder: string): Promise<ChildProcess> {
  const door = fileURLToPath(new URL('./index.ts', import.meta.url));
  const script = `import { openDatabase } from ${JSON.stringify(door)};
    const log = { info() {}, warn() {}, error() {} };
    await openDatabase({ embeddedIn: process.argv[1] }, log, () => []);
    console.log('open'); setInterval(() => {}, 1000);`;
  const cell = spawn(process.execPath, ['--input-type=module', '-e', script, folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  });
  const exited = once(cell, 'exit').then(() => Promise.reject(new Error('the cell did not start')));
  await Promise.race([once(cell.stdout, 'data'), exited]);
  exited.catch(() => undefined);
  return cell;
}
