import { globSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { RECEIPT_BYTES_MAX } from '@sekisho/contract';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { base64, textOfUtf8, utf8 } from './byte-encodings.ts';
import { verifyCheckpoint } from './checkpoint.ts';
import { commit, openCommitment } from './commitment.ts';
import { verifyCoseReceipt } from './cose-receipt.ts';
import { checkPayload, parseReceipt, verifyReceipt } from './receipt.ts';
import { Refusal } from './refusal.ts';
import { verifyNote } from './signed-note.ts';
import { goldenVectors } from './testing/golden-vectors.ts';
import { sampleCrossing, sampleOrigin, sampleReceipts, sampleSigner } from './testing/sample-log.ts';
import { verifyTlogProof } from './tlog-proof.ts';
import { parseVerifierKey, parseVerifierKeys } from './verifier-key.ts';
import type { VerifierKey } from './verifier-key.ts';

const vectorsFolder = resolve(import.meta.dirname, '../../../vectors');

/** How the verifier of its kind judges a golden file. */
function judge(file: string, bytes: Uint8Array, keys: readonly VerifierKey[]): unknown {
  if (/^(?:receipts|tlog-proofs|cose)\//.test(file)) {
    const verify = file.startsWith('cose/')
      ? verifyCoseReceipt
      : file.startsWith('tlog')
        ? verifyTlogProof
        : verifyReceipt;
    const verdict = verify(bytes, keys);
    return verdict.verdict === 'valid' ? 'valid' : { code: verdict.code, where: verdict.where };
  }
  const text = textOfUtf8(bytes)!;
  try {
    if (file.startsWith('checkpoints/')) verifyCheckpoint(text, keys);
    else verifyNote(text, keys);
    return 'valid';
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { code: error.code, where: error.where };
  }
}

describe('golden vectors', () => {
  const verdicts = JSON.parse(readFileSync(join(vectorsFolder, 'verdicts.json'), 'utf8')) as Record<
    string,
    unknown
  >;
  const keys = parseVerifierKeys(readFileSync(join(vectorsFolder, 'cell.vkey'), 'utf8'));

  test.each(Object.entries(verdicts))('%s', (file, expected) => {
    expect(judge(file, readFileSync(join(vectorsFolder, file)), keys)).toEqual(expected);
  });

  test('are the files there and no others, in the bytes that are written today', async () => {
    const written = await goldenVectors();
    const present = globSync('{receipts,checkpoints,notes,tlog-proofs,cose}/*/*', {
      cwd: vectorsFolder,
    });
    expect(present.toSorted()).toEqual(written.vectors.map(({ file }) => file).toSorted());
    expect(readFileSync(join(vectorsFolder, 'cell.vkey'), 'utf8')).toBe(written.keys);
    for (const { file, bytes, expected } of written.vectors) {
      expect(verdicts[file]).toEqual(expected);
      expect(new Uint8Array(readFileSync(join(vectorsFolder, file)))).toEqual(new Uint8Array(bytes));
    }
  });
});

/** The same key, asked once for the same signature: most changes of a receipt leave its checkpoint alone. */
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

describe('verifyReceipt', async () => {
  const { log, receipts } = await sampleReceipts(sampleOrigin, [{}, {}, {}, {}]);
  const receipt = receipts[2]!;
  const keys = [remembering(parseVerifierKey(log.verifierKey))];

  test('gives the receipt and the signed tree', () => {
    expect(verifyReceipt(receipt, keys)).toEqual({
      verdict: 'valid',
      receipt: parseReceipt(receipt),
      checkpoint: { origin: sampleOrigin, size: 9, root: log.root, signedBy: keys },
    });
  });

  test(
    'refuses a receipt with any one byte changed, in every way that JSON or base64 might forgive',
    { timeout: 30_000 },
    () => {
      const structural = [...utf8(' "\\/{}[],:0Aa=\n')];
      for (const [at, byte] of receipt.entries()) {
        // Every byte sees some of the structural characters, every run of five bytes all of them.
        const some = structural.filter((_, turn) => turn % 5 === at % 5);
        for (const other of new Set([byte ^ 1, byte ^ 0x20, byte ^ 0x80, ...some])) {
          if (other === byte) continue;
          expectInvalid(receipt.with(at, other), at);
        }
      }
    },
  );

  test('refuses a receipt with any one byte left out, doubled or put in', { timeout: 30_000 }, () => {
    for (const [at, byte] of receipt.entries()) {
      const before = receipt.subarray(0, at);
      const after = receipt.subarray(at + 1);
      for (const middle of [[], [byte, byte], [0x20, byte], [0x0a, byte]]) {
        expectInvalid(Uint8Array.from([...before, ...middle, ...after]), at);
      }
    }
  });

  /** Which top-level field of the receipt each byte is in. */
  const fields = ['checkpoint', 'format', 'id', 'inclusion', 'openings', 'statement'];
  const text = textOfUtf8(receipt)!;
  const starts = fields.map((field) => utf8(text.slice(0, text.indexOf(`"${field}":`))).length);
  const fieldAt = (at: number): string | undefined => fields[starts.findLastIndex((start) => start <= at)];

  function expectInvalid(bytes: Uint8Array, at: number): void {
    const verdict = verifyReceipt(bytes, keys);
    if (verdict.verdict === 'valid') return expect.unreachable(`byte ${at} can be changed unnoticed`);
    const namesThePlace =
      /^(?:byte \d+|receipt)$/.test(verdict.where) || verdict.where.includes(fieldAt(at) ?? 'receipt');
    if (!namesThePlace)
      expect.unreachable(`byte ${at} of ${fieldAt(at)}: ${verdict.code} at "${verdict.where}"`);
  }

  test('says where', () => {
    const verdictOf = (from: string | RegExp, to: string): unknown => {
      expect(text).toMatch(from);
      const verdict = verifyReceipt(utf8(text.replace(from, to)), keys);
      return verdict.verdict === 'valid' ? 'valid' : `${verdict.code} ${verdict.where}`;
    };
    expect(verdictOf('"site":"asahikawa-1"', '"site":"asahikawa-2"')).toBe(
      'proof_root_mismatch statement, inclusion',
    );
    expect(verdictOf('"site":"asahikawa-1"', '"site":"Asahikawa-1"')).toBe(
      'receipt_malformed statement.carried.copies.0.site',
    );
    expect(verdictOf('"status":200', '"status": 200')).toMatch(/^receipt_not_canonical byte \d+$/);
    expect(verdictOf('\\n9\\n', '\\n8\\n')).toBe('note_signature_invalid checkpoint.signatures.0');
    expect(verdictOf('"checkpoint":"cell', '"checkpoint":"kell')).toBe(
      'note_signature_invalid checkpoint.signatures.0',
    );
  });

  test('says so in both languages', () => {
    const verdict = verifyReceipt(utf8('{}'), keys);
    if (verdict.verdict === 'valid') expect.unreachable();
    else expect(verdict.message.ja).not.toBe(verdict.message.en);
  });

  test('needs the key of the log, under its own name', () => {
    const unknown = { verdict: 'invalid', code: 'note_unsigned', where: 'checkpoint' };
    expect(verifyReceipt(receipt, [])).toMatchObject(unknown);
    expect(verifyReceipt(receipt, [parseVerifierKey(sampleSigner('other').verifierKey)])).toMatchObject(
      unknown,
    );
  });

  test('refuses an origin that only ends like the tenant', async () => {
    for (const origin of [
      '/ledger/asahikawa',
      'cell.example.jp/ledger/xasahikawa',
      'cell.example.jp/ledger/asahikawa/x',
    ]) {
      const made = await sampleReceipts(origin, [{}]);
      expect(verifyReceipt(made.receipts[0]!, [parseVerifierKey(made.log.verifierKey)])).toMatchObject({
        code: 'origin_mismatch',
        where: 'checkpoint',
      });
    }
  });

  test('refuses what is larger than a receipt can be, before reading it', () => {
    expect(verifyReceipt(new Uint8Array(RECEIPT_BYTES_MAX + 1), keys)).toMatchObject({
      code: 'receipt_too_large',
    });
  });

  test('names every bad field', () => {
    const bad = utf8(
      textOfUtf8(receipt)!.replace('"status":200', '"status":2000').replace('"version":1', '"version":2'),
    );
    expect(verifyReceipt(bad, keys)).toMatchObject({
      code: 'receipt_malformed',
      where: 'statement.version, statement.status',
    });
  });

  test('answers random input with a verdict', () => {
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 200 }), fc.json().map(utf8)), (bytes) => {
        expect(verifyReceipt(bytes, keys).verdict).toBe('invalid');
      }),
      { numRuns: 300 },
    );
  });
});

