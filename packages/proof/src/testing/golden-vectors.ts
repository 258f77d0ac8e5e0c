import { Receipt } from '@sekisho/contract';
import { base64, concatBytes, textOfUtf8, utf8 } from '../byte-encodings.ts';
import { canonicalJson } from '../canonical-json.ts';
import { signCheckpoint } from '../checkpoint.ts';
import type { RefusalCode } from '../refusal.ts';
import { parseReceipt } from '../receipt.ts';
import { signNote } from '../signed-note.ts';
import { coseVectors, tlogProofVectors } from './golden-proof-forms.ts';
import type { GoldenVector } from './golden-vector.ts';
import { sampleForms, sampleOrigin, sampleSigner } from './sample-log.ts';
import type { CrossingChanges, SampleForms } from './sample-log.ts';

/**
 * The golden files under `vectors/` of the repository, made here and nowhere else. Every one says
 * how a verifier that trusts the keys of `vectors/cell.vkey` must judge it.
 */
interface GoldenVectors {
  readonly keys: string;
  readonly vectors: readonly GoldenVector[];
}

const OTHER_TENANT = 'hakodate';
const unused = { inputTokens: 0, outputTokens: 0, estimated: false, amountYen: '0' };

/** Outcomes of the sample log, by the name of the file that holds the receipt. */
const crossings = {
  completed: {},
  denied: { outcome: { result: 'denied', status: 403, usage: unused }, without: 'carried and answer' },
  failed: { outcome: { result: 'failed', status: 502, usage: unused }, without: 'answer' },
  aborted: { outcome: { result: 'aborted', status: 499 } },
  interrupted: {
    outcome: { result: 'interrupted', status: 0, usage: unused },
    without: 'carried and answer',
  },
  // What a cell could log and sign although it is not so.
  'denied-but-carried': { outcome: { result: 'denied', status: 403 } },
  'intent-not-before-outcome': { outcome: { intent: { index: 1000, leafHash: `sha256:${'0'.repeat(64)}` } } },
  'other-tenants-crossing': { outcome: { tenant: OTHER_TENANT } },
  'assurance-exceeds-evidence': {
    outcome: {
      carried: {
        endpoint: 'asahikawa-1-chat',
        copies: [
          {
            kind: 'processing',
            site: 'asahikawa-1',
            place: '012041',
            operator: '北の雲',
            operatorCountry: 'JP',
          },
        ],
        assurance: 'hardware-attested',
      },
    },
  },
} as const satisfies Record<string, CrossingChanges>;

export async function goldenVectors(): Promise<GoldenVectors> {
  const ownForms = await formsByName(sampleOrigin);
  const strangersForms = await formsByName('another-cell.example.jp/ledger/asahikawa');
  const own: ReceiptsByName = (name) => ownForms(name).receipt;
  const strangers: ReceiptsByName = (name) => strangersForms(name).receipt;
  const keys = [sampleSigner(sampleOrigin), sampleSigner(`cell.example.jp/ledger/${OTHER_TENANT}`)];
  return {
    keys: [
      '# Verifier keys of a sample cell, one log a tenant. Made from their names: they protect nothing.',
      ...keys.map((key) => key.verifierKey),
      '',
    ].join('\n'),
    vectors: [
      ...validReceipts(own),
      ...lyingReceipts(own),
      ...tamperedReceipts(own, strangers),
      ...respelledReceipts(own),
      ...checkpoints(),
      ...notes(),
      ...tlogProofVectors(ownForms, strangersForms),
      ...coseVectors(ownForms, strangersForms),
    ],
  };
}

type ReceiptsByName = (name: keyof typeof crossings) => Uint8Array;

async function formsByName(origin: string): Promise<(name: keyof typeof crossings) => SampleForms> {
  const { forms } = await sampleForms(origin, Object.values(crossings));
  const names = Object.keys(crossings);
  return (name) => present(forms[names.indexOf(name)]);
}

function validReceipts(own: ReceiptsByName): GoldenVector[] {
  const valid = (name: string, bytes: Uint8Array): GoldenVector => ({
    file: `receipts/valid/${name}.json`,
    bytes,
    expected: 'valid',
  });
  const stranger = `\u2014 witness.example ${base64(new Uint8Array(76))}\n`;
  return [
    valid('completed', own('completed')),
    valid('denied', own('denied')),
    valid('failed', own('failed')),
    valid('aborted', own('aborted')),
    valid('interrupted', own('interrupted')),
    valid(
      'salts-erased',
      edited(own('completed'), (receipt) => ({ ...receipt, openings: {} })),
    ),
    valid(
      'unknown-witness',
      edited(own('completed'), (receipt) => ({ ...receipt, checkpoint: receipt.checkpoint + stranger })),
    ),
  ];
}

