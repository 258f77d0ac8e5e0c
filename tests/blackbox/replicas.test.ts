/** Two processes are one cell: on one database, one folder of tiles and one keystore. */
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sekisho } from '../cli/run-command.ts';
import { CellProcess, temporaryHome } from '../harness/cell-process.ts';
import { startLoad } from '../harness/load.ts';
import { readLog } from '../harness/log-folder.ts';
import { threeSitePlatform } from '../harness/platforms.ts';
import { startSharedCell, type SharedCell } from '../harness/shared-cell.ts';
import { StubModelServer } from '../harness/stub-model-server.ts';

let shared: SharedCell;
let homes: Awaited<ReturnType<typeof temporaryHome>>[];
let stub: StubModelServer;
let one: CellProcess;
let two: CellProcess;

beforeAll(async () => {
  shared = await startSharedCell();
  homes = [await temporaryHome(), await temporaryHome()];
  stub = await StubModelServer.start({ chunks: 5, pauseMs: 20 });
  // The first makes the keystore.
  one = await CellProcess.start(homes[0]!.path, { args: shared.args });
  two = await CellProcess.start(homes[1]!.path, { args: shared.args });
}, 60_000);

afterAll(async () => {
  await one?.kill();
  await two?.kill();
  await stub?.kill();
  await shared?.stop();
  for (const home of homes ?? []) await home.remove();
});

const chat = async (cell: CellProcess, apiKey: string): Promise<{ status: number; crossing: string }> => {
  const answer = await fetch(`${cell.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${apiKey}` },
    body: JSON.stringify({ model: 'stub', messages: [{ role: 'user', content: 'hello' }] }),
  });
  await answer.text();
  return { status: answer.status, crossing: answer.headers.get('x-sekisho-receipt') ?? '' };
};
const receiptStatus = async (cell: CellProcess, apiKey: string, crossing: string): Promise<number> => {
  const path = `${cell.url}/v1/receipts/${crossing}`;
  const answer = await fetch(path, { headers: { authorization: `Bearer ${apiKey}` } });
  await answer.arrayBuffer();
  return answer.status;
};

test('what one applies, makes and revokes holds in the other; receipts are had from either', async () => {
  const urls = { ishikari: stub.url, tokyo: stub.url, overseas: stub.url };
  await one.admin('POST', '/platform/apply', { platform: threeSitePlatform(urls) });
  const apiKey = await one.createKey('ministry', 'in-japan');
  await expect.poll(async () => (await chat(two, apiKey)).status, { timeout: 10_000 }).toBe(200);

  for (const [carrier, other] of [
    [one, two],
    [two, one],
  ] as const) {
    const { status, crossing } = await chat(carrier, apiKey);
    expect(status).toBe(200);
    expect(await receiptStatus(carrier, apiKey, crossing)).toBe(200);
    expect(await receiptStatus(other, apiKey, crossing)).toBe(200);
  }

  const [, keyId] = /^sk-sekisho-([0-9a-f]{12})-/.exec(apiKey)!;
  await two.admin('POST', `/keys/${keyId}/revoke`);
  await expect.poll(async () => (await chat(one, apiKey)).status, { timeout: 10_000 }).toBe(401);
});

test('one is killed under load: the other closes what it left open, once, and nothing else', async () => {
  const apiKey = await two.createKey('ministry', 'in-japan');
  await expect.poll(async () => (await chat(one, apiKey)).status, { timeout: 10_000 }).toBe(200);
  const acknowledged: string[] = [];
  const loads = [one, two].map((cell) =>
    startLoad({
      url: cell.url,
      apiKey,
      model: 'stub',
      concurrency: 8,
      onAnswer: ({ status, complete, crossing }) => {
        if (status === 200 && complete && crossing !== undefined) acknowledged.push(crossing);
      },
    }),
  );
  await expect.poll(() => acknowledged.length, { timeout: 20_000 }).toBeGreaterThan(60);
  // It started first, so it integrates.
  await one.kill();
  await loads[0]!.stop();
  const atKill = acknowledged.length;
  await expect.poll(() => acknowledged.length, { timeout: 20_000 }).toBeGreaterThan(atKill + 60);
  await loads[1]!.stop();

  const interrupted = async (): Promise<number> => {
    const found = await two.admin('GET', '/crossings?result=interrupted&limit=50');
    return (found as { crossings: unknown[] }).crossings.length;
  };
  await expect.poll(interrupted, { timeout: 30_000, interval: 500 }).toBeGreaterThan(0);
  const home = homes[1]!.path;
  expect(await two.stop()).toBe(0);

  await copyFile(join(home, 'cell.vkey'), join(shared.folder, 'cell.vkey'));
  const { entries } = await readLog(shared.folder, 'ministry');
  const intents = entries.flatMap((entry) => (entry.kind === 'intent' ? [entry.crossing] : []));
  const outcomes = entries.flatMap((entry) => (entry.kind === 'outcome' ? [entry] : []));
  expect(new Set(intents).size).toBe(intents.length);
  expect(outcomes.map(({ crossing }) => crossing).toSorted()).toEqual(intents.toSorted());
  const completed = new Set(
    outcomes.flatMap(({ crossing, result }) => (result === 'completed' ? [crossing] : [])),
  );
  expect(acknowledged.filter((crossing) => !completed.has(crossing))).toEqual([]);
  expect(outcomes.filter(({ result }) => result === 'interrupted').length).toBeLessThanOrEqual(8);

  const keys = ['--key', join(home, 'cell.vkey'), '--json'];
  const audit = await sekisho(['audit', join(shared.logs, 'ministry'), ...keys]);
  expect(audit).toMatchObject({ code: 0, stderr: '' });
  expect(JSON.parse(audit.stdout)).toMatchObject({ verdict: 'clean' });
}, 120_000);

test('is not started without what replicas must share, and names each missing setting', async () => {
  const { code, output } = await CellProcess.startAndEnd(homes[0]!.path, {
    args: ['--ledger-storage', 'shared'],
  });
  expect(code).toBe(1);
  for (const setting of ['database-url', 'keys-folder', 'passphrase-file', 'ledger-bucket']) {
    expect(output).toContain(setting);
  }
});
