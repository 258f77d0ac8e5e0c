import {
  canonicalJson,
  formatCoseReceipt,
  formatReceipt,
  formatTlogProof,
  parseCoseReceipt,
  parseReceipt,
  parseTlogProof,
  receiptFormOf,
  signNote,
  verifyAnyReceipt,
  verifyReceipt,
} from '@sekisho/proof';
import type { StatementVerdict } from '@sekisho/proof';
import { sampleOrigin, sampleSigner } from '../../packages/proof/src/testing/sample-log.ts';
import { edgeIntegers } from './format-tokens.ts';
import { mutatedJson } from './json-mutations.ts';
import { mutated } from './mutations.ts';
import { ACCEPTED, requireSameBytes, requireThat } from './parser-target.ts';
import type { Outcome, ParserTarget } from './parser-target.ts';
import type { Choices } from './random-choices.ts';
import { goldenFiles, goldenKeys } from './sample-files.ts';

/** Receipts in their three forms. */

const receipts = goldenFiles('receipts/**');
const tlogProofs = goldenFiles('tlog-proofs/**');
const coseReceipts = goldenFiles('cose/**');
const keys = goldenKeys();
const bytesMax = 300_000;

/** What the golden files prove: statement, index and tree, as one text each. */
const genuine = new Set(
  ['receipts', 'tlog-proofs', 'cose'].flatMap((folder) =>
    goldenFiles(`${folder}/valid/*`).map((file) => {
      const verdict = verifyAnyReceipt(file, keys);
      requireThat(verdict.verdict === 'valid', 'a golden file that is not valid');
      return provenBy(verdict);
    }),
  ),
);

function provenBy({ receipt, checkpoint }: Extract<StatementVerdict, { verdict: 'valid' }>): string {
  const statement = Buffer.from(canonicalJson(receipt.statement)).toString('utf8');
  return [
    receipt.inclusion.index,
    checkpoint.origin,
    checkpoint.size,
    Buffer.from(checkpoint.root).toString('hex'),
    statement,
  ].join(' ');
}

/** A verifier never calls valid what the log does not hold in just this place. */
function judge(verdict: StatementVerdict): Outcome {
  if (verdict.verdict === 'invalid') {
    requireThat(verdict.where !== '', 'a refusal that names no place');
    return { code: verdict.code, where: verdict.where };
  }
  requireThat(genuine.has(provenBy(verdict)), 'valid, though the log holds something else');
  return { code: ACCEPTED };
}

const truths = [
  'origin_mismatch',
  'intent_not_before_outcome',
  'denied_but_carried',
  'assurance_exceeds_evidence',
] as const;
const proofRefusals = ['proof_out_of_range', 'proof_malformed', 'proof_root_mismatch'] as const;
const noteRefusals = ['note_malformed', 'note_signature_invalid', 'note_unsigned'] as const;

export const receiptTargets: readonly ParserTarget[] = [
  {
    name: 'receipt-parser',
    corpus: receipts,
    outcomes: [ACCEPTED, 'receipt_malformed', 'receipt_not_canonical', 'receipt_too_large'],
    bytesMax,
    mutate: (input, choices) => (choices.chance(20) ? tooLarge(input) : mutatedJson(input, choices)),
    parse(input) {
      requireSameBytes(canonicalJson(parseReceipt(input)), input);
    },
  },
  {
    name: 'receipt',
    corpus: [...receipts, withSignedNonsense()],
    outcomes: [
      ACCEPTED,
      'receipt_malformed',
      'receipt_not_canonical',
      ...noteRefusals,
      'checkpoint_malformed',
      ...proofRefusals,
      ...truths,
      'receipt_id_mismatch',
      'opening_without_commitment',
      'salt_mismatch',
    ],
    mutate: (input, choices) => mutatedJson(choices.chance(3) ? crossedReceipts(choices) : input, choices),
    parse(input) {
      const verdict = verifyReceipt(input, keys);
      const outcome = judge(verdict);
      if (verdict.verdict === 'valid') {
        const { statement, inclusion, checkpoint, openings } = verdict.receipt;
        const hashes = inclusion.hashes.map((hash) => new Uint8Array(Buffer.from(hash, 'base64')));
        requireSameBytes(
          formatReceipt({ statement, index: inclusion.index, hashes, checkpoint, openings }),
          input,
        );
      }
      return outcome;
    },
  },
  {
    name: 'tlog-proof-parser',
    corpus: tlogProofs,
    outcomes: [ACCEPTED, 'tlog_proof_malformed', 'receipt_too_large'],
    bytesMax,
    mutate: (input, choices) => (choices.chance(20) ? tooLarge(input) : changedTlogProof(input, choices)),
    parse(input) {
      requireSameBytes(formatTlogProof(parseTlogProof(input)), input);
    },
  },
  {
    name: 'cose-parser',
    corpus: coseReceipts,
    outcomes: [ACCEPTED, 'cose_malformed', 'receipt_too_large'],
    bytesMax,
    mutate: (input, choices) => (choices.chance(20) ? tooLarge(input) : changedCose(input, choices)),
    parse(input) {
      requireSameBytes(formatCoseReceipt(parseCoseReceipt(input)), input);
    },
  },
  {
    name: 'any-receipt',
    corpus: [...tlogProofs, ...coseReceipts, ...receipts, withSignedNonsense()],
    outcomes: [
      ACCEPTED,
      'receipt_malformed',
      'receipt_not_canonical',
      'tlog_proof_malformed',
      'cose_malformed',
      'cose_unsigned',
      'cose_signature_invalid',
      ...noteRefusals,
      'checkpoint_malformed',
      ...proofRefusals,
      ...truths,
      'receipt_id_mismatch',
      'opening_without_commitment',
      'salt_mismatch',
    ],
    mutate(input, choices) {
      const form = receiptFormOf(input);
      if (form === 'cose') return changedCose(input, choices);
      return form === 'tlog-proof' ? changedTlogProof(input, choices) : mutatedJson(input, choices);
    },
    parse: (input) => judge(verifyAnyReceipt(input, keys)),
  },
];

