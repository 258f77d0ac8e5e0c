import type { Witnessed } from '@sekisho/contract';
import { base64, textOfUtf8, utf8 } from '../byte-encodings.ts';
import { canonicalJson } from '../canonical-json.ts';
import type { Cosigner } from '../cosigner.ts';
import type { RefusalCode } from '../refusal.ts';
import { parseReceipt } from '../receipt.ts';
import { parseTlogProof, formatTlogProof, tlogProofsOf } from '../tlog-proof.ts';
import { sampleForms, sampleOrigin, sampleSigner } from './sample-log.ts';
import type { SampleLog } from './sample-log.ts';
import {
  cosigned,
  sampleAnchor,
  sampleCellLog,
  sampleCellOrigin,
  sampleCosigner,
  sampleWitnessedReceipts,
  sampleWitnesses,
  withWitnessed,
} from './sample-witnessed.ts';

/**
 * The golden files under `vectors/witnessed/` of the repository, made here and nowhere else: receipts with
 * what leads to the witnesses, for a verifier that trusts `cell.vkey` and demands `two-of-three.policy`.
 * A pair of tlog-proofs is `{name}.tlog-proof` and `{name}.anchor.tlog-proof`.
 */
interface GoldenWitnessedReceipts {
  readonly keys: string;
  readonly policy: string;
  readonly vectors: readonly GoldenVector[];
}

interface GoldenVector {
  /** `receipts/invalid/one-witness.json`. */
  readonly file: string;
  readonly bytes: Uint8Array;
  /** Of a pair: the second file. */
  readonly anchorProof?: Uint8Array;
  readonly expected: 'valid' | { readonly code: RefusalCode; readonly where: string };
}

const { north, south, east } = sampleWitnesses;
const stranger = sampleCosigner('witness.stranger.example');
const OTHER_CELL = 'third-cell.example.jp/ledger/cell';

const policy = [
  '# Any two of three. The log is the one that the keys name: no log line.',
  `witness north ${north.verifierKey}`,
  `witness south ${south.verifierKey}`,
  `witness east ${east.verifierKey}`,
  'group any-two 2 north south east',
  'quorum any-two',
  '',
].join('\n');

export async function goldenWitnessedReceipts(): Promise<GoldenWitnessedReceipts> {
  const keys = [sampleOrigin, sampleCellOrigin, OTHER_CELL].map((origin) => sampleSigner(origin));
  return {
    keys: [
      '# Verifier keys of the sample cells. Made from their names: they protect nothing.',
      ...keys.map((key) => key.verifierKey),
      '',
    ].join('\n'),
    policy,
    vectors: [...(await receipts()), ...(await pairs())],
  };
}

