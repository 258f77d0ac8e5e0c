/** A started cell whose keys are rotated, retired and disowned by an operator while people chat. */
import { readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LogKeyList, LogKeySummary } from '@sekisho/contract';
import { parseNote, parseVerifierKeys, verifyAnyReceipt } from '@sekisho/proof';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sekisho } from '../cli/run-command.ts';
import { CellProcess, temporaryHome } from '../harness/cell-process.ts';
import { threeSitePlatform } from '../harness/platforms.ts';
import { StubModelServer } from '../harness/stub-model-server.ts';

const TENANT = 'ministry';
const FORMS = ['sekisho-receipt', 'tlog-proof', 'cose'] as const;

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
  apiKey = await cell.createKey(TENANT, 'in-japan');
});
afterAll(async () => {
  await cell?.kill();
  await stub?.kill();
  await home?.remove();
});

const bearer = () => ({ authorization: `Bearer ${apiKey}` });

/** The id of a crossing that was answered. */
async function chat(): Promise<string> {
  const answer = await fetch(`${cell.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...bearer() },
    body: JSON.stringify({ model: 'stub', messages: [{ role: 'user', content: 'hello' }] }),
  });
  await answer.text();
  expect(answer.status).toBe(200);
  return answer.headers.get('x-sekisho-receipt')!;
}

async function receipts(crossing: string): Promise<Uint8Array[]> {
  return Promise.all(
    FORMS.map(async (format) => {
      const answer = await fetch(`${cell.url}/v1/receipts/${crossing}?format=${format}`, {
        headers: bearer(),
      });
      expect(answer.status).toBe(200);
      return new Uint8Array(await answer.arrayBuffer());
    }),
  );
}

const keyFile = (): Promise<string> => readFile(join(home.path, 'cell.vkey'), 'utf8');
const onlyKey = (vkey: string) => parseVerifierKeys(vkey);
const verdicts = (of: readonly Uint8Array[], keys: string): string[] =>
  of.map((bytes) => {
    const verdict = verifyAnyReceipt(bytes, parseVerifierKeys(keys, { withCompromised: true }));
    return verdict.verdict === 'valid' ? 'valid' : verdict.code;
  });
const listed = async () => {
  const { keys } = LogKeyList.parse(await cell.admin('GET', '/log-keys'));
  return keys.filter(({ log }) => log === TENANT);
};
const act = async (path: string, body: unknown): Promise<LogKeySummary> =>
  LogKeySummary.parse(await cell.admin('POST', `/log-keys/${TENANT}/${path}`, body));
const refusal = (path: string, body: unknown): Promise<string> =>
  act(path, body).then(
    () => 'taken',
    (error: unknown) => /"code":"(\w+)"/.exec(String(error))?.[1] ?? String(error),
  );

test('old receipts stay valid, those in overlap are valid with either key, a lost key is named', async () => {
  const before = await receipts(await chat());
  const fileBefore = await keyFile();

  // Rotated while people chat.
  const [young, ...during] = await Promise.all([act('rotate', {}), ...Array.from({ length: 12 }, chat)]);
  const overlap = await receipts(during[0]!);
  const [old] = await listed();
  expect((await listed()).map(({ state }) => state)).toEqual(['signing', 'signing']);
  expect(verdicts(overlap, old!.verifierKey)).toEqual(['valid', 'valid', 'cose_unsigned']);
  expect(verdicts(overlap, young.verifierKey)).toEqual(['valid', 'valid', 'valid']);
  expect(verdicts(overlap, fileBefore).slice(0, 2)).toEqual(['valid', 'valid']);

  // Retired, but not before its time, and never the last one.
  expect(await refusal('retire', { keyId: old!.keyId, overlapSecondsMin: 86_400 })).toBe('log_key_refused');
  await Promise.all([act('retire', { keyId: old!.keyId }), chat(), chat()]);
  expect(await refusal('retire', { keyId: young.keyId })).toBe('log_key_refused');
  expect(await refusal('retire', { keyId: '00000000' })).toBe('not_found');
  const after = await receipts(await chat());
  const served = await (await fetch(`${cell.url}/ledger/cell.vkey`)).text();
  expect(served).toBe(await keyFile());
  for (const each of [before, overlap, after])
    expect(verdicts(each, served)).toEqual(FORMS.map(() => 'valid'));
  expect(verdicts(after, fileBefore)).toEqual(['note_unsigned', 'note_unsigned', 'cose_unsigned']);

  // A restart signs with the same keys; what was retired has left nothing to sign with.
  await cell.kill();
  cell = await CellProcess.start(home.path, { args: ['--no-demo'] });
  expect((await listed()).map(({ state }) => state)).toEqual(['retired', 'signing']);
  const crossing = await chat();
  expect(verdicts(await receipts(crossing), young.verifierKey)).toEqual(FORMS.map(() => 'valid'));

  // The key that signs is lost: another takes its place at once.
  const lost = await act('compromised', { keyId: young.keyId, trustedToSize: 1 });
  expect(lost.state).toBe('compromised');
  expect((await listed()).map(({ state }) => state)).toEqual(['retired', 'compromised', 'signing']);
  const fresh = await keyFile();
  expect(verdicts(after, fresh)).toEqual(FORMS.map(() => 'key_compromised'));
  // In overlap the other key signed as well; the COSE form has one signature alone.
  expect(verdicts(overlap, fresh)).toEqual(['valid', 'valid', 'key_compromised']);
  expect(verdicts(before, fresh)).toEqual(FORMS.map(() => 'valid'));
  expect(parseVerifierKeys(fresh).every(({ mark }) => mark?.state !== 'compromised')).toBe(true);

  // Who is affected, and fresh receipts for them.
  const folder = `${home.path}-reissued`;
  const env = { SEKISHO_URL: cell.url, SEKISHO_ADMIN_KEY: await cell.adminKey() };
  const asked = await sekisho(['log-keys', 'affected', TENANT, young.keyId, '--reissue', folder, '--json'], {
    env,
  });
  expect({ code: asked.code, stderr: asked.stderr }).toEqual({ code: 0, stderr: '' });
  const { crossings } = JSON.parse(asked.stdout) as { crossings: { crossing: string }[] };
  const ids = crossings.map((each) => each.crossing);
  expect(ids).toContain(crossing);
  expect(ids).not.toContain(during[0]);
  expect((await readdir(folder)).sort()).toEqual(ids.map((id) => `${id}.json`).sort());
  for (const id of ids) {
    expect(verdicts([await readFile(join(folder, `${id}.json`))], fresh)).toEqual(['valid']);
  }
  const csv = await sekisho(['log-keys', 'affected', TENANT, young.keyId, '--csv'], { env });
  expect(csv.stdout.trim().split('\r\n')).toHaveLength(ids.length + 1);

  // The log tells it all to somebody who has only the first key.
  await writeFile(`${home.path}.vkey`, fresh);
  const audited = await sekisho(
    ['audit', join(home.path, 'ledger', 'logs', TENANT), '--key', `${home.path}.vkey`, '--json'],
    {},
  );
  expect({ code: audited.code, told: audited.code === 0 ? '' : audited.stdout }).toEqual({
    code: 0,
    told: '',
  });
}, 180_000);

test('the keys of the cell’s own log rotate too, and the command line says it in both languages', async () => {
  const env = { SEKISHO_URL: cell.url, SEKISHO_ADMIN_KEY: await cell.adminKey() };
  const run = async (...args: string[]) => {
    const { code, stdout, stderr } = await sekisho(['log-keys', ...args], { env });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    return stdout;
  };
  const rotated = LogKeySummary.parse(JSON.parse(await run('rotate', 'cell', '--json')));
  expect(await keyFile()).toContain(rotated.verifierKey);
  expect(onlyKey(rotated.verifierKey)).toHaveLength(1);
  const checkpoint = await fetch(`${cell.url}/ledger/cell/checkpoint`, {
    headers: { authorization: `Bearer ${await cell.adminKey()}` },
  });
  expect(parseNote(await checkpoint.text()).signatures).toHaveLength(2);
  for (const language of ['ja', 'en']) {
    expect(await run('list', '--lang', language)).toContain(rotated.keyId);
  }
  const [first] = LogKeyList.parse(await cell.admin('GET', '/log-keys')).keys;
  expect(await run('retire', 'cell', first!.keyId, '--lang', 'en')).toContain(first!.keyId);
  const bad = await sekisho(['log-keys', 'rotate', '../cell', '--json'], { env });
  expect([bad.code, JSON.parse(bad.stderr)]).toMatchObject([2, { error: { code: 'usage' } }]);
});