/** The statement of one receipt with the proof or the checkpoint of another. */
function crossedReceipts(choices: Choices): Uint8Array {
  const [one, other] = [choices.pick(readable), choices.pick(readable)];
  const hashes = choices
    .pick([one, other])
    .inclusion.hashes.map((hash) => new Uint8Array(Buffer.from(hash, 'base64')));
  return formatReceipt({
    statement: one.statement,
    index: choices.pick([one, other]).inclusion.index,
    hashes,
    checkpoint: choices.pick([one, other]).checkpoint,
    openings: choices.pick([one, other]).openings,
  });
}

const readable = goldenFiles('receipts/valid/*').map((file) => parseReceipt(file));
const validTlogProofs = goldenFiles('tlog-proofs/valid/*');
const validCose = goldenFiles('cose/valid/*');

function changedTlogProof(input: Uint8Array, choices: Choices): Uint8Array {
  const parts = parsedOr(() => parseTlogProof(input)) ?? parseTlogProof(choices.pick(validTlogProofs));
  return formatTlogProof({
    ...parts,
    ...changedProof(parts, choices),
    extra: parts.extra && changedLeaf(parts.extra, choices),
  });
}

function changedCose(input: Uint8Array, choices: Choices): Uint8Array {
  const parts = parsedOr(() => parseCoseReceipt(input)) ?? parseCoseReceipt(choices.pick(validCose));
  const proof = changedProof(parts, choices);
  if (proof.hashes.length === 0) return input;
  const size = choices.chance(4) ? Math.max(1, choices.pick(edgeIntegers)) : parts.head.size;
  return formatCoseReceipt({
    ...parts,
    ...proof,
    leaf: changedLeaf(parts.leaf, choices),
    head: { ...parts.head, size },
  });
}

function changedLeaf(leaf: Uint8Array, choices: Choices): Uint8Array {
  if (choices.chance(3)) return leaf;
  return choices.chance(3) ? mutated(leaf, choices, [leaf], 4096) : mutatedJson(leaf, choices);
}

function changedProof(
  { index, hashes }: { readonly index: number; readonly hashes: readonly Uint8Array[] },
  choices: Choices,
): { readonly index: number; readonly hashes: readonly Uint8Array[] } {
  const changed = [...hashes];
  const at = choices.below(changed.length);
  const change = choices.below(6);
  if (change === 0) changed.splice(at, 1);
  else if (change === 1) changed.splice(at, 0, changed[at] ?? choices.bytes(32));
  else if (change === 2) changed.reverse();
  return { index: choices.chance(3) ? Math.max(0, choices.pick(edgeIntegers)) : index, hashes: changed };
}

function parsedOr<T>(parse: () => T): T | undefined {
  try {
    return parse();
  } catch {
    return undefined;
  }
}

/** What no honest log signs: a note that is no checkpoint. */
function withSignedNonsense(): Uint8Array {
  const receipt = parseReceipt(goldenFiles('receipts/valid/completed.json')[0]!);
  const signer = sampleSigner(sampleOrigin);
  return canonicalJson({ ...receipt, checkpoint: signNote(`${sampleOrigin}\nmany\n`, signer) });
}

function tooLarge(input: Uint8Array): Uint8Array {
  return Buffer.concat([input, Buffer.alloc(256 * 1024)]);
}
