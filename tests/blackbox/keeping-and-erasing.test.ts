/** Payloads that policy wants kept, until somebody erases them: then nothing on the disk opens anything. */
import { createHmac } from 'node:crypto';
import { copyFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ErasurePlan, ErasureResult, Receipt, RetentionReport } from '@sekisho/contract';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sekisho } from '../cli/run-command.ts';
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
});

afterAll(async () => {
  await cell?.stop();
  await stub?.kill();
  await home?.remove();
});

async function chat(
  content: string,
  stream = false,
): Promise<{ crossing: string; body: string; answer: string }> {
  const body = JSON.stringify({ model: 'stub', stream, messages: [{ role: 'user', content }] });
  const response = await fetch(`${cell.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${apiKey}` },
    body,
  });
  const answer = await response.text();
  expect(response.status).toBe(200);
  return { crossing: response.headers.get('x-sekisho-receipt') ?? '', body, answer };
}

async function receipt(crossing: string): Promise<Receipt> {
  const response = await fetch(`${cell.url}/v1/receipts/${crossing}`, {
    headers: { authorization: `Bearer ${apiKey}` },
  });
  const text = await response.text();
  await writeFile(join(home.path, '..', `${crossing}.json`), text);
  return Receipt.parse(JSON.parse(text));
}

const verified = async (crossing: string): Promise<unknown> => {
  const file = join(home.path, '..', `${crossing}.json`);
  const { code } = await sekisho(['verify', file, '--key', join(home.path, 'cell.vkey'), '--json']);
  return code;
};
const salts = ({ openings }: Receipt): Buffer[] =>
  Object.values(openings).map((salt) => Buffer.from(salt ?? '', 'base64'));
const report = async (): Promise<RetentionReport> =>
  RetentionReport.parse(await cell.admin('GET', '/retention'));

test('a kept crossing is sealed, listed in its receipt, reported, held, and erased without a trace', async () => {
  const kept = await chat('職員番号 48-1516 の相談です');
  const streamed = await chat('stream this secret: 23-42', true);
  const stays = await chat('this one stays');
  const before = await receipt(kept.crossing);
  const streamedBefore = await receipt(streamed.crossing);
  const staysBefore = await receipt(stays.crossing);

  // The receipt lists the cell's copy, and opens.
  expect(before.statement.carried?.copies).toContainEqual({
    kind: 'storage',
    site: 'ishikari',
    place: '012351',
    operator: 'Test Operator',
    operatorCountry: 'JP',
  });
  const opened = createHmac('sha256', Buffer.from(before.openings.requestSalt!, 'base64')).update(kept.body);
  expect(before.statement.request.commitment).toBe(`hmac-sha256:${opened.digest('hex')}`);

  // Nothing of the text lies open, though it is kept: and the salts do lie there.
  const texts = [kept.body, kept.answer, '48-1516', '23-42'].map((text) => Buffer.from(text));
  expect(await filesHolding([home.path], texts)).toEqual([]);
  const erasedSalts = [...salts(before), ...salts(streamedBefore)];
  expect(erasedSalts).toHaveLength(4);
  expect(await filesHolding([home.path], erasedSalts)).not.toEqual([]);
  const answerBytes = streamed.answer
    .split('\n')
    .filter((line) => line.startsWith('data: {'))
    .map((line) => `${line.slice(6)}\n`)
    .join('');
  expect((await report()).rows).toMatchObject([
    { dataClass: 'confidentiality-2', kind: 'answer', count: 3, days: 30 },
    {
      dataClass: 'confidentiality-2',
      kind: 'request',
      count: 3,
      bytes: [kept, streamed, stays].reduce((sum, { body }) => sum + Buffer.byteLength(body), 0),
    },
    { kind: 'salts', count: 3, bytes: 3 * 96 },
  ]);
  expect((await report()).cell).toMatchObject({ site: 'ishikari', place: '012351' });
  expect(answerBytes).not.toBe('');

  // A hold forbids it, whoever asks, until it is released.
  const selection = { crossings: [kept.crossing, streamed.crossing] };
  await cell.admin('POST', '/holds', {
    tenant: 'ministry',
    hold: 'case-7',
    scope: { crossing: kept.crossing },
  });
  expect(ErasurePlan.parse(await cell.admin('POST', '/erasures/plan', { selection }))).toMatchObject({
    crossings: 2,
    payloads: 4,
    holds: [{ tenant: 'ministry', hold: 'case-7' }],
  });
  await expect(cell.admin('POST', '/erasures', { selection })).rejects.toThrow(/409.*hold_in_force.*case-7/);
  await expect(
    cell.admin('POST', '/holds', { tenant: 'ministry', hold: 'case-7', scope: {} }),
  ).rejects.toThrow(/409.*hold_exists/);
  await cell.admin('POST', '/holds/release', { tenant: 'ministry', hold: 'case-7' });

  const older = join(home.path, '..', 'checkpoint.before');
  await copyFile(join(home.path, 'ledger', 'logs', 'ministry', 'checkpoint'), older);
  const erased = ErasureResult.parse(await cell.admin('POST', '/erasures', { selection }));
  expect(erased).toMatchObject({
    crossings: 2,
    more: false,
    pending: [],
    entries: [{ tenant: 'ministry', crossings: 2 }],
  });

  // While the cell still runs: no salt, no text, no sealed payload anywhere in its home.
  expect(await filesHolding([home.path], [...erasedSalts, ...texts])).toEqual([]);
  expect(await filesHolding([home.path], salts(staysBefore))).not.toEqual([]);
  expect((await report()).rows).toMatchObject([{ count: 1 }, { count: 1 }, { kind: 'salts', count: 1 }]);
  const after = await receipt(kept.crossing);
  expect(after).toMatchObject({ statement: before.statement, openings: {} });
  expect(after.openings).toEqual({});
  expect(await verified(kept.crossing)).toBe(0);
  expect((await receipt(stays.crossing)).openings).toEqual(staysBefore.openings);

  // Again is no error, and erases nothing.
  expect(await cell.admin('POST', '/erasures', { selection })).toMatchObject({ crossings: 0, entries: [] });

  // After a restart, nothing has come back, and the log continues the checkpoint from before.
  expect(await cell.stop()).toBe(0);
  expect(await filesHolding([home.path], [...erasedSalts, ...texts])).toEqual([]);
  const log = await readLog(home.path, 'ministry');
  expect(log.entries.filter(({ kind }) => kind === 'erasure')).toMatchObject([
    { principal: 'operator:admin', reason: 'request', crossings: [kept.crossing, streamed.crossing] },
  ]);
  const audit = await sekisho([
    'audit',
    join(home.path, 'ledger', 'logs', 'ministry'),
    '--older',
    older,
    '--key',
    join(home.path, 'cell.vkey'),
    '--json',
  ]);
  expect(audit).toMatchObject({ code: 0, stderr: '' });
  expect(audit.stdout).toMatch(/"erasure":\s*1/);
  cell = await CellProcess.start(home.path, { args: ['--no-demo'] });
  expect((await receipt(kept.crossing)).openings).toEqual({});
}, 120_000);
