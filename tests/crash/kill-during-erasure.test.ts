/**
 * `kill -9` of the whole cell in the middle of an erasure. At the next start, an erasure whose entry is in the
 * ledger is complete, and one whose entry is not has erased nothing.
 */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Receipt, RetentionReport } from '@sekisho/contract';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CellProcess, temporaryHome } from '../harness/cell-process.ts';
import { keepingPlatform } from '../harness/keeping-platform.ts';
import { readLog } from '../harness/log-folder.ts';
import { filesHolding } from '../harness/stored-bytes.ts';
import { StubModelServer } from '../harness/stub-model-server.ts';

let home: Awaited<ReturnType<typeof temporaryHome>>;
let stub: StubModelServer;
let cell: CellProcess;
let apiKey: string;

beforeAll(async () => {
  home = await temporaryHome();
  stub = await StubModelServer.start();
  cell = await CellProcess.start(home.path, { args: ['--no-demo'] });
  await cell.admin('POST', '/platform/apply', { platform: keepingPlatform(stub.url) });
  apiKey = await cell.createKey('ministry', 'in-japan');
}, 60_000);

afterAll(async () => {
  await cell?.kill();
  await stub?.kill();
  await home?.remove();
});

async function chat(): Promise<string> {
  const response = await fetch(`${cell.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${apiKey}` },
    body: JSON.stringify({ model: 'stub', messages: [{ role: 'user', content: 'erase me' }] }),
  });
  await response.text();
  return response.headers.get('x-sekisho-receipt') ?? '';
}

async function salts(crossing: string): Promise<Buffer[]> {
  const response = await fetch(`${cell.url}/v1/receipts/${crossing}`, {
    headers: { authorization: `Bearer ${apiKey}` },
  });
  const { openings } = Receipt.parse(await response.json());
  return Object.values(openings).map((salt) => Buffer.from(salt ?? '', 'base64'));
}

async function walHolds(text: string): Promise<boolean> {
  const folder = join(home.path, 'ledger', 'wal');
  for (const name of await readdir(folder)) {
    const bytes = await readFile(join(folder, name)).catch(() => Buffer.alloc(0));
    if (bytes.includes(text)) return true;
  }
  return false;
}

async function hasPayloads(crossing: string): Promise<boolean> {
  const files = await readdir(join(home.path, 'payloads'), { recursive: true });
  return files.some((name) => name.includes(crossing));
}

test.each([
  ['its entry is durable', async (crossing: string) => walHolds(`"crossings":["${crossing}"]`)],
  ['its payloads are removed', async (crossing: string) => !(await hasPayloads(crossing))],
] as const)(
  'killed as soon as %s, it is complete after the next start',
  async (_name, moment) => {
    const crossing = await chat();
    const secrets = await salts(crossing);
    expect(secrets).toHaveLength(2);
    const erasing = cell
      .admin('POST', '/erasures', { selection: { crossings: [crossing] } })
      .catch(() => 'the cell is gone');
    while (!(await moment(crossing))) await new Promise((resolve) => setImmediate(resolve));
    await cell.kill();
    await erasing;

    cell = await CellProcess.start(home.path, { args: ['--no-demo'] });
    expect(await salts(crossing)).toEqual([]);
    expect(await hasPayloads(crossing)).toBe(false);
    expect(RetentionReport.parse(await cell.admin('GET', '/retention'))).toMatchObject({
      pending: [],
      rows: [],
    });
    expect(await filesHolding([home.path], secrets)).toEqual([]);
    await cell.stop();
    const { entries } = await readLog(home.path, 'ministry');
    expect(entries.flatMap((entry) => (entry.kind === 'erasure' ? entry.crossings : []))).toContain(crossing);
    cell = await CellProcess.start(home.path, { args: ['--no-demo'] });
  },
  120_000,
);