function lyingReceipts(own: ReceiptsByName): GoldenVector[] {
  return [
    invalid(
      'receipts',
      'denied-but-carried',
      own('denied-but-carried'),
      'denied_but_carried',
      'statement.carried',
    ),
    invalid(
      'receipts',
      'intent-not-before-outcome',
      own('intent-not-before-outcome'),
      'intent_not_before_outcome',
      'statement.intent.index',
    ),
    invalid(
      'receipts',
      'other-tenants-crossing',
      own('other-tenants-crossing'),
      'origin_mismatch',
      'checkpoint',
    ),
    invalid(
      'receipts',
      'assurance-exceeds-evidence',
      own('assurance-exceeds-evidence'),
      'assurance_exceeds_evidence',
      'statement.carried.assurance',
    ),
  ];
}

function tamperedReceipts(own: ReceiptsByName, strangers: ReceiptsByName): GoldenVector[] {
  const tampered = (
    name: string,
    change: (receipt: Receipt) => object,
    code: RefusalCode,
    where: string,
  ): GoldenVector => invalid('receipts', name, edited(own('completed'), change), code, where);
  const other = parseReceipt(own('aborted'));
  return [
    tampered(
      'site-changed',
      (receipt) => replacedText(receipt, '"place":"012041"', '"place":"131016"'),
      'proof_root_mismatch',
      'statement, inclusion',
    ),
    tampered(
      'usage-changed',
      (receipt) => replacedText(receipt, '"outputTokens":17', '"outputTokens":18'),
      'proof_root_mismatch',
      'statement, inclusion',
    ),
    tampered(
      'index-changed',
      (receipt) => ({ ...receipt, inclusion: { ...receipt.inclusion, index: receipt.inclusion.index + 1 } }),
      'proof_root_mismatch',
      'statement, inclusion',
    ),
    tampered(
      'index-outside-tree',
      (receipt) => ({ ...receipt, inclusion: { ...receipt.inclusion, index: 1_000_000 } }),
      'proof_out_of_range',
      'inclusion',
    ),
    tampered(
      'hash-missing',
      (receipt) => ({
        ...receipt,
        inclusion: { ...receipt.inclusion, hashes: receipt.inclusion.hashes.slice(1) },
      }),
      'proof_malformed',
      'inclusion',
    ),
    tampered(
      'hash-changed',
      (receipt) => ({
        ...receipt,
        inclusion: {
          ...receipt.inclusion,
          hashes: receipt.inclusion.hashes.with(1, base64(new Uint8Array(32))),
        },
      }),
      'proof_root_mismatch',
      'statement, inclusion',
    ),
    tampered(
      'proof-of-another-crossing',
      (receipt) => ({ ...receipt, inclusion: other.inclusion }),
      'proof_root_mismatch',
      'statement, inclusion',
    ),
    tampered(
      'size-changed',
      (receipt) => ({ ...receipt, checkpoint: receipt.checkpoint.replace('\n19\n', '\n18\n') }),
      'note_signature_invalid',
      'checkpoint.signatures.0',
    ),
    tampered(
      'signature-removed',
      (receipt) => ({ ...receipt, checkpoint: receipt.checkpoint.replace(/\u2014.*\n/u, '') }),
      'note_malformed',
      'checkpoint.signatures',
    ),
    tampered('id-changed', (receipt) => ({ ...receipt, id: other.id }), 'receipt_id_mismatch', 'id'),
    tampered(
      'salt-changed',
      (receipt) => ({
        ...receipt,
        openings: { ...receipt.openings, answerSalt: base64(new Uint8Array(32)) },
      }),
      'salt_mismatch',
      'openings.answerSalt',
    ),
    tampered('unknown-field', (receipt) => ({ ...receipt, note: 'trust me' }), 'receipt_malformed', 'note'),
    tampered(
      'unknown-format',
      (receipt) => ({ ...receipt, format: 'sekisho-receipt/v2' }),
      'receipt_malformed',
      'format',
    ),
    invalid(
      'receipts',
      'opening-without-commitment',
      edited(own('denied'), (receipt) => ({
        ...receipt,
        openings: { answerSalt: base64(new Uint8Array(32)) },
      })),
      'opening_without_commitment',
      'openings.answerSalt',
    ),
    invalid('receipts', 'unknown-cell', strangers('completed'), 'note_unsigned', 'checkpoint'),
  ];
}

