import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { sekisho } from './run-command.ts';
import { applied } from './sample-answers.ts';
import { StandInCell } from './stand-in-cell.ts';

let cell: StandInCell;
let folder: string;
beforeAll(async () => {
  cell = await StandInCell.start();
});
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sekisho-find-'));
  cell.answers('GET /admin/v1/keys', { keys: [] });
});
afterEach(async () => {
  cell.reset();
  await rm(folder, { recursive: true });
});
afterAll(() => cell[Symbol.asyncDispose]());

async function makeHome(name: string, files: Readonly<Record<string, string>>): Promise<string> {
  const home = join(folder, name);
  await mkdir(home, { recursive: true });
  for (const [file, content] of Object.entries(files))
    await writeFile(join(home, file), content, { mode: 0o600 });
  return home;
}

const sentKey = (): string | undefined => cell.received[0]?.authorization;

describe('the address and the key', () => {
  test('come from .sekisho in the current folder', async () => {
    await makeHome('.sekisho', {
      'cell.json': JSON.stringify({ url: cell.url, pid: 1 }),
      'admin.key': 'one\ntwo\n',
    });
    expect((await sekisho(['keys', 'list'], { cwd: folder })).code).toBe(0);
    expect(sentKey()).toBe('Bearer one');
  });

  test('come from SEKISHO_HOME, and --home goes before it', async () => {
    const files = { 'cell.json': JSON.stringify({ url: cell.url }) };
    const env = { SEKISHO_HOME: await makeHome('a', { ...files, 'admin.key': 'of-a' }) };
    await sekisho(['keys', 'list'], { cwd: folder, env });
    expect(sentKey()).toBe('Bearer of-a');
    cell.received.length = 0;
    const other = await makeHome('b', { ...files, 'admin.key': 'of-b' });
    await sekisho(['keys', 'list', '--home', other], { cwd: folder, env });
    expect(sentKey()).toBe('Bearer of-b');
  });

  test('from the environment go before the folder, and options before the environment', async () => {
    await makeHome('.sekisho', { 'cell.json': '{"url":"http://127.0.0.1:1"}', 'admin.key': 'of-home' });
    const env = { SEKISHO_URL: cell.url, SEKISHO_ADMIN_KEY: 'of-env' };
    await sekisho(['keys', 'list'], { cwd: folder, env });
    expect(sentKey()).toBe('Bearer of-env');
    cell.received.length = 0;
    await writeFile(join(folder, 'key'), 'of-option\r\n');
    await sekisho(['keys', 'list', '--url', cell.url, '--admin-key-file', 'key'], {
      cwd: folder,
      env: { ...env, SEKISHO_URL: 'http://127.0.0.1:1' },
    });
    expect(sentKey()).toBe('Bearer of-option');
  });
});

test.each([
  ['no cell', { SEKISHO_URL: 'http://127.0.0.1:1', SEKISHO_ADMIN_KEY: 'k' }, 'cell_unreachable'],
  ['no key', { SEKISHO_URL: 'http://127.0.0.1:1' }, 'admin_key_missing'],
  ['a key with a line break in it', { SEKISHO_ADMIN_KEY: 'a\nb' }, 'admin_key_missing'],
  ['an address that is none', { SEKISHO_URL: 'cell', SEKISHO_ADMIN_KEY: 'k' }, 'usage'],
  ['another scheme', { SEKISHO_URL: 'file:///etc', SEKISHO_ADMIN_KEY: 'k' }, 'usage'],
  ['credentials in the address', { SEKISHO_URL: 'http://a:b@127.0.0.1', SEKISHO_ADMIN_KEY: 'k' }, 'usage'],
  [
    'clear text to another machine',
    { SEKISHO_URL: 'http://192.0.2.1', SEKISHO_ADMIN_KEY: 'k' },
    'insecure_url',
  ],
  [
    'a name that only looks local',
    { SEKISHO_URL: 'http://127.example', SEKISHO_ADMIN_KEY: 'k' },
    'insecure_url',
  ],
])('%s', async (_, env, expected) => {
  const { code, stdout, stderr } = await sekisho(['keys', 'list', '--json'], { cwd: folder, env });
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(JSON.parse(stderr)).toMatchObject({ error: { code: expected } });
});

