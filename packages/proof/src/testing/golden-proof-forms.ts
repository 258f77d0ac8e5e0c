import { Tagged, decode, encode, rfc8949EncodeOptions } from 'cborg';
import { base64, concatBytes, textOfUtf8, utf8 } from '../byte-encodings.ts';
import { canonicalJson } from '../canonical-json.ts';
import { formatCoseReceipt, parseCoseReceipt } from '../cose-receipt.ts';
import type { RefusalCode } from '../refusal.ts';
import { parseReceipt } from '../receipt.ts';
import { formatTlogProof, parseTlogProof } from '../tlog-proof.ts';
import type { GoldenVector } from './golden-vector.ts';
import type { SampleForms } from './sample-log.ts';

/** Receipts as C2SP tlog-proof and as RFC 9942 COSE receipts: part of the golden vectors. */

type FormsByName = (
  name: 'completed' | 'denied' | 'aborted' | 'other-tenants-crossing' | 'intent-not-before-outcome',
) => SampleForms;

/** The statement says another place than the one that the log holds. */
function movedStatement(forms: SampleForms): Uint8Array {
  const text = textOfUtf8(canonicalJson(parseReceipt(forms.receipt).statement)) ?? '';
  return utf8(replacedOnce(text, '"place":"012041"', '"place":"131016"'));
}

function vector(kind: 'tlog-proofs' | 'cose', extension: string) {
  return {
    valid: (name: string, bytes: Uint8Array): GoldenVector => ({
      file: `${kind}/valid/${name}.${extension}`,
      bytes,
      expected: 'valid',
    }),
    invalid: (name: string, bytes: Uint8Array, code: RefusalCode, where: string): GoldenVector => ({
      file: `${kind}/invalid/${name}.${extension}`,
      bytes,
      expected: { code, where },
    }),
  };
}

export function tlogProofVectors(own: FormsByName, strangers: FormsByName): GoldenVector[] {
  const { valid, invalid } = vector('tlog-proofs', 'tlog-proof');
  const { tlogProof } = own('completed');
  const parts = parseTlogProof(tlogProof);
  const text = textOfUtf8(tlogProof) ?? '';
  const changed = (change: Partial<typeof parts>): Uint8Array => formatTlogProof({ ...parts, ...change });
  const replaced = (from: string, to: string): Uint8Array => utf8(replacedOnce(text, from, to));
  const { hashes, index, checkpoint } = parts;
  const mismatch = ['proof_root_mismatch', 'statement, inclusion'] as const;
  return [
    valid('completed', tlogProof),
    valid('denied', own('denied').tlogProof),
    invalid('statement-changed', changed({ extra: movedStatement(own('completed')) }), ...mismatch),
    invalid('index-changed', changed({ index: index + 1 }), ...mismatch),
    invalid('hash-changed', changed({ hashes: hashes.with(1, new Uint8Array(32)) }), ...mismatch),
    invalid('hash-missing', changed({ hashes: hashes.slice(1) }), 'proof_malformed', 'inclusion'),
    invalid('index-outside-tree', changed({ index: 1_000_000 }), 'proof_out_of_range', 'inclusion'),
    invalid('no-extra', changed({ extra: undefined }), 'tlog_proof_malformed', 'extra'),
    invalid('extra-not-json', changed({ extra: utf8('trust me') }), 'receipt_malformed', 'statement.byte 0'),
    invalid(
      'extra-not-canonical',
      changed({ extra: concatBytes([parts.extra ?? new Uint8Array(0), utf8('\n')]) }),
      'receipt_not_canonical',
      `statement.byte ${parts.extra?.length ?? 0}`,
    ),
    invalid(
      'size-changed',
      changed({ checkpoint: replacedOnce(checkpoint, '\n19\n', '\n18\n') }),
      'note_signature_invalid',
      'checkpoint.signatures.0',
    ),
    invalid('unknown-version', replaced('proof@v1', 'proof@v2'), 'tlog_proof_malformed', 'line 1'),
    invalid('index-with-leading-zero', replaced('index ', 'index 0'), 'tlog_proof_malformed', 'index'),
    invalid('no-index', replaced(`index ${index}\n`, ''), 'tlog_proof_malformed', 'index'),
    invalid(
      'hash-unpadded',
      replaced(
        `${base64(hashes[0] ?? new Uint8Array(0))}\n`,
        `${base64(hashes[0] ?? new Uint8Array(0)).slice(0, -1)}\n`,
      ),
      'tlog_proof_malformed',
      'inclusion.hashes.0',
    ),
    invalid(
      'hash-short',
      changed({ hashes: hashes.with(2, new Uint8Array(31)) }),
      'tlog_proof_malformed',
      'inclusion.hashes.2',
    ),
    invalid('carriage-returns', utf8(text.replaceAll('\n', '\r\n')), 'tlog_proof_malformed', 'checkpoint'),
    invalid('no-checkpoint', utf8(text.slice(0, text.indexOf('\n\n'))), 'tlog_proof_malformed', 'checkpoint'),
    invalid('unknown-cell', strangers('completed').tlogProof, 'note_unsigned', 'checkpoint'),
    invalid(
      'other-tenants-crossing',
      own('other-tenants-crossing').tlogProof,
      'origin_mismatch',
      'checkpoint',
    ),
  ];
}

