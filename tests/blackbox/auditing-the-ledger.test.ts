/** What a cell writes is clean for an auditor who has its files or its address, its keys, and none of its code. */
import { copyFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sekisho } from '../cli/run-command.ts';
import { CellProcess, temporaryHome } from '../harness/cell-process.ts';
import { threeSitePlatform } from '../harness/platforms.ts';
import { StubModelServer } from '../harness/stub-model-server.ts';

let home: Awaited<ReturnType<typeof temporaryHome>>;
let stub: StubModelServer;
let cell: CellProcess;
let apiKey: string;

beforeAll(async () => {
  home = await temporaryHome();
  stub = await StubModelServer.start();
  cell = await CellProcess.start(home.path, { args: ['--no-demo'] });
  const urls = { ishikari: stub.url, tokyo: stub.url, overseas: stub.url };
  await cell.admin('POST', '/platform/apply', { platform: threeSitePlatform(urls) });
  apiKey = await cell.createKey('ministry', 'in-japan');
});

afterAll(async () => {
  await cell?.stop();
  await stub?.kill();
  await home?.remove();
});

const chat = async (model: string, more: object = {}): Promise<number> => {
  const answer = await fetch(`${cell.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${apiKey}` },
    body: JSON.stringify({ model, messages: [{ role: 'user', content: 'hello' }], ...more }),
  });
  await answer.text();
  return answer.status;
};

test('the log of a tenant, over HTTP and, after a restart, as a folder that continues it', async () => {
  for (let n = 0; n < 20; n++) expect(await chat('stub')).toBe(200);
  expect(await chat('stub', { stream: true })).toBe(200);
  expect(await chat('stub-overseas')).toBe(403);

  const keyFile = join(home.path, '..', 'api.key');
  await writeFile(keyFile, apiKey);
  const keys = ['--key', join(home.path, 'cell.vkey'), '--json'];
  const address = `${cell.url}/ledger/ministry`;
  const live = await sekisho(['audit', address, '--api-key-file', keyFile, ...keys]);
  expect(live).toMatchObject({ code: 0, stderr: '' });

  const folder = join(home.path, 'ledger', 'logs', 'ministry');
  const before = join(home.path, '..', 'checkpoint.before');
  await copyFile(join(folder, 'checkpoint'), before);
  expect(await cell.stop()).toBe(0);
  cell = await CellProcess.start(home.path, { args: ['--no-demo'] });
  expect(await chat('stub')).toBe(200);
  expect(await cell.stop()).toBe(0);

  const copied = await sekisho(['audit', folder, '--older', before, ...keys]);
  expect(copied).toMatchObject({ code: 0, stderr: '' });
  expect(JSON.parse(copied.stdout)).toMatchObject({
    verdict: 'clean',
    logs: [ministryReport],
  });
  const whole = await sekisho(['audit', home.path, ...keys]);
  expect(whole).toMatchObject({ code: 0, stderr: '' });
  expect(JSON.parse(whole.stdout)).toMatchObject({
    logs: [
      { log: { origin: expect.stringMatching(/\/cell$/) as unknown }, verdict: 'clean', anchors: null },
      { verdict: 'clean', anchors: { mismatches: 0, beyond: 0, compared: expect.any(Number) as unknown } },
    ],
  });
});

const ministryReport = {
  verdict: 'clean',
  findings: [],
  kinds: { genesis: 1, intent: 23, outcome: 23 },
  open: { total: 0 },
  undecided: { total: 0 },
  tiles: { compared: 1, missing: 0 },
  continues: [expect.any(Number) as unknown],
  usage: [{ workspace: 'in-japan', model: 'stub', crossings: 22 }],
};
