import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseReceipt, parseWitnessPolicy, tlogProofsOf } from '@sekisho/proof';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  sampleCosigner,
  sampleWitnessedReceipts,
  sampleWitnesses,
} from '../../packages/proof/src/testing/sample-witnessed.ts';
import { runGoProgram, whyGoIsMissing } from './go-program.ts';

// The full run needs Go, so there a missing Go fails instead of skipping.
const missing = process.env['SEKISHO_TEST_FULL'] === '1' ? undefined : await whyGoIsMissing();
const note = missing === undefined ? '' : ` (skipped: ${missing})`;

const vectors = resolve(import.meta.dirname, '../../vectors/witnessed');
const vector = (file: string): string => join(vectors, 'tlog-proofs', file);
const [tenantKey = '', cellKey = ''] = readFileSync(join(vectors, 'cell.vkey'), 'utf8').split('\n').slice(1);
const { north, east } = sampleWitnesses;

describe.skipIf(missing !== undefined)(`Go's sumdb verifies what leads to the witnesses${note}`, () => {
  const statement = vector('valid/two-witnesses.tlog-proof');
  const anchor = vector('valid/two-witnesses.anchor.tlog-proof');
  let folder: string;
  // The first build compiles the standard library too.
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'sekisho-anchored-'));
    await judge(statement, anchor);
  }, 180_000);
  afterAll(() => rmSync(folder, { recursive: true }));

  const judge = (first: string, second: string, witnesses: readonly string[] = [north.verifierKey]) =>
    runGoProgram('verify-anchored-proofs', [first, second, tenantKey, cellKey, ...witnesses]);

  test('the golden pair, under the keys of the golden policy', async () => {
    expect(await judge(statement, anchor)).toEqual({
      ok: true,
      output:
        'verified: cell.example.jp/ledger/asahikawa at 7, anchored at 3 of cell.example.jp/ledger/cell, 1 witnesses',
    });
    const policy = parseWitnessPolicy(readFileSync(join(vectors, 'two-of-three.policy')));
    expect(policy.witnesses.map(({ key }) => key.name)).toContain(north.name);
  });

  test('several witnesses at once, from the parts of a receipt', async () => {
    const { receipts } = await sampleWitnessedReceipts([{}, {}], [east, north]);
    const proofs = tlogProofsOf(parseReceipt(receipts[0]!));
    const [first, second] = [join(folder, 'statement'), join(folder, 'anchor')];
    writeFileSync(first, proofs.statement);
    writeFileSync(second, proofs.anchor!);
    const verdict = await judge(first, second, [north.verifierKey, east.verifierKey]);
    expect(verdict.output).toMatch(/^verified: .* 2 witnesses$/);
  });

  test.each([
    ['an anchor of a fork', vector('invalid/anchor-of-a-fork.anchor.tlog-proof'), /^refused: anchor:/],
    [
      'an anchor at another index',
      vector('invalid/anchor-index-changed.anchor.tlog-proof'),
      /^refused: anchor:/,
    ],
    ['the statement in its place', statement, /^refused: anchor:/],
  ])('and refuses %s', async (_, second, reason) => {
    expect(await judge(statement, second)).toEqual({
      ok: false,
      output: expect.stringMatching(reason) as string,
    });
  });

  test('and refuses a witness that did not cosign, or whose cosignature was changed', async () => {
    const stranger = sampleCosigner('witness.stranger.example');
    const without = await judge(statement, anchor, [north.verifierKey, stranger.verifierKey]);
    expect(without.output).toBe('refused: anchor: 2 of 3 have signed');
    const changed = join(folder, 'changed');
    const text = readFileSync(anchor, 'utf8');
    const at = text.indexOf('\u2014 witness.north.example ') + 60;
    writeFileSync(changed, `${text.slice(0, at)}${text[at] === 'A' ? 'B' : 'A'}${text.slice(at + 1)}`);
    expect((await judge(statement, changed)).output).toMatch(/^refused: anchor: invalid signature/);
  });
});
