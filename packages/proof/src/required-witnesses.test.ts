import { existsSync, globSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { base64, textOfUtf8, utf8 } from './byte-encodings.ts';
import { formatCheckpoint } from './checkpoint.ts';
import { parseReceipt, verifyReceipt } from './receipt.ts';
import { requireWitnesses } from './required-witnesses.ts';
import type { WitnessesVerdict } from './required-witnesses.ts';
import { signNote } from './signed-note.ts';
import { goldenWitnessedReceipts } from './testing/golden-witnessed-receipts.ts';
import { sampleOrigin, sampleSigner } from './testing/sample-log.ts';
import {
  COSIGNED_TIME_SECONDS,
  cosigned,
  sampleCellOrigin,
  sampleWitnessedReceipts,
  sampleWitnesses,
  withWitnessed,
} from './testing/sample-witnessed.ts';
import { tlogProofsOf, verifyTlogProof } from './tlog-proof.ts';
import { ed25519NoteSigner, parseVerifierKey, parseVerifierKeys } from './verifier-key.ts';
import type { VerifierKey } from './verifier-key.ts';
import { parseWitnessPolicy } from './witness-policy.ts';

const vectorsFolder = resolve(import.meta.dirname, '../../../vectors/witnessed');
const { north, south, east } = sampleWitnesses;

const outcomeOf = (verdict: WitnessesVerdict): unknown =>
  verdict.verdict === 'satisfied' ? 'valid' : { code: verdict.code, where: verdict.where };

describe('golden vectors', () => {
  const read = (file: string): Uint8Array => readFileSync(join(vectorsFolder, file));
  const verdicts = JSON.parse(textOfUtf8(read('verdicts.json'))!) as Record<string, unknown>;
  const keys = parseVerifierKeys(textOfUtf8(read('cell.vkey'))!);
  const policy = parseWitnessPolicy(read('two-of-three.policy'));

  test.each(Object.entries(verdicts))('%s', (file, expected) => {
    const verdict = file.endsWith('.json')
      ? verifyReceipt(read(file), keys)
      : verifyTlogProof(read(file), keys, read(file.replace('.tlog-proof', '.anchor.tlog-proof')));
    expect(outcomeOf(requireWitnesses(verdict, policy))).toEqual(expected);
  });

  test('are the files there and no others, in the bytes that are written today', async () => {
    const written = await goldenWitnessedReceipts();
    const present = globSync('{receipts,tlog-proofs}/*/*', { cwd: vectorsFolder });
    expect(present.filter((file) => !file.includes('.anchor.')).toSorted()).toEqual(
      written.vectors.map(({ file }) => file).toSorted(),
    );
    expect(textOfUtf8(read('cell.vkey'))).toBe(written.keys);
    expect(textOfUtf8(read('two-of-three.policy'))).toBe(written.policy);
    for (const { file, bytes, anchorProof, expected } of written.vectors) {
      expect(verdicts[file]).toEqual(expected);
      expect(new Uint8Array(read(file))).toEqual(bytes);
      const second = file.replace('.tlog-proof', '.anchor.tlog-proof');
      if (anchorProof === undefined)
        expect(second === file || !existsSync(join(vectorsFolder, second))).toBe(true);
      else expect(new Uint8Array(read(second))).toEqual(anchorProof);
    }
  });
});

const tenantKey = parseVerifierKey(sampleSigner(sampleOrigin).verifierKey);
const cellKey = parseVerifierKey(sampleSigner(sampleCellOrigin).verifierKey);
const keys = [tenantKey, cellKey];
const policyOf = (...lines: readonly string[]) =>
  parseWitnessPolicy(
    utf8(
      [
        `witness north ${north.verifierKey}`,
        `witness south ${south.verifierKey}`,
        `witness east ${east.verifierKey}`,
        ...lines,
        '',
      ].join('\n'),
    ),
  );
const allThree = policyOf('group all-of-them all north south east', 'quorum all-of-them');
const onlyNorth = policyOf('quorum north');

describe('a witnessed receipt', async () => {
  const { cellLog, witnessed, plain, receipts } = await sampleWitnessedReceipts();
  const receipt = receipts[1]!;

  test('shows the tree of the cell log, and that lines are there which nobody verified', () => {
    const verdict = verifyReceipt(receipt, keys);
    expect(verdict).toMatchObject({
      verdict: 'valid',
      checkpoint: { origin: sampleOrigin },
      witnessed: {
        checkpoint: { origin: sampleCellOrigin, size: cellLog.size, root: cellLog.root },
        anchor: { index: 3, time: witnessed.anchor.time },
        unverified: [north.name, south.name],
      },
    });
  });

  test('tells which witnesses cosigned, and when, also where they are too few', () => {
    const verdict = verifyReceipt(receipt, keys);
    const statements = [
      { witness: 'north', key: { name: north.name }, timeSeconds: COSIGNED_TIME_SECONDS },
      { witness: 'south', key: { name: south.name }, timeSeconds: COSIGNED_TIME_SECONDS + 1 },
    ];
    expect(requireWitnesses(verdict, onlyNorth)).toMatchObject({
      verdict: 'satisfied',
      checkpoint: { origin: sampleCellOrigin },
      witnesses: statements,
    });
    expect(requireWitnesses(verdict, allThree)).toMatchObject({
      verdict: 'invalid',
      code: 'quorum_not_met',
      witnesses: statements,
    });
  });

  test('needs the key of the cell log; one without witnesses does not', () => {
    expect(verifyReceipt(receipt, [tenantKey])).toMatchObject({
      code: 'note_unsigned',
      where: 'witnessed.checkpoint',
    });
    const old = verifyReceipt(plain[1]!, [tenantKey]);
    expect([old.verdict, old.verdict === 'valid' && old.witnessed]).toEqual(['valid', undefined]);
    expect(requireWitnesses(old, onlyNorth)).toMatchObject({ code: 'not_witnessed' });
    // Nor does a policy that demands nobody make one of it.
    expect(requireWitnesses(old, policyOf('quorum none'))).toMatchObject({ code: 'not_witnessed' });
  });

  test('no policy makes an invalid receipt good', () => {
    const verdict = verifyReceipt(receipt, []);
    expect(requireWitnesses(verdict, policyOf('quorum none'))).toMatchObject({
      verdict: 'invalid',
      code: 'note_unsigned',
      where: 'checkpoint',
      witnesses: [],
    });
  });

  test('a policy that names logs is about those', () => {
    const verdict = verifyReceipt(receipt, keys);
    const own = policyOf(`log ${sampleSigner(sampleCellOrigin).verifierKey}`, 'quorum north');
    const other = policyOf(`log ${sampleSigner('other.example/ledger/cell').verifierKey}`, 'quorum north');
    expect(requireWitnesses(verdict, own).verdict).toBe('satisfied');
    expect(requireWitnesses(verdict, other)).toMatchObject({
      code: 'note_unsigned',
      where: 'witnessed.checkpoint',
    });
  });

  test('stands under any of several keys of the cell log', () => {
    const next = ed25519NoteSigner(sampleCellOrigin, new Uint8Array(32).fill(5));
    const nextKey = parseVerifierKey(next.verifierKey);
    const body = formatCheckpoint(cellLog);
    const both = signNote(body, sampleSigner(sampleCellOrigin), next) + north.cosign(body, 1);
    const changed = withWitnessed(plain[1]!, { ...witnessed, checkpoint: both });
    for (const cellKeys of [[cellKey], [nextKey], [nextKey, cellKey]]) {
      const verdict = verifyReceipt(changed, [tenantKey, ...cellKeys]);
      expect(requireWitnesses(verdict, onlyNorth)).toMatchObject({ verdict: 'satisfied' });
    }
  });

  test('is the same as two tlog-proofs', () => {
    const { statement, anchor } = tlogProofsOf(parseReceipt(receipt));
    const whole = verifyReceipt(receipt, keys);
    const pair = verifyTlogProof(statement, keys, anchor);
    expect(whole.verdict === 'valid' && pair.verdict === 'valid' && pair.witnessed).toEqual(
      whole.verdict === 'valid' && whole.witnessed,
    );
    expect(tlogProofsOf(parseReceipt(plain[1]!)).anchor).toBeUndefined();
  });
});

describe('one byte changed in what leads to the witnesses', async () => {
  // Ed25519 alone: thousands of verifications, and the lines are what matters.
  const { cellLog, witnessed, plain } = await sampleWitnessedReceipts([{}, {}]);
  const receipt = withWitnessed(plain[0]!, { ...witnessed, checkpoint: cosigned(cellLog, [north, east]) });
  const both = policyOf('group both all north east', 'quorum both');
  const text = textOfUtf8(receipt)!;
  const start = utf8(text.slice(0, text.indexOf('"witnessed":'))).length;
  /** Bytes of the cosignature lines, which only a policy judges. */
  const linesFrom = utf8(text.slice(0, text.indexOf('\u2014 witness.north'))).length;
  const linesTo = utf8(text.slice(0, text.indexOf('"', text.indexOf('\u2014 witness.east')))).length;
  const remembered = [...keys, ...both.witnesses.map(({ key }) => key)].map(remembering);
  const judging = remembered.slice(0, 2);
  const [northKey, , eastKey] = remembered.slice(2);
  const demanding = {
    ...both,
    witnesses: both.witnesses.map((each) => ({
      ...each,
      key: each.name === 'north' ? northKey! : each.name === 'east' ? eastKey! : each.key,
    })),
  };

  test(
    'refuses it, with the policy everywhere, without it outside the cosignature lines',
    { timeout: 60_000 },
    () => {
      expect(requireWitnesses(verifyReceipt(receipt, judging), demanding).verdict).toBe('satisfied');
      const structural = [...utf8(' "\\/{}[],:0Aa=\n')];
      for (let at = start; at < receipt.length; at++) {
        const byte = receipt[at]!;
        const some = structural.filter((_, turn) => turn % 5 === at % 5);
        for (const other of new Set([byte ^ 1, byte ^ 0x20, byte ^ 0x80, ...some])) {
          if (other === byte) continue;
          const verdict = verifyReceipt(receipt.with(at, other), judging);
          const inLines = at >= linesFrom && at < linesTo;
          if (verdict.verdict === 'valid' && !inLines)
            expect.unreachable(`byte ${at} can be changed unnoticed`);
          const required = requireWitnesses(verdict, demanding);
          if (required.verdict === 'satisfied')
            expect.unreachable(`byte ${at} is not what the policy demands`);
          else expect(required.where).not.toBe('');
        }
      }
    },
  );

  test('a line of a witness that the policy does not name may be anything', () => {
    const body = fc.uint8Array({ minLength: 5, maxLength: 100 });
    fc.assert(
      fc.property(body, fc.stringMatching(/^[a-z.]{1,20}$/), (bytes, name) => {
        const line = `\u2014 ${name} ${base64(bytes)}\n`;
        const beside = withWitnessed(plain[0]!, {
          ...witnessed,
          checkpoint: cosigned(cellLog, [north, east]) + line,
        });
        expect(requireWitnesses(verifyReceipt(beside, judging), demanding).verdict).toBe('satisfied');
      }),
      { numRuns: 50 },
    );
  });
});

/** The same key, asked once for the same signature. */
function remembering(key: VerifierKey): VerifierKey {
  const answers = new Map<string, boolean>();
  return {
    ...key,
    verify(body, signature) {
      const question = `${base64(body)} ${base64(signature)}`;
      const answer = answers.get(question) ?? key.verify(body, signature);
      answers.set(question, answer);
      return answer;
    },
  };
}
