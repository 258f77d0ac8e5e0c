/** Payloads that policy wants kept, until somebody erases them: then nothing on the disk opens anything. */
import { createHmac } from 'node:crypto';
import { copyFile, rename, rm, writeFile } from 'node:fs/promises';
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

test('a payload that cannot be kept stops the request before anything reaches a model server', async () => {
  await chat('kept before');
  const folder = join(home.path, 'payloads');
  await rename(folder, `${folder}-away`);
  await writeFile(folder, 'in the way');
  const asked = (await stub.counts()).requests;
  const response = await fetch(`${cell.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${apiKey}` },
    body: JSON.stringify({ model: 'stub', messages: [{ role: 'user', content: 'unkeepable' }] }),
  });
  expect(response.status).toBe(503);
  expect(await response.json()).toMatchObject({ error: { code: 'payload_unkeepable' } });
  expect((await stub.counts()).requests).toBe(asked);
  const { statement } = await receipt(response.headers.get('x-sekisho-receipt') ?? '');
  expect(statement).toMatchObject({ result: 'failed', status: 503 });
  expect(statement.carried).toBeUndefined();

  await rm(folder);
  await rename(`${folder}-away`, folder);
  await chat('kept again');
}, 60_000);

test('keeping is a copy: it is declared, judged by the boundary, and refused by name', async () => {
  const good = keepingPlatform(stub.url);
  const plan = (platform: unknown): Promise<unknown> => cell.admin('POST', '/platform/plan', { platform });
  const { cell: _nowhere, ...homeless } = good;
  await expect(plan(homeless)).rejects.toThrow(/422.*platform_invalid.*workspaces\.0\.retention/);
  await expect(plan({ ...good, cell: { site: 'osaka' } })).rejects.toThrow(
    /422.*platform_invalid.*cell\.site/,
  );
  // `overseas` is outside the boundary of every workspace; `process` alone is not enough.
  const abroad = { ...good, cell: { site: 'overseas' } };
  await expect(plan(abroad)).rejects.toThrow(
    /422.*platform_invalid.*retention\.payloads\.confidentiality-2.*overseas.*store\/outside/,
  );
  await expect(cell.admin('POST', '/platform/apply', { platform: abroad })).rejects.toThrow(/422/);
  const other = keepingPlatform(stub.url, { payloads: { 'my-number': { keep: ['answer'], days: 1 } } });
  await expect(plan(other)).rejects.toThrow(/422.*retention\.payloads\.my-number/);
  expect(await plan(good)).toMatchObject({ changes: [] });

  const explain = { tenant: 'ministry', workspace: 'in-japan', model: 'stub-tokyo' };
  expect(await cell.admin('POST', '/explain', explain)).toMatchObject({
    decision: 'allow',
    endpoints: [{ copies: [{ kind: 'processing' }, { kind: 'log' }, { kind: 'storage', site: 'ishikari' }] }],
  });
  const elsewhere = await cell.admin('POST', '/explain', { ...explain, workspace: 'in-hokkaido' });
  expect(JSON.stringify(elsewhere)).not.toContain('"storage"');
}, 60_000);

test('the command shows what it would erase, asks, and reports what is kept', async () => {
  const crossing = await chat('by the command');
  const env = { SEKISHO_URL: cell.url, SEKISHO_ADMIN_KEY: await cell.adminKey() };
  const run = (...args: string[]) => sekisho(args, { env });
  // Nobody is there to be asked.
  expect(await run('erase', '--crossing', crossing.crossing)).toMatchObject({ code: 2 });
  expect((await run('erase', '--tenant', 'ministry')).code).toBe(2);
  expect((await receipt(crossing.crossing)).openings).not.toEqual({});

  const placed = await run('holds', 'place', 'case-8', '--tenant', 'ministry', '--from', '2026-01-01');
  expect(placed).toMatchObject({ code: 0, stderr: '' });
  expect((await run('holds', 'list')).stdout).toContain('ministry/case-8');
  const held = await run('erase', '--crossing', crossing.crossing, '--yes');
  expect(held.code).toBe(2);
  expect(held.stdout + held.stderr).toContain('ministry/case-8');
  expect((await run('retention')).stdout).toContain('case-8');
  expect((await run('retention', '--csv')).stdout).toMatch(
    /tenant,workspace,dataClass.*\r\nministry,in-japan/,
  );
  expect((await run('holds', 'release', 'case-8', '--tenant', 'ministry')).code).toBe(0);

  const erased = await run(
    'erase',
    '--tenant',
    'ministry',
    '--workspace',
    'in-japan',
    '--before',
    '2100-01-01',
    '--yes',
    '--json',
  );
  expect(erased.code).toBe(0);
  expect(ErasureResult.parse(JSON.parse(erased.stdout)).crossings).toBeGreaterThan(0);
  expect(JSON.parse((await run('retention', '--json')).stdout)).toMatchObject({ rows: [], pending: [] });
  expect((await run('retention', '--lang', 'ja')).stdout).toContain('何も保管していません');
}, 90_000);
