import { RECEIPT_BYTES_MAX } from '@sekisho/contract';
import { Tokenizer, encode } from 'cborg';
import * as fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { base64, concatBytes, utf8 } from './byte-encodings.ts';
import { canonicalJson } from './canonical-json.ts';
import { formatCoseReceipt, parseCoseReceipt, signCoseTreeHead, verifyCoseReceipt } from './cose-receipt.ts';
import { inclusionRoot, leafHash } from './merkle-tree.ts';
import { receiptFormOf, verifyAnyReceipt } from './receipt-forms.ts';
import { parseReceipt } from './receipt.ts';
import { Refusal } from './refusal.ts';
import { sampleForms, sampleOrigin, sampleSigner } from './testing/sample-log.ts';
import { formatTlogProof, parseTlogProof, verifyTlogProof } from './tlog-proof.ts';
import { parseVerifierKey } from './verifier-key.ts';

const { log, forms } = await sampleForms(sampleOrigin, [{}, {}, {}]);
const { receipt, tlogProof, cose } = forms[1]!;
const keys = [parseVerifierKey(log.verifierKey)];
const { statement, inclusion } = parseReceipt(receipt);

describe('every form of one receipt', () => {
  test.each([
    ['sekisho-receipt', receipt],
    ['tlog-proof', tlogProof],
    ['cose', cose],
  ] as const)('%s is told by its bytes and proves the same statement in the same tree', (form, bytes) => {
    expect(receiptFormOf(bytes)).toBe(form);
    expect(verifyAnyReceipt(bytes, keys)).toMatchObject({
      form,
      verdict: 'valid',
      receipt: { id: statement.crossing, statement, inclusion },
      checkpoint: { origin: sampleOrigin, size: log.size, root: log.root },
    });
  });

  test.each([
    ['tlog-proof', tlogProof],
    ['cose', cose],
  ])('%s opens no commitment', (_, bytes) => {
    expect(verifyAnyReceipt(bytes, keys)).toMatchObject({ receipt: { openings: {} } });
  });

  test.each([
    ['tlog-proof', tlogProof, 'note_unsigned'],
    ['cose', cose, 'cose_unsigned'],
  ])('%s needs the key of the log, under its own name', (_, bytes, code) => {
    for (const others of [[], [parseVerifierKey(sampleSigner('other').verifierKey)]]) {
      expect(verifyAnyReceipt(bytes, others)).toMatchObject({ verdict: 'invalid', code });
    }
  });

  test.each([
    ['tlog-proof', tlogProof],
    ['cose', cose],
  ])('%s with any one bit changed is refused, and says where', (_, bytes) => {
    for (const [at, byte] of bytes.entries()) {
      const verdict = verifyAnyReceipt(bytes.with(at, byte ^ (1 << (at % 8))), keys);
      if (verdict.verdict === 'valid') return expect.unreachable(`byte ${at} can be changed unnoticed`);
      expect(verdict.where).not.toBe('');
    }
  });

  test.each([
    ['tlog-proof', tlogProof],
    ['cose', cose],
  ])('%s with any one byte left out or doubled is refused', (_, bytes) => {
    for (const [at, byte] of bytes.entries()) {
      const before = bytes.subarray(0, at);
      const after = bytes.subarray(at + 1);
      for (const middle of [[], [byte, byte]]) {
        const verdict = verifyAnyReceipt(concatBytes([before, Uint8Array.from(middle), after]), keys);
        if (verdict.verdict === 'valid') return expect.unreachable(`byte ${at} can be changed unnoticed`);
      }
    }
  });

  test.each([
    ['tlog-proof', verifyTlogProof],
    ['cose', verifyCoseReceipt],
  ])('%s is refused unread when it is larger than a receipt can be', (_, verify) => {
    const verdict = verify(new Uint8Array(RECEIPT_BYTES_MAX + 1), keys);
    expect(verdict).toMatchObject({ code: 'receipt_too_large' });
  });
});

describe('tlog-proof', () => {
  test('reads what it writes, with and without extra', () => {
    const hash = fc.uint8Array({ minLength: 32, maxLength: 32 });
    const proof = fc.record({
      extra: fc.option(fc.uint8Array({ minLength: 1, maxLength: 300 }), { nil: undefined }),
      index: fc.maxSafeNat(),
      hashes: fc.array(hash, { maxLength: 53 }),
      checkpoint: fc.string({ unit: 'grapheme' }),
    });
    fc.assert(
      fc.property(proof, (parts) => {
        expect(parseTlogProof(formatTlogProof(parts))).toEqual(parts);
      }),
    );
  });

  test('answers random lines with typed refusals only, and reads no text in two ways', () => {
    const line = fc.oneof(
      fc.constantFrom('c2sp.org/tlog-proof@v1', 'index 0', 'index 00', 'extra', 'extra ', '', '\r'),
      fc.uint8Array({ maxLength: 33 }).map((bytes) => `extra ${base64(bytes)}`),
      fc.uint8Array({ minLength: 31, maxLength: 33 }).map(base64),
      fc.nat().map((index) => `index ${index}`),
      fc.string(),
    );
    const text = fc
      .array(line, { maxLength: 8 })
      .map((lines) => `c2sp.org/tlog-proof@v1\n${lines.join('\n')}`);
    fc.assert(
      fc.property(fc.oneof(text.map(utf8), fc.uint8Array()), (bytes) => {
        expectTypedRefusal(() => expect(formatTlogProof(parseTlogProof(bytes))).toEqual(bytes));
        expect(verifyTlogProof(bytes, keys).verdict).toBe('invalid');
      }),
      { numRuns: 500 },
    );
  });

  test('holds at most as many hashes as a tree can need', () => {
    const hashes = Array.from({ length: 54 }, () => new Uint8Array(32));
    expect(() => parseTlogProof(formatTlogProof({ ...parseTlogProof(tlogProof), hashes }))).toThrowError(
      expect.objectContaining({ code: 'tlog_proof_malformed', where: 'inclusion' }),
    );
  });
});