async function receipts(): Promise<GoldenVector[]> {
  const { tenantLog, cellLog, witnessed, plain, receipts: whole } = await sampleWitnessedReceipts();
  const [, receipt = new Uint8Array(0)] = plain;
  const [, complete = new Uint8Array(0)] = whole;
  const valid = (name: string, bytes: Uint8Array): GoldenVector => ({
    file: `receipts/valid/${name}.json`,
    bytes,
    expected: 'valid',
  });
  const invalid = (name: string, bytes: Uint8Array, code: RefusalCode, where: string): GoldenVector => ({
    file: `receipts/invalid/${name}.json`,
    bytes,
    expected: { code, where },
  });
  const changed = (change: Partial<Witnessed>): Uint8Array =>
    withWitnessed(receipt, { ...witnessed, ...change });
  const cosignedBy = (...cosigners: readonly Cosigner[]): Uint8Array =>
    changed({ checkpoint: cosigned(cellLog, cosigners) });
  const { anchor, inclusion, checkpoint } = witnessed;
  const notIncluded = ['anchor_not_included', 'witnessed.anchor, witnessed.inclusion'] as const;
  const unmet = ['quorum_not_met', 'witnessed.checkpoint'] as const;

  /** An anchor that the cell did log, of another tree. */
  const logged = async (other: Pick<SampleLog, 'origin' | 'size' | 'root'>): Promise<Uint8Array> => {
    const { witnessed: proofs } = await sampleCellLog(sampleCellOrigin, [sampleAnchor(other)]);
    return withWitnessed(receipt, proofs[0]);
  };
  const inOtherLog = async (origin: string): Promise<Uint8Array> => {
    const { witnessed: proofs } = await sampleCellLog(origin, [anchor]);
    return withWitnessed(receipt, proofs[0]);
  };
  const grown = await sampleForms(sampleOrigin, [{}, {}, {}, {}]);
  const ofGrown = grown.forms[1]?.receipt ?? new Uint8Array(0);
  const lines = cosigned(cellLog, [north, south]);
  const elsewhere =
    cosigned({ ...cellLog, size: cellLog.size + 1 }, [north])
      .split('\n')
      .at(-2) ?? '';

  return [
    valid('two-witnesses', complete),
    valid('three-witnesses', cosignedBy(north, south, east)),
    valid('beside-a-stranger', cosignedBy(north, stranger, south)),
    invalid('not-witnessed', receipt, 'not_witnessed', 'witnessed'),
    invalid('no-witness', cosignedBy(), ...unmet),
    invalid('one-witness', cosignedBy(north), ...unmet),
    invalid('one-witness-twice', cosignedBy(north, north), ...unmet),
    invalid('one-witness-and-a-stranger', cosignedBy(north, stranger), ...unmet),
    // The lie that witnesses are for: all is well signed, and this tree is not the one that they hold the cell to.
    invalid(
      'anchor-of-a-fork',
      await logged({ ...tenantLog, root: new Uint8Array(32).fill(7) }),
      'anchor_mismatch',
      'witnessed.anchor.root',
    ),
    invalid(
      'anchor-of-a-smaller-tree',
      await logged({ ...tenantLog, size: 5 }),
      'anchor_mismatch',
      'witnessed.anchor.size',
    ),
    invalid(
      'anchor-of-another-tenant',
      await logged({ ...tenantLog, origin: 'cell.example.jp/ledger/hakodate' }),
      'anchor_mismatch',
      'witnessed.anchor.origin',
    ),
    invalid(
      'checkpoint-after-the-anchor',
      withWitnessed(ofGrown, witnessed),
      'anchor_mismatch',
      'witnessed.anchor.size',
    ),
    invalid(
      'anchor-time-changed',
      changed({ anchor: { ...anchor, time: '2026-04-01T00:00:02.000Z' } }),
      ...notIncluded,
    ),
    invalid(
      'anchor-index-changed',
      changed({ inclusion: { ...inclusion, index: inclusion.index - 1 } }),
      ...notIncluded,
    ),
    invalid(
      'anchor-hash-changed',
      changed({ inclusion: { ...inclusion, hashes: inclusion.hashes.with(1, base64(new Uint8Array(32))) } }),
      ...notIncluded,
    ),
    invalid(
      'anchor-hash-missing',
      changed({ inclusion: { ...inclusion, hashes: inclusion.hashes.slice(1) } }),
      'proof_malformed',
      'witnessed.inclusion',
    ),
    invalid(
      'anchor-outside-the-tree',
      changed({ inclusion: { ...inclusion, index: 1_000_000 } }),
      'proof_out_of_range',
      'witnessed.inclusion',
    ),
    invalid(
      'cell-log-of-another-cell',
      await inOtherLog(OTHER_CELL),
      'cell_log_mismatch',
      'witnessed.checkpoint',
    ),
    invalid(
      'tenants-log-for-the-cells',
      await inOtherLog(sampleOrigin),
      'cell_log_mismatch',
      'witnessed.checkpoint',
    ),
    invalid(
      'unknown-cell-log',
      await inOtherLog('unknown-cell.example.jp/ledger/cell'),
      'note_unsigned',
      'witnessed.checkpoint',
    ),
    invalid(
      'not-signed-by-the-cell-log',
      changed({ checkpoint: checkpoint.replace(/\u2014.*\n/u, '') }),
      'note_unsigned',
      'witnessed.checkpoint',
    ),
    invalid(
      'size-of-the-cell-log-changed',
      changed({ checkpoint: checkpoint.replace(`\n${cellLog.size}\n`, `\n${cellLog.size + 1}\n`) }),
      'note_signature_invalid',
      'witnessed.checkpoint.signatures.0',
    ),
    invalid(
      'cosignature-of-another-tree',
      changed({ checkpoint: lines.replace(/(?<=\n)\u2014 witness\.north.*(?=\n)/u, elsewhere) }),
      'note_signature_invalid',
      'witnessed.checkpoint.signatures.1',
    ),
    invalid(
      'no-checkpoint',
      canonicalJson({ ...parseReceipt(receipt), witnessed: { anchor, inclusion } }),
      'receipt_malformed',
      'witnessed.checkpoint',
    ),
    invalid(
      'unknown-field',
      canonicalJson({ ...parseReceipt(receipt), witnessed: { ...witnessed, note: 'trust me' } }),
      'receipt_malformed',
      'witnessed.note',
    ),
    invalid(
      'openings-are-not-an-anchor',
      canonicalJson({
        ...parseReceipt(receipt),
        witnessed: { ...witnessed, anchor: parseReceipt(receipt).openings },
      }),
      'receipt_malformed',
      [
        ...['version', 'kind', 'time', 'origin', 'size', 'root'].map((field) => `witnessed.anchor.${field}`),
        'witnessed.anchor.answerSalt',
      ].join(', '),
    ),
  ];
}

async function pairs(): Promise<GoldenVector[]> {
  const { receipts: whole, tenantLog } = await sampleWitnessedReceipts();
  const { statement, anchor } = tlogProofsOf(parseReceipt(whole[1] ?? new Uint8Array(0)));
  if (anchor === undefined) throw new RangeError('the sample lacks its anchor');
  const parts = parseTlogProof(anchor);
  const pair = (name: string, anchorProof: Uint8Array, expected: GoldenVector['expected']): GoldenVector => ({
    file: `tlog-proofs/${expected === 'valid' ? 'valid' : 'invalid'}/${name}.tlog-proof`,
    bytes: statement,
    anchorProof,
    expected,
  });
  const forked = sampleAnchor({ ...tenantLog, root: new Uint8Array(32).fill(7) });
  const cut = utf8((textOfUtf8(anchor) ?? '').replace('proof@v1', 'proof@v2'));
  return [
    pair('two-witnesses', anchor, 'valid'),
    pair('anchor-of-a-fork', formatTlogProof({ ...parts, extra: canonicalJson(forked) }), {
      code: 'anchor_mismatch',
      where: 'witnessed.anchor.root',
    }),
    pair('anchor-index-changed', formatTlogProof({ ...parts, index: parts.index - 1 }), {
      code: 'anchor_not_included',
      where: 'witnessed.anchor, witnessed.inclusion',
    }),
    pair('statement-twice', statement, {
      code: 'receipt_malformed',
      where: ['kind', 'origin', 'size', 'root', 'action']
        .map((field) => `witnessed.anchor.${field}`)
        .join(', '),
    }),
    pair('no-extra', formatTlogProof({ ...parts, extra: undefined }), {
      code: 'tlog_proof_malformed',
      where: 'witnessed.extra',
    }),
    pair('unknown-version', cut, { code: 'tlog_proof_malformed', where: 'witnessed.line 1' }),
  ];
}
