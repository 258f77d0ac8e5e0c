import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Receipt } from '@sekisho/contract';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { displayWidth } from '../../packages/cli/src/terminal-width.ts';
import { sekishoInProcess } from './run-in-process.ts';
import { StandInCell } from './stand-in-cell.ts';

const vector = (path: string): string =>
  fileURLToPath(new URL(`../../vectors/witnessed/${path}`, import.meta.url));
const keys = vector('cell.vkey');
const policy = vector('two-of-three.policy');
const witnessed = vector('receipts/valid/two-witnesses.json');
const oneWitness = vector('receipts/invalid/one-witness.json');

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sekisho-verify-'));
});
afterAll(() => rm(folder, { recursive: true }));

const verify = (args: readonly string[], language: 'ja' | 'en' = 'en') =>
  sekishoInProcess(['verify', ...args, '--key', keys], { env: {}, cwd: folder, language });
const verdictOf = (shown: { readonly stdout: string }): unknown => JSON.parse(shown.stdout);

test.each(['ja', 'en'] as const)(
  'a witnessed receipt shows in %s who cosigned and when, in Japan',
  async (language) => {
    const shown = await verify([witnessed, '--witness-policy', policy], language);
    expect([shown.code, shown.stderr]).toEqual([0, '']);
    expect(shown.stdout).toContain('north  2026-04-01 09:00:02 JST');
    expect(shown.stdout).toContain('south  2026-04-01 09:00:03 JST');
    expect(shown.stdout.replace(/\s+/g, '')).toContain('cell.example.jp/ledger/cell');
    expect(shown.stdout.split('\n').filter((line) => displayWidth(line) > 80)).toEqual([]);
  },
);

test('as JSON: the cosigned tree, and who cosigned it', async () => {
  const judged = await verify([witnessed, '--witness-policy', policy, '--json']);
  expect([judged.code, verdictOf(judged)]).toMatchObject([
    0,
    {
      verdict: 'valid',
      witnessed: {
        checkpoint: { origin: 'cell.example.jp/ledger/cell', size: 6 },
        anchor: { index: 3 },
        quorum: 'met',
        witnesses: [
          { witness: 'north', keyName: 'witness.north.example', timeSeconds: 1_775_001_602 },
          { witness: 'south', keyName: 'witness.south.example', timeSeconds: 1_775_001_603 },
        ],
      },
    },
  ]);
});

test('without a policy lines are named, and said to be unverified', async () => {
  const names = ['witness.north.example', 'witness.south.example'];
  const judged = await verify([witnessed, '--json']);
  expect([judged.code, verdictOf(judged)]).toMatchObject([
    0,
    { verdict: 'valid', witnessed: { quorum: 'not-judged', unverified: names } },
  ]);
  const shown = await verify([witnessed]);
  expect(shown.stdout).toContain('not verified');
  for (const name of names) expect(shown.stdout).toContain(name);
});

test.each([
  ['too few witnesses', oneWitness, 'quorum_not_met', ['north']],
  ['none at all', vector('receipts/invalid/not-witnessed.json'), 'not_witnessed', []],
  ['an anchor of a fork', vector('receipts/invalid/anchor-of-a-fork.json'), 'anchor_mismatch', undefined],
])('%s: exit code 1, and why', async (_, file, code, witnesses) => {
  const judged = await verify([file, '--witness-policy', policy, '--json']);
  expect([judged.code, verdictOf(judged)]).toMatchObject([
    1,
    { verdict: 'invalid', code, ...(witnesses && { witnesses: witnesses.map((witness) => ({ witness })) }) },
  ]);
  for (const language of ['ja', 'en'] as const) {
    const shown = await verify([file, '--witness-policy', policy], language);
    expect([shown.code, shown.stdout.includes(code)]).toEqual([1, true]);
    expect(shown.stdout.split('\n').filter((line) => displayWidth(line) > 80)).toEqual([]);
  }
});

test('a receipt that lacks witnesses is not called worthless, and one that is worthless is', async () => {
  expect((await verify([oneWitness, '--witness-policy', policy], 'ja')).stdout).toMatch(/^立会不足 /);
  const fork = vector('receipts/invalid/anchor-of-a-fork.json');
  expect((await verify([fork, '--witness-policy', policy], 'ja')).stdout).toMatch(/^無効 /);
});

describe('a pair of tlog-proofs', () => {
  const statement = vector('tlog-proofs/valid/two-witnesses.tlog-proof');
  const anchor = vector('tlog-proofs/valid/two-witnesses.anchor.tlog-proof');

  test('says the same as the receipt', async () => {
    const judged = await verify([statement, '--anchor', anchor, '--witness-policy', policy, '--json']);
    expect([judged.code, verdictOf(judged)]).toMatchObject([
      0,
      {
        form: 'tlog-proof',
        witnessed: { quorum: 'met', witnesses: [{ witness: 'north' }, { witness: 'south' }] },
      },
    ]);
  });

  test('that does not belong together is refused; without the second it is not witnessed', async () => {
    const other = vector('tlog-proofs/invalid/anchor-of-a-fork.anchor.tlog-proof');
    const judged = await verify([statement, '--anchor', other, '--json']);
    expect([judged.code, verdictOf(judged)]).toMatchObject([1, { code: 'anchor_mismatch' }]);
    const alone = await verify([statement, '--witness-policy', policy, '--json']);
    expect([alone.code, verdictOf(alone)]).toMatchObject([1, { code: 'not_witnessed' }]);
  });

  test('goes with no other form', async () => {
    const judged = await verify([witnessed, '--anchor', anchor, '--json']);
    expect([judged.code, JSON.parse(judged.stderr)]).toMatchObject([2, { error: { code: 'usage' } }]);
  });
});

test.each([
  ['no policy file there', 'nowhere.policy', 'file_unreadable'],
  ['a policy that is none', 'bad.policy', 'witness_policy_invalid'],
])('%s: exit code 2, no verdict', async (_, file, code) => {
  await writeFile(join(folder, 'bad.policy'), 'quorum nobody\n');
  const judged = await verify([witnessed, '--witness-policy', join(folder, file), '--json']);
  expect([judged.code, judged.stdout]).toEqual([2, '']);
  expect(JSON.parse(judged.stderr)).toMatchObject({ error: { code } });
});

test('receipts get --witnessed asks for nothing less, and says what the cell said', async () => {
  await using cell = await StandInCell.start();
  const served = await readFile(witnessed, 'utf8');
  const { id } = Receipt.parse(JSON.parse(served));
  const path = `GET /v1/receipts/${id}`;
  const get = (args: readonly string[]) =>
    sekishoInProcess(['receipts', 'get', id, ...args], { env: cell.env, cwd: folder, language: 'en' });
  cell.answers(path, served, { headers: { 'content-type': 'application/json' } });
  expect((await get([])).stdout).toBe(served);
  expect((await get(['--witnessed'])).stdout).toBe(served);
  expect(cell.received.map(({ query }) => query)).toEqual([{}, { witnessed: 'required' }]);

  const message = { ja: 'まだ揃っていません。', en: 'Not yet.' };
  const error = { message: 'Not yet.', code: 'receipt_not_witnessed', sekisho: { message, faults: [] } };
  cell.answers(path, { error }, { status: 503 });
  const { code, stdout, stderr } = await get(['--witnessed']);
  expect([code, stdout]).toEqual([2, '']);
  expect(stderr).toContain('[receipt_not_witnessed]');
});