describe('COSE receipt', () => {
  test('has the structure of RFC 9942, to the byte', () => {
    const { head, leaf, hashes, index } = parseCoseReceipt(cose);
    const kid = utf8(log.verifierKey.split('+').slice(0, 2).join('+'));
    const labels = (text: string): Uint8Array => concatBytes([Uint8Array.of(0x60 + text.length), utf8(text)]);
    const header = concatBytes([
      Uint8Array.of(0xa4, 0x01, 0x27, 0x04),
      encode(kid),
      Uint8Array.of(0x19, 0x01, 0x8b, 0x01),
      labels('sekisho-tree-size'),
      encode(log.size),
    ]);
    expect(head.protectedHeader).toEqual(header);
    expect(cose).toEqual(
      concatBytes([
        Uint8Array.of(0xd2, 0x84),
        encode(header),
        Uint8Array.of(0xa2, 0x19, 0x01, 0x8c, 0xa1, 0x20, 0x81),
        encode(encode([log.size, index, hashes])),
        labels('sekisho-statement'),
        encode(leaf),
        Uint8Array.of(0xf6),
        encode(head.signature),
      ]),
    );
    expect(leaf).toEqual(canonicalJson(statement));
  });

  test('signs the root, detached, as RFC 9052 says', () => {
    const { head } = parseCoseReceipt(cose);
    const signed = encode(['Signature1', head.protectedHeader, new Uint8Array(0), log.root]);
    expect(keys[0]!.verify(signed, head.signature)).toBe(true);
  });

  test('binds the index: a root alone fits two of them', () => {
    // The path of leaf 2 of 3 is also a path of leaf 1 of 2.
    const leaf = leafHash(utf8('leaf'));
    const hashes = [new Uint8Array(32)];
    const asThird = inclusionRoot({ index: 2, size: 3, leafHash: leaf, hashes });
    expect(asThird).toMatchObject({ ok: true });
    expect(inclusionRoot({ index: 1, size: 2, leafHash: leaf, hashes })).toEqual(asThird);
    // So the size must be the signed one.
    const parts = parseCoseReceipt(cose);
    const moved = formatCoseReceipt({ ...parts, head: { ...parts.head, size: parts.head.size + 1 } });
    expect(verifyCoseReceipt(moved, keys)).toMatchObject({ code: 'cose_malformed', where: 'inclusion' });
  });

  test('is made of a tree head that only the log itself signs', () => {
    const checkpoint = { origin: sampleOrigin, size: log.size, root: log.root };
    expect(() => signCoseTreeHead(checkpoint, sampleSigner('another'))).toThrowError(
      expect.objectContaining({ code: 'cose_malformed' }),
    );
    expect(() =>
      signCoseTreeHead({ ...checkpoint, root: new Uint8Array(31) }, sampleSigner(sampleOrigin)),
    ).toThrowError(expect.objectContaining({ code: 'cose_malformed' }));
  });

  test('of the only leaf of a tree does not exist', () => {
    const parts = parseCoseReceipt(cose);
    expect(() => formatCoseReceipt({ ...parts, hashes: [] })).toThrowError(
      expect.objectContaining({ code: 'cose_malformed' }),
    );
  });

  test('answers random CBOR with typed refusals only', () => {
    const item = fc.letrec((tie) => ({
      item: fc.oneof(
        { maxDepth: 5 },
        fc.maxSafeInteger(),
        fc.string(),
        fc.uint8Array({ maxLength: 80 }),
        fc.constantFrom(null, true, 1.5, [18, 395]),
        fc.array(tie('item'), { maxLength: 5 }),
        fc
          .array(fc.tuple(fc.constantFrom(1, 4, 395, 396, -1, 'x'), tie('item')))
          .map((entries) => new Map(entries)),
      ),
    })).item;
    const tagged = item.map((value) => concatBytes([Uint8Array.of(0xd2), encode(value)]));
    const mangled = fc
      .tuple(fc.nat({ max: cose.length - 1 }), fc.uint8Array({ maxLength: 12 }))
      .map(([at, bytes]) => concatBytes([cose.subarray(0, at), bytes, cose.subarray(at + bytes.length)]));
    fc.assert(
      fc.property(fc.oneof(tagged, mangled, fc.uint8Array()), (bytes) => {
        expectTypedRefusal(() => parseCoseReceipt(bytes));
        const verdict = verifyCoseReceipt(bytes, keys);
        expect(verdict.verdict === 'valid' && !Buffer.from(bytes).equals(cose)).toBe(false);
      }),
      { numRuns: 1000 },
    );
  });

  test.each([
    ['nested arrays', 0x81],
    ['nested maps', 0xa1],
    ['nested tags', 0xd2],
    ['endless arrays', 0x9f],
    ['many small items', 0x00],
  ])('%s end at a bound, not at the end of the stack', (_, byte) => {
    const bytes = new Uint8Array(RECEIPT_BYTES_MAX).fill(byte);
    bytes.set([0xd2, 0x9a, 0x00, 0x03, 0xff, 0x00]);
    const next = vi.spyOn(Tokenizer.prototype, 'next');
    expect(verifyCoseReceipt(bytes, keys)).toMatchObject({ code: 'cose_malformed' });
    expect(next.mock.calls.length).toBeLessThanOrEqual(256);
    next.mockRestore();
  });
});

function expectTypedRefusal(read: () => unknown): void {
  try {
    read();
  } catch (error) {
    expect(error).toBeInstanceOf(Refusal);
  }
}