describe('payloads', async () => {
  const { request, answer } = sampleCrossing(0, 1);
  const { receipts } = await sampleReceipts(sampleOrigin, [{}, { without: 'answer' }]);
  const receipt = parseReceipt(receipts[0]!);

  test('are those that the statement commits to', () => {
    expect(checkPayload(receipt, { request, answer })).toEqual({ request: 'matches', answer: 'matches' });
    expect(checkPayload(receipt, { answer })).toEqual({ answer: 'matches' });
    expect(checkPayload(receipt, {})).toEqual({});
  });

  test('that differ in one byte, or are exchanged, differ', () => {
    expect(checkPayload(receipt, { request: request.with(0, 0), answer: request })).toEqual({
      request: 'differs',
      answer: 'differs',
    });
  });

  test('cannot be judged without the salt, or where nothing was committed', () => {
    expect(checkPayload({ ...receipt, openings: {} }, { request })).toEqual({ request: 'no_salt' });
    expect(checkPayload(parseReceipt(receipts[1]!), { answer })).toEqual({ answer: 'no_commitment' });
  });

  test('an empty payload is a payload', () => {
    expect(checkPayload(receipt, { answer: new Uint8Array(0) })).toEqual({ answer: 'differs' });
  });
});

describe('commitments', () => {
  const salt = new Uint8Array(32).fill(0x0b);

  test('are HMAC-SHA256 under the salt, and name the salt by its SHA-256', () => {
    // Computed by another implementation (Python's hmac).
    const committed = commit(utf8('Hi There'), salt);
    expect(committed).toEqual({
      commitment: 'hmac-sha256:198a607eb44bfbc69903a0f1cf2bbdc5ba0aa3f3d9ae3c1c7a3b1696a0b68cf7',
      saltDigest: 'sha256:f0e38b830ebd8a506615ecd154330ec07ff6bf5030447b44e297db1d4b7514ac',
    });
  });

  test('open with their payload and salt only', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 64 }), fc.nat(), (payload, at) => {
        const committed = commit(payload, salt);
        expect(openCommitment(committed, payload, salt)).toBe('opens');
        const position = at % payload.length;
        expect(openCommitment(committed, payload.with(position, payload[position]! ^ 1), salt)).toBe(
          'wrong_payload',
        );
        expect(openCommitment(committed, payload, salt.with(at % 32, 0))).toBe('wrong_salt');
        expect(openCommitment(committed, payload, salt.subarray(1))).toBe('wrong_salt');
      }),
    );
  });

  test('refuse a salt of another length', () => {
    expect(() => commit(utf8('x'), salt.subarray(1))).toThrowError(
      expect.objectContaining({ code: 'commitment_malformed' }),
    );
  });
});
