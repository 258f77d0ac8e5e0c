import {
  canonicalJson,
  formatTlogProof,
  formatVerifierKeys,
  parseTlogProof,
  parseVerifierKeys,
  parseWitnessPolicy,
  requireWitnesses,
  signCheckpoint,
  utf8,
  verifyCheckpoint,
  verifyReceipt,
  verifyTlogProof,
} from '@sekisho/proof';
import type { StatementVerdict } from '@sekisho/proof';
import { sampleOrigin, sampleSigner } from '../../packages/proof/src/testing/sample-log.ts';
import { mutatedJson } from './json-mutations.ts';
import { mutated } from './mutations.ts';
import { packed, unpacked } from './packed-parts.ts';
import { ACCEPTED, requireThat } from './parser-target.ts';
import type { Outcome, ParserTarget } from './parser-target.ts';
import { goldenFiles } from './sample-files.ts';

/** Receipts that lead to witnesses, and key files that say what became of a key. */

const textOf = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? '').toString('utf8');
const keys = parseVerifierKeys(textOf(goldenFiles('witnessed/cell.vkey')[0]));
const policy = parseWitnessPolicy(goldenFiles('witnessed/*.policy')[0] ?? utf8(''));
const receipts = goldenFiles('witnessed/receipts/**');
const proofs = goldenFiles('witnessed/tlog-proofs/**').filter((file) => !isAnchorProof(file));
const anchorProofs = goldenFiles('witnessed/tlog-proofs/**').filter(isAnchorProof);
const pairs = proofs.flatMap((proof) => anchorProofs.map((anchor) => packed([proof, anchor])));

/** Statement, its tree, and the tree of the cell's log: what the valid golden files prove. */
const genuine = new Set(
  [
    ...goldenFiles('witnessed/receipts/valid/*').map((file) => verifyReceipt(file, keys)),
    ...pairs.map(verifyPair),
  ].flatMap((verdict) =>
    requireWitnesses(verdict, policy).verdict === 'satisfied' ? [provenBy(verdict)] : [],
  ),
);

const SIZE = 19;
const signer = sampleSigner(sampleOrigin);
const note = signCheckpoint({ origin: sampleOrigin, size: SIZE, root: new Uint8Array(32) }, signer);

const refusals = [
  'note_malformed',
  'note_signature_invalid',
  'note_unsigned',
  'proof_out_of_range',
  'proof_malformed',
  'proof_root_mismatch',
  'anchor_mismatch',
  'anchor_not_included',
  'cell_log_mismatch',
  'not_witnessed',
  'quorum_not_met',
  'receipt_malformed',
  'receipt_not_canonical',
] as const;

export const witnessedTargets: readonly ParserTarget[] = [
  {
    name: 'witnessed-receipt',
    corpus: receipts,
    outcomes: [ACCEPTED, ...refusals],
    mayStayUnreached: [
      'receipt_id_mismatch',
      'opening_without_commitment',
      'salt_mismatch',
      'checkpoint_malformed',
    ],
    share: 0.4,
    mutate: mutatedJson,
    parse: (input) => judge(verifyReceipt(input, keys)),
  },
  {
    name: 'witnessed-tlog-proof',
    corpus: pairs,
    outcomes: [
      ACCEPTED,
      'tlog_proof_malformed',
      'receipt_malformed',
      'anchor_mismatch',
      'anchor_not_included',
      ...refusals.slice(0, 3),
    ],
    mayStayUnreached: [...refusals, 'checkpoint_malformed', 'receipt_too_large', 'origin_mismatch'],
    share: 0.4,
    mutate(input, choices) {
      const parts = unpacked(input, 2);
      const at = choices.below(2);
      const part = parts[at] ?? utf8('');
      return packed(
        (parts.length === 2 ? parts : [part, part]).with(
          at,
          changedExtra(part) ?? mutated(part, choices, [...proofs, ...anchorProofs], 20_000),
        ),
      );

      function changedExtra(proof: Uint8Array): Uint8Array | undefined {
        if (choices.chance(2)) return undefined;
        try {
          const read = parseTlogProof(proof);
          return formatTlogProof({ ...read, extra: read.extra && mutatedJson(read.extra, choices) });
        } catch {
          return undefined;
        }
      }
    },
    parse: (input) => judge(verifyPair(input)),
  },
  {
    name: 'marked-keys',
    corpus: keyFiles(),
    outcomes: [ACCEPTED, 'verifier_key_malformed', 'note_unsigned', 'key_retired', 'key_compromised'],
    mayStayUnreached: ['verifier_key_unsupported'],
    parse(input) {
      const marked = parseVerifierKeys(textOf(input), { withCompromised: true });
      const { size } = verifyCheckpoint(note, marked);
      const inForce = marked.some(
        ({ mark }) => mark === undefined || (mark.state === 'retired' && mark.toSize >= size),
      );
      requireThat(inForce, 'a checkpoint for which no key stands');
    },
  },
];

function keyFiles(): Uint8Array[] {
  const { verifierKey } = sampleSigner(sampleOrigin);
  const other = { verifierKey: sampleSigner('another.example').verifierKey };
  const retired = (toSize: number) => ({ verifierKey, mark: { state: 'retired', toSize } as const });
  const compromised = { verifierKey, mark: { state: 'compromised', trustedToSize: 30 } } as const;
  return [[{ verifierKey }], [retired(19), other], [retired(18)], [compromised, other], [other]].map((each) =>
    utf8(formatVerifierKeys('keys', each)),
  );
}

function verifyPair(input: Uint8Array): StatementVerdict {
  const [proof = utf8(''), anchor = utf8('')] = unpacked(input, 2);
  return verifyTlogProof(proof, keys, anchor);
}

function judge(verdict: StatementVerdict): Outcome {
  const witnesses = requireWitnesses(verdict, policy);
  if (witnesses.verdict === 'invalid') {
    requireThat(witnesses.where !== '', 'a refusal that names no place');
    return { code: witnesses.code, where: witnesses.where };
  }
  requireThat(genuine.has(provenBy(verdict)), 'witnessed, though the witnesses saw something else');
  return { code: ACCEPTED };
}

function provenBy(verdict: StatementVerdict): string {
  if (verdict.verdict === 'invalid' || verdict.witnessed === undefined) return 'nothing';
  const { receipt, checkpoint, witnessed } = verdict;
  const tree = ({ origin, size, root }: typeof checkpoint): unknown[] => [
    origin,
    size,
    Buffer.from(root).toString('hex'),
  ];
  return JSON.stringify([
    textOf(canonicalJson(receipt.statement)),
    receipt.inclusion.index,
    tree(checkpoint),
    tree(witnessed.checkpoint),
    witnessed.anchor,
  ]);
}

/** The statement of the one is an outcome, that of the other an anchor. */
function isAnchorProof(file: Uint8Array): boolean {
  const [, extra = ''] = /^extra (.*)$/m.exec(textOf(file)) ?? [];
  return Buffer.from(extra, 'base64').includes('"kind":"anchor"');
}
