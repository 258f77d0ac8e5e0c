import { createHash, createHmac } from 'node:crypto';
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Receipt } from '@sekisho/contract';
import { parseVerifierKeys, verifyAnyReceipt } from '@sekisho/proof';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { displayWidth } from '../../packages/cli/src/terminal-width.ts';
import { sekisho } from './run-command.ts';
import { sekishoInProcess } from './run-in-process.ts';
import { signedReceipt } from './signed-receipt.ts';

const vector = (path: string): string => fileURLToPath(new URL(`../../vectors/${path}`, import.meta.url));
const keys = vector('cell.vkey');
const completed = vector('receipts/valid/completed.json');

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sekisho-verify-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** Nothing listens here: a command that asked the network would fail. */
const offline = { SEKISHO_URL: 'http://127.0.0.1:1' };
const verify = (args: readonly string[], more: { stdin?: Uint8Array; env?: Record<string, string> } = {}) =>
  sekisho(['verify', ...args], { cwd: folder, ...more, env: { ...offline, ...more.env } });

test.each(['ja', 'en'])(
  'a valid receipt says in %s who, what, where and under which policy',
  async (language) => {
    const { code, stdout, stderr } = await verify([completed, '--key', keys, '--lang', language]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const { statement, id } = Receipt.parse(JSON.parse(await readFile(completed, 'utf8')));
    const [copy] = statement.carried?.copies ?? [];
    const flat = stdout.replace(/\s+/g, '');
    for (const fact of [
      statement.principal,
      `${statement.tenant}/${statement.workspace}`,
      statement.subject,
      copy?.place,
      copy?.site,
      copy?.operator,
      `(${copy?.operatorCountry})`,
      statement.time,
      statement.policyDigest,
      `¥${statement.usage.amountYen}`,
      String(statement.usage.inputTokens),
      id,
    ]) {
      expect(flat).toContain(fact?.replace(/\s+/g, ''));
    }
    expect(stdout.split('\n').filter((line) => displayWidth(line) > 80)).toEqual([]);
  },
);

test('the receipt may come on stdin, and --json gives the verdict', async () => {
  const { code, stdout } = await verify(['-', '--key', keys, '--json'], { stdin: await readFile(completed) });
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({
    verdict: 'valid',
    checkpoint: { origin: expect.stringContaining('/ledger/') as unknown, size: 19 },
    payloads: {},
  });
});

test.each([
  ['tlog-proof', vector('tlog-proofs/valid/completed.tlog-proof'), 'tlog-proof'],
  ['COSE receipt', vector('cose/valid/completed.cose'), 'cose'],
])('a %s is told by its bytes, in a file or on stdin, and says the same', async (_, file, form) => {
  const { receipt } = JSON.parse((await verify([completed, '--key', keys, '--json'])).stdout) as {
    receipt: Receipt;
  };
  const shown = await verify(['-', '--key', keys, '--json'], { stdin: await readFile(file) });
  expect(shown.code).toBe(0);
  const { id, statement, inclusion } = receipt;
  expect(JSON.parse(shown.stdout)).toMatchObject({
    verdict: 'valid',
    form,
    receipt: { id, statement, inclusion, openings: {} },
    checkpoint: { size: 19 },
  });
  for (const language of ['ja', 'en']) {
    const { code, stdout } = await verify([file, '--key', keys, '--lang', language]);
    expect([code, stdout.includes(id)]).toEqual([0, true]);
    expect(stdout.split('\n').filter((line) => displayWidth(line) > 80)).toEqual([]);
  }
  // It carries no salts: the text can be neither confirmed nor denied.
  const judged = await verify([file, '--key', keys, '--request', completed, '--json']);
  expect([judged.code, JSON.parse(judged.stdout)]).toMatchObject([1, { payloads: { request: 'no_salt' } }]);
});

test.each([
  ['tlog-proofs/invalid/statement-changed.tlog-proof', 'proof_root_mismatch'],
  ['tlog-proofs/invalid/extra-not-json.tlog-proof', 'receipt_malformed'],
  ['cose/invalid/hash-changed.cose', 'cose_signature_invalid'],
  ['cose/invalid/nested-too-deep.cose', 'cose_malformed'],
])('%s is refused: %s', async (path, code) => {
  const { code: exitCode, stdout } = await verify([vector(path), '--key', keys, '--json']);
  expect([exitCode, JSON.parse(stdout)]).toMatchObject([1, { verdict: 'invalid', code }]);
});

test('the key file of the data folder is the default', async () => {
  await copyFile(keys, join(folder, 'cell.vkey'));
  expect((await verify([completed], { env: { SEKISHO_HOME: folder } })).code).toBe(0);
  expect((await verify([completed, '--home', folder])).code).toBe(0);
});

test.each([
  'site-changed',
  'final-newline',
  'signature-removed',
  'not-utf-8',
  'empty',
  'other-tenants-crossing',
])('an invalid receipt, %s, says where and why', async (name) => {
  const verdicts = JSON.parse(await readFile(vector('verdicts.json'), 'utf8')) as Record<
    string,
    { code: string }
  >;
  const file = vector(`receipts/invalid/${name}.json`);
  const { code, stdout } = await verify([file, '--key', keys, '--json']);
  expect(code).toBe(1);
  const verdict = JSON.parse(stdout) as object;
  expect(verdict).toMatchObject({ code: verdicts[`receipts/invalid/${name}.json`]!.code });
  expect(verdict).toEqual(
    verifyAnyReceipt(await readFile(file), parseVerifierKeys(await readFile(keys, 'utf8'))),
  );
  const shown = await sekishoInProcess(['verify', file, '--key', keys], {
    env: {},
    cwd: folder,
    language: 'ja',
  });
  expect(shown.code).toBe(1);
  expect(shown.stdout).toMatch(/^無効 /);
});

describe('what the auditor holds', () => {
  const request = Buffer.from('{"model":"sekisho-mini"}');
  let receipt: string;
  let key: string;
  beforeAll(async () => {
    const signed = signedReceipt(request);
    receipt = join(folder, 'own.json');
    key = join(folder, 'own.vkey');
    await writeFile(receipt, signed.bytes);
    await writeFile(key, `${signed.verifierKey}\n`);
    await writeFile(join(folder, 'request.json'), request);
    await writeFile(join(folder, 'other.json'), '{"model":"another"}');
  });

  test.each([
    ['the text of the receipt', ['--request', 'request.json'], 0, { request: 'matches' }],
    ['another text', ['--request', 'other.json'], 1, { request: 'differs' }],
    ['an answer where there was none', ['--answer', 'request.json'], 1, { answer: 'no_commitment' }],
  ])('%s', async (_, args, exitCode, payloads) => {
    const { code, stdout } = await verify([receipt, '--key', key, ...args, '--json']);
    expect(code).toBe(exitCode);
    expect(JSON.parse(stdout)).toMatchObject({ verdict: 'valid', payloads });
  });

  test('commitments are plain HMAC and SHA-256', async () => {
    const { statement, openings } = Receipt.parse(JSON.parse(await readFile(receipt, 'utf8')));
    const salt = Buffer.from(openings.requestSalt!, 'base64');
    const hmac = createHmac('sha256', salt).update(request).digest('hex');
    expect(statement.request.commitment).toBe(`hmac-sha256:${hmac}`);
    expect(statement.request.saltDigest).toBe(`sha256:${createHash('sha256').update(salt).digest('hex')}`);
  });
});

describe('exit code 2 where there is no verdict', () => {
  test.each([
    ['no receipt file', ['nowhere.json', '--key', keys], 'file_unreadable'],
    ['a folder', ['.', '--key', keys], 'file_unreadable'],
    ['no key file named', [completed, '--key', 'nowhere.vkey'], 'file_unreadable'],
    ['no default key file', [completed, '--home', 'nowhere'], 'verifier_key_missing'],
    ['a key file that is none', [completed, '--key', completed], 'verifier_key_invalid'],
    ['stdin twice', ['-', '--key', '-'], 'usage'],
    ['no request file', [completed, '--key', keys, '--request', 'nowhere'], 'file_unreadable'],
  ])('%s', async (_, args, expected) => {
    const { code, stdout, stderr } = await verify([...args, '--json']);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(JSON.parse(stderr)).toMatchObject({ error: { code: expected } });
  });
});