function respelledReceipts(own: ReceiptsByName): GoldenVector[] {
  const text = present(textOfUtf8(own('completed')));
  const end = own('completed').length;
  const respelled = (name: string, bytes: Uint8Array, code: RefusalCode, where: string): GoldenVector =>
    invalid('receipts', name, bytes, code, where);
  return [
    respelled(
      'indented',
      utf8(JSON.stringify(JSON.parse(text), undefined, 2)),
      'receipt_not_canonical',
      'byte 1',
    ),
    respelled('final-newline', utf8(`${text}\n`), 'receipt_not_canonical', `byte ${end}`),
    respelled(
      'repeated-key',
      utf8(text.replace('"id":', '"format":"sekisho-receipt/v1","id":')),
      'receipt_not_canonical',
      `byte ${utf8(text.slice(0, text.indexOf('"id":'))).length + 1}`,
    ),
    respelled(
      'byte-order-mark',
      concatBytes([Uint8Array.of(0xef, 0xbb, 0xbf), utf8(text)]),
      'receipt_malformed',
      'byte 0',
    ),
    respelled('cut-off', utf8(text.slice(0, -1)), 'receipt_malformed', `byte ${end - 1}`),
    respelled(
      'not-utf-8',
      concatBytes([utf8(text.slice(0, -1)), Uint8Array.of(0xff)]),
      'receipt_malformed',
      `byte ${end - 1}`,
    ),
    respelled('empty', new Uint8Array(0), 'receipt_malformed', 'byte 0'),
  ];
}

function checkpoints(): GoldenVector[] {
  const signer = sampleSigner(sampleOrigin);
  const root = new Uint8Array(32).fill(7);
  const note = signCheckpoint({ origin: sampleOrigin, size: 19, root }, signer);
  const signed = (body: string): Uint8Array => utf8(signNote(body, signer));
  const body = `${sampleOrigin}\n19\n${base64(root)}\n`;
  return [
    { file: 'checkpoints/valid/signed.txt', bytes: utf8(note), expected: 'valid' },
    invalid('checkpoints', 'extension-line', signed(`${body}more\n`), 'checkpoint_malformed', ''),
    invalid(
      'checkpoints',
      'size-with-leading-zero',
      signed(body.replace('\n19\n', '\n019\n')),
      'checkpoint_malformed',
      'size',
    ),
    invalid(
      'checkpoints',
      'short-root',
      signed(`${sampleOrigin}\n19\n${base64(root.subarray(1))}\n`),
      'checkpoint_malformed',
      'root',
    ),
    invalid(
      'checkpoints',
      'signed-by-another-log',
      signed(body.replace('asahikawa', OTHER_TENANT)),
      'note_unsigned',
      '',
    ),
    invalid(
      'checkpoints',
      'root-changed',
      utf8(note.replace('Bw', 'Cw')),
      'note_signature_invalid',
      'signatures.0',
    ),
  ];
}

function notes(): GoldenVector[] {
  const signer = sampleSigner(sampleOrigin);
  const note = signNote('A note of two lines,\n\none of them empty: 関所。\n', signer);
  const strangers = Array.from({ length: 16 }, (_, n) => sampleSigner(`witness-${n}.example`));
  const many = signNote('Seventeen signatures.\n', ...strangers, signer);
  const replaced = (from: string | RegExp, to: string): Uint8Array => utf8(note.replace(from, to));
  return [
    { file: 'notes/valid/signed.txt', bytes: utf8(note), expected: 'valid' },
    { file: 'notes/valid/seventeen-signatures.txt', bytes: utf8(many), expected: 'valid' },
    invalid('notes', 'text-changed', replaced('two', 'ten'), 'note_signature_invalid', 'signatures.0'),
    invalid('notes', 'no-final-newline', utf8(note.slice(0, -1)), 'note_malformed', 'signatures'),
    invalid('notes', 'carriage-returns', utf8(note.replaceAll('\n', '\r\n')), 'note_malformed', ''),
    invalid('notes', 'hyphen-for-dash', replaced('\u2014', '-'), 'note_malformed', 'signatures.0'),
    invalid('notes', 'base64-unpadded', replaced(/=+\n$/, '\n'), 'note_malformed', 'signatures.0'),
    invalid('notes', 'unknown-signer', utf8(signNote('Nobody known.\n', ...strangers)), 'note_unsigned', ''),
  ];
}

function invalid(
  kind: 'receipts' | 'checkpoints' | 'notes',
  name: string,
  bytes: Uint8Array,
  code: RefusalCode,
  where: string,
): GoldenVector {
  const extension = kind === 'receipts' ? 'json' : 'txt';
  return { file: `${kind}/invalid/${name}.${extension}`, bytes, expected: { code, where } };
}

/** The canonical bytes of a changed receipt. */
function edited(bytes: Uint8Array, change: (receipt: Receipt) => object): Uint8Array {
  return canonicalJson({ ...change(parseReceipt(bytes)) });
}

function replacedText(receipt: Receipt, from: string, to: string): object {
  const text = present(textOfUtf8(canonicalJson(receipt)));
  if (!text.includes(from)) throw new RangeError(`the sample holds no ${from}`);
  return Receipt.parse(JSON.parse(text.replace(from, to)));
}

function present<T>(value: T | undefined): T {
  if (value === undefined) throw new RangeError('the sample lacks a part');
  return value;
}
