/** What a person meets who starts a cell: greeting, second start, Ctrl-C, and everything that can be wrong. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { CellProcess, temporaryHome } from '../harness/cell-process.ts';

const ROOT = join(import.meta.dirname, '..', '..');

let home: Awaited<ReturnType<typeof temporaryHome>>;
let cell: CellProcess | undefined;

beforeEach(async () => {
  home = await temporaryHome();
});

afterEach(async () => {
  await cell?.stop();
  cell = undefined;
  await home.remove();
});

/** Refused with one clear line (faults may follow indented) and a non-zero exit. */
function expectOneClearLine(result: { readonly code: number | null; readonly output: string }): void {
  expect(result.code).toBe(1);
  const lines = result.output.trimEnd().split('\n');
  expect(lines[0]).toMatch(/^sekisho: /);
  expect(lines.slice(1).filter((line) => !line.startsWith('  '))).toEqual([]);
}

test('greets in at most 20 lines, keeps its keys over a restart, ends with 0 on Ctrl-C', async () => {
  cell = await CellProcess.start(home.path);
  const first = await cell.demo();
  const lines = cell.output().trimEnd().split('\n');
  expect(lines.length).toBeLessThanOrEqual(20);
  expect(cell.output()).toContain(`${cell.url}/`);
  expect(cell.output()).toContain(first.apiKeys['policy-drafting']);
  expect(cell.output()).toContain('sekisho verify');
  expect((await stat(join(home.path, 'demo.json'))).mode & 0o777).toBe(0o600);
  expect((await stat(join(home.path, 'admin.key'))).mode & 0o777).toBe(0o600);
  expect(await cell.stop()).toBe(0);

  cell = await CellProcess.start(home.path);
  expect((await cell.demo()).apiKeys).toEqual(first.apiKeys);
  expect((await cell.demo()).verifierKeys).toEqual(first.verifierKeys);
});

test('greets in Japanese under a Japanese locale', async () => {
  cell = await CellProcess.start(home.path, { environment: { LC_ALL: 'ja_JP.UTF-8', LANG: 'ja_JP.UTF-8' } });
  expect(cell.output()).toContain('受領証をオフラインで検証する');
});

describe('is refused with one clear line and nothing damaged', () => {
  test('a port that is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const address = other.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const result = await CellProcess.startAndEnd(home.path, { args: ['--port', String(port), '--no-demo'] });
    other.close();
    expectOneClearLine(result);
    expect(result.output).toContain(String(port));
    cell = await CellProcess.start(home.path);
  });

  test('a second cell on the same home', async () => {
    cell = await CellProcess.start(home.path, { args: ['--no-demo'] });
    const result = await CellProcess.startAndEnd(home.path, { args: ['--no-demo'] });
    expectOneClearLine(result);
    expect(result.output).toContain(home.path);
  });

  test('a file where the home should be', async () => {
    await writeFile(home.path, 'not a folder');
    expectOneClearLine(await CellProcess.startAndEnd(home.path));
    expect(await readFile(home.path, 'utf8')).toBe('not a folder');
  });

  test('a folder with somebody’s files', async () => {
    await mkdir(home.path);
    await writeFile(join(home.path, 'thesis.txt'), 'precious');
    expectOneClearLine(await CellProcess.startAndEnd(home.path));
    expect(await readdir(home.path)).toEqual(['thesis.txt']);
  });

  test.skipIf(process.getuid?.() === 0)('a folder that cannot be written (skipped as root)', async () => {
    await mkdir(home.path);
    await chmod(home.path, 0o500);
    expectOneClearLine(await CellProcess.startAndEnd(home.path));
    await chmod(home.path, 0o700);
  });

  test('a folder on a file system that takes no files', async () => {
    expectOneClearLine(await CellProcess.startAndEnd('/proc/sekisho'));
  });

  test('a corrupt checkpoint, and the same folder works again once it is restored', async () => {
    cell = await CellProcess.start(home.path);
    await cell.stop();
    const file = join(home.path, 'ledger', 'logs', 'demo-city', 'checkpoint');
    const good = await readFile(file);
    const bad = Buffer.from(good);
    bad[bad.length - 10] = bad[bad.length - 10]! ^ 1;
    await writeFile(file, bad);
    expectOneClearLine(await CellProcess.startAndEnd(home.path));
    expect(await readFile(file)).toEqual(bad);
    await writeFile(file, good);
    cell = await CellProcess.start(home.path);
  });

  test('a database folder without its control file', async () => {
    cell = await CellProcess.start(home.path, { args: ['--no-demo'] });
    await cell.stop();
    await writeFile(join(home.path, 'postgres', 'data', 'global', 'pg_control'), 'damaged');
    expectOneClearLine(await CellProcess.startAndEnd(home.path, { args: ['--no-demo'] }));
  });

  test('settings that are wrong, each named', async () => {
    const result = await CellProcess.startAndEnd(home.path, {
      args: ['--cell-name', 'NOT A HOST'],
      environment: { SEKISHO_DEMO: 'perhaps' },
    });
    expectOneClearLine(result);
    expect(result.output).toContain('cell-name');
    expect(result.output).toContain('demo');
    expectOneClearLine(await CellProcess.startAndEnd(home.path, { args: ['--prot', '1'] }));
    expectOneClearLine(await CellProcess.startAndEnd(home.path, { args: ['--host', '0.0.0.0'] }));
  });
});

test('a Node that is too old is told so, in both languages', async () => {
  const pretend = 'data:text/javascript,Object.defineProperty(process.versions,"node",{value:"18.0.0"})';
  const child = spawn(process.execPath, ['--import', pretend, join(ROOT, 'tools', 'start.mjs')]);
  let said = '';
  child.stderr.on('data', (bytes: Buffer) => (said += bytes.toString('utf8')));
  const [code] = await once(child, 'exit');
  expect(code).toBe(1);
  expect(said).toContain('Node.js 20 以降');
  expect(said).toContain('Node.js 20 or newer');
});