test('a broken cell.json is named', async () => {
  await makeHome('.sekisho', { 'cell.json': '{"url":', 'admin.key': 'k' });
  const { code, stderr } = await sekisho(['keys', 'list'], { cwd: folder });
  expect(code).toBe(2);
  expect(stderr).toContain('[file_unreadable]');
});

describe('doctor', () => {
  const levels = async (args: readonly string[] = []) => {
    const env = { SEKISHO_URL: cell.url };
    const { code, stdout } = await sekisho(['doctor', '--json', ...args], { cwd: folder, env });
    const { checks } = JSON.parse(stdout) as { checks: { check: string; level: string }[] };
    return { code, levels: Object.fromEntries(checks.map(({ check, level }) => [check, level])) };
  };
  const vkey = 'cell.example.jp/ledger/asahikawa+3baa566f+AW+pESlwDWTf9Hk4F0Rh0t3wo0cCvFzbz1gVt4WWkps0\n';

  beforeEach(() => {
    cell.answers('GET /healthz', { status: 'ok' });
    cell.answers('GET /readyz', { ready: true, platformRevision: 4 });
    cell.answers('GET /admin/v1/platform/history', { revisions: [applied.revision] });
  });

  test('finds a sound cell sound', async () => {
    const home = { format: 1, id: '0'.repeat(32) };
    await makeHome('.sekisho', {
      'home.json': JSON.stringify(home),
      'admin.key': 'k',
      'demo.json': '{}',
      'cell.vkey': vkey,
    });
    const { code, levels: found } = await levels();
    expect(code).toBe(0);
    expect(found).toMatchObject({
      node: 'ok',
      clock: 'ok',
      home: 'ok',
      lock: 'ok',
      adminKey: 'ok',
      demo: 'ok',
      verifierKeys: 'ok',
      cell: 'ok',
      cellClock: 'ok',
      ready: 'ok',
      platform: 'ok',
    });
  });

  test('fails on a key that others can read, and says how to mend it', async () => {
    const home = await makeHome('.sekisho', { 'admin.key': 'k', 'cell.vkey': vkey });
    await chmod(join(home, 'admin.key'), 0o644);
    expect(await levels()).toMatchObject({ code: 1, levels: { adminKey: 'fail' } });
    const shown = await sekisho(['doctor', '--lang', 'ja'], { cwd: folder, env: { SEKISHO_URL: cell.url } });
    expect(shown.stdout).toMatch(/^FAIL {2}管理キー: /m);
    expect(shown.stdout).toContain(`chmod 600 ${join(home, 'admin.key')}`);
  });

  test('fails on verifier keys that are none', async () => {
    await makeHome('.sekisho', { 'admin.key': 'k', 'cell.vkey': 'hello\n' });
    expect(await levels()).toMatchObject({ code: 1, levels: { verifierKeys: 'fail' } });
  });

  test('fails when the cell is not ready, and warns when nothing is applied', async () => {
    await makeHome('.sekisho', { 'admin.key': 'k' });
    cell.answers('GET /readyz', { ready: false, platformRevision: 0 }, { status: 503 });
    cell.answers('GET /admin/v1/platform/history', { revisions: [] });
    expect(await levels()).toMatchObject({
      code: 1,
      levels: { cell: 'ok', ready: 'fail', platform: 'warn' },
    });
  });

  test('warns when the clock of the cell differs', async () => {
    cell.answers('GET /healthz', { status: 'ok' }, { headers: { date: 'Wed, 01 Apr 2026 00:00:00 GMT' } });
    expect(await levels()).toMatchObject({ levels: { cellClock: 'warn' } });
  });

  test('fails when no cell answers', async () => {
    expect(await levels(['--url', 'http://127.0.0.1:1'])).toMatchObject({
      code: 1,
      levels: { home: 'warn', cell: 'fail' },
    });
  });
});
