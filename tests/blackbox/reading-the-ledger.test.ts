/** What a started cell shows of its ledger: receipts in three forms, and the log itself to those who may read it. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseVerifierKeys, verifyAnyReceipt, verifyCheckpoint } from '@sekisho/proof';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CellProcess, temporaryHome } from '../harness/cell-process.ts';
import { threeSitePlatform } from '../harness/platforms.ts';
import { StubModelServer } from '../harness/stub-model-server.ts';

let home: Awaited<ReturnType<typeof temporaryHome>>;
let stub: StubModelServer;
let cell: CellProcess;
let apiKey: string;
let crossing: string;

const keys = async () => parseVerifierKeys(await readFile(join(home.path, 'cell.vkey'), 'utf8'));
const get = (path: string, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(`${cell.url}${path}`, { headers });
const bearer = (key: string): Record<string, string> => ({ authorization: `Bearer ${key}` });

beforeAll(async () => {
  home = await temporaryHome();
  stub = await StubModelServer.start();
  cell = await CellProcess.start(home.path, { args: ['--no-demo'] });
  const urls = { ishikari: stub.url, tokyo: stub.url, overseas: stub.url };
  await cell.admin('POST', '/platform/apply', { platform: threeSitePlatform(urls) });
  apiKey = await cell.createKey('ministry', 'in-japan');
  const answer = await fetch(`${cell.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...bearer(apiKey) },
    body: JSON.stringify({ model: 'stub', messages: [{ role: 'user', content: 'hello' }] }),
  });
  expect(answer.status).toBe(200);
  crossing = answer.headers.get('x-sekisho-receipt')!;
});

afterAll(async () => {
  await cell?.stop();
  await stub?.kill();
  await home?.remove();
});

describe('a receipt', () => {
  const json = 'application/json; charset=utf-8';
  const text = 'text/x.tlog-proof; charset=utf-8';
  const cose = 'application/cose; cose-type="cose-sign1"';

  test.each([
    ['sekisho-receipt', '', '*/*', json],
    ['sekisho-receipt', '?format=sekisho-receipt', 'application/cose', json],
    ['tlog-proof', '?format=tlog-proof', '*/*', text],
    ['tlog-proof', '', 'text/x.tlog-proof', text],
    ['cose', '?format=cose', '*/*', cose],
    ['cose', '', 'text/html, application/cose;q=0.9', cose],
  ])('as %s, asked by "%s" and Accept: %s', async (form, query, accept, type) => {
    const response = await get(`/v1/receipts/${crossing}${query}`, { ...bearer(apiKey), accept });
    expect([response.status, response.headers.get('content-type')]).toEqual([200, type]);
    const verdict = verifyAnyReceipt(new Uint8Array(await response.arrayBuffer()), await keys());
    expect(verdict).toMatchObject({
      form,
      verdict: 'valid',
      receipt: { id: crossing, statement: { crossing, tenant: 'ministry', result: 'completed' } },
      checkpoint: { origin: 'demo.sekisho.example/ledger/ministry' },
    });
  });

  test.each([
    ['?format=pdf', 'invalid_request'],
    ['?format=cose&format=cose', 'invalid_request'],
    ['?form=cose', 'unsupported_parameter'],
  ])('asked by "%s" is refused: %s', async (query, code) => {
    const response = await get(`/v1/receipts/${crossing}${query}`, bearer(apiKey));
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { code } });
  });
});

describe('the log', () => {
  const path = '/ledger/ministry/checkpoint';

  test('is shown to the tenant and the operator, by default to nobody else', async () => {
    const response = await get(path, bearer(apiKey));
    const { origin, size } = verifyCheckpoint(await response.text(), await keys());
    expect([origin, size > 2]).toEqual(['demo.sekisho.example/ledger/ministry', true]);
    expect((await get(path, bearer(await cell.adminKey()))).status).toBe(200);
    expect((await get('/ledger/cell/checkpoint', bearer(apiKey))).status).toBe(404);
    expect((await get(path)).status).toBe(401);
    expect((await get('/ledger/cell.vkey')).status).toBe(200);
  });

  test('is shown to anyone after a start with --ledger-reading public', async () => {
    expect(await cell.stop()).toBe(0);
    cell = await CellProcess.start(home.path, { args: ['--no-demo', '--ledger-reading', 'public'] });
    const response = await get(path);
    expect(verifyCheckpoint(await response.text(), await keys()).origin).toMatch(/\/ledger\/ministry$/);
    expect((await get('/ledger/cell/tile/entries/000.p/1')).status).toBe(200);
  });
});
