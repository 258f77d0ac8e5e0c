import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ed25519NoteSigner, formatVerifierKeys } from '@sekisho/proof';
import type { KeyMark } from '@sekisho/proof';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sekishoInProcess } from './run-in-process.ts';
import { signedReceipt } from './signed-receipt.ts';

/** Of a tree of two leaves. */
const { bytes, verifierKey } = signedReceipt(Buffer.from('a question'));
const [name = '', keyId] = verifierKey.split('+');
const newer = ed25519NoteSigner(name, new Uint8Array(32).fill(8)).verifierKey;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sekisho-marks-'));
  await writeFile(join(folder, 'receipt.json'), bytes);
});
afterAll(() => rm(folder, { recursive: true }));

async function verify(mark: KeyMark | undefined, ...options: string[]) {
  const marked = mark === undefined ? { verifierKey } : { verifierKey, mark };
  await writeFile(join(folder, 'cell.vkey'), formatVerifierKeys('keys', [marked, { verifierKey: newer }]));
  const files = [join(folder, 'receipt.json'), '--key', join(folder, 'cell.vkey')];
  return sekishoInProcess(['verify', ...files, ...options], { env: {}, cwd: folder, language: 'en' });
}

test.each([
  ['in force', undefined, [], 0, { signedBy: [{ keyId, state: 'signing' }] }],
  ['retired later', { state: 'retired', toSize: 2 }, [], 0, { signedBy: [{ keyId, state: 'retired' }] }],
  ['retired before', { state: 'retired', toSize: 1 }, [], 1, { code: 'key_retired' }],
  ['compromised', { state: 'compromised', trustedToSize: 2 }, [], 1, { code: 'key_compromised' }],
  [
    'compromised, at the word of the file',
    { state: 'compromised', trustedToSize: 2 },
    ['--within-trusted-size'],
    0,
    { signedBy: [{ keyId, state: 'compromised' }] },
  ],
  [
    'compromised, beyond the word of the file',
    { state: 'compromised', trustedToSize: 1 },
    ['--within-trusted-size'],
    1,
    { verdict: 'invalid' },
  ],
] as const)('a receipt whose only key is %s', async (_, mark, options, code, answer) => {
  const shown = await verify(mark, '--json', ...options);
  expect(shown.code).toBe(code);
  expect(JSON.parse(shown.stdout)).toMatchObject(answer);
});

test('a person reads which key signed, and that it signs no more', async () => {
  const { stdout } = await verify({ state: 'retired', toSize: 2 });
  expect(stdout).toContain(`${keyId} (retired)`);
});