export function coseVectors(own: FormsByName, strangers: FormsByName): GoldenVector[] {
  const { valid, invalid } = vector('cose', 'cose');
  const { cose } = own('completed');
  const parts = parseCoseReceipt(cose);
  const { head, hashes, index } = parts;
  const other = parseCoseReceipt(own('aborted').cose);
  const changed = (change: Partial<typeof parts>): Uint8Array => formatCoseReceipt({ ...parts, ...change });
  const unsigned = ['cose_signature_invalid', 'statement, inclusion, signature'] as const;
  const malformed = (name: string, bytes: Uint8Array, where: string): GoldenVector =>
    invalid(name, bytes, 'cose_malformed', where);
  return [
    valid('completed', cose),
    valid('denied', own('denied').cose),
    invalid('statement-changed', changed({ leaf: movedStatement(own('completed')) }), ...unsigned),
    invalid('index-changed', changed({ index: index + 1 }), ...unsigned),
    invalid('hash-changed', changed({ hashes: hashes.with(1, new Uint8Array(32)) }), ...unsigned),
    invalid('proof-of-another-crossing', changed({ index: other.index, hashes: other.hashes }), ...unsigned),
    invalid(
      'signature-changed',
      changed({ head: { ...head, signature: head.signature.with(7, (head.signature[7] ?? 0) ^ 1) } }),
      ...unsigned,
    ),
    invalid('hash-missing', changed({ hashes: hashes.slice(1) }), 'proof_malformed', 'inclusion'),
    invalid('index-outside-tree', changed({ index: 1_000_000 }), 'proof_out_of_range', 'inclusion'),
    invalid(
      'statement-not-canonical',
      changed({ leaf: concatBytes([parts.leaf, utf8('\n')]) }),
      'receipt_not_canonical',
      `statement.byte ${parts.leaf.length}`,
    ),
    invalid('unknown-cell', strangers('completed').cose, 'cose_unsigned', 'kid'),
    invalid('other-tenants-crossing', own('other-tenants-crossing').cose, 'origin_mismatch', 'checkpoint'),
    invalid(
      'intent-not-before-outcome',
      own('intent-not-before-outcome').cose,
      'intent_not_before_outcome',
      'statement.intent.index',
    ),
    // Another size for the same root would let the same path stand for another index.
    malformed('size-not-the-signed-one', changed({ head: { ...head, size: head.size - 1 } }), 'inclusion'),
    malformed('untagged', cose.subarray(1), 'receipt'),
    malformed('trailing-byte', concatBytes([cose, Uint8Array.of(0)]), 'receipt'),
    malformed('cut-off', cose.subarray(0, -1), 'receipt'),
    malformed('another-tag', concatBytes([Uint8Array.of(0xd1), cose.subarray(1)]), 'receipt'),
    malformed(
      'payload-attached',
      respelled(cose, (sign1) => sign1.with(2, new Uint8Array(32))),
      'receipt',
    ),
    malformed(
      'unknown-unprotected-header',
      respelled(cose, (sign1) => sign1.with(1, new Map([...entriesOf(sign1[1]), ['note', 'trust me']]))),
      'receipt',
    ),
    malformed(
      'algorithm-changed',
      respelled(cose, (sign1) =>
        sign1.with(0, encode(new Map([...headerOf(sign1[0]), [1, -7]]), rfc8949EncodeOptions)),
      ),
      'protected',
    ),
    malformed(
      'no-tree-size',
      respelled(cose, (sign1) =>
        sign1.with(
          0,
          encode(
            new Map([...headerOf(sign1[0])].filter(([label]) => typeof label === 'number')),
            rfc8949EncodeOptions,
          ),
        ),
      ),
      'protected',
    ),
    // 98 40 and 58 40 0... : a length in more bytes than it needs.
    malformed('length-not-shortest', longerSignatureLength(cose), 'receipt'),
    malformed(
      'nested-too-deep',
      concatBytes([Uint8Array.of(0xd2), new Uint8Array(100_000).fill(0x81)]),
      'receipt',
    ),
    malformed('tag-alone', Uint8Array.of(0xd2), 'receipt'),
  ];
}

/** The same signature with other parts around it. */
function respelled(cose: Uint8Array, change: (sign1: unknown[]) => unknown[]): Uint8Array {
  const tagged: unknown = decode(cose, { useMaps: true, tags: Tagged.preserve(18) });
  if (!(tagged instanceof Tagged) || !Array.isArray(tagged.value)) throw new RangeError('not a COSE_Sign1');
  return encode(new Tagged(18, change([...tagged.value])), rfc8949EncodeOptions);
}

function headerOf(bytes: unknown): [unknown, unknown][] {
  if (!(bytes instanceof Uint8Array)) throw new RangeError('no protected header');
  return entriesOf(decode(bytes, { useMaps: true }));
}

function entriesOf(map: unknown): [unknown, unknown][] {
  if (!(map instanceof Map)) throw new RangeError('not a map');
  return [...map];
}

/** The signature is the last item: `58 40` and 64 bytes become `59 0040` and the same. */
function longerSignatureLength(cose: Uint8Array): Uint8Array {
  return concatBytes([cose.subarray(0, -66), Uint8Array.of(0x59, 0x00, 0x40), cose.subarray(-64)]);
}

function replacedOnce(text: string, from: string, to: string): string {
  if (!text.includes(from)) throw new RangeError(`the sample holds no ${from}`);
  return text.replace(from, () => to);
}
