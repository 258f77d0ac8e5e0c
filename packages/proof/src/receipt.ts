import { RECEIPT_BYTES_MAX, Receipt } from '@sekisho/contract';
import type { PayloadCommitment, Witnessed } from '@sekisho/contract';
import { verifyAnchoring } from './anchored-tree.ts';
import type { Anchoring } from './anchored-tree.ts';
import { base64, bytesOfBase64 } from './byte-encodings.ts';
import { canonicalJson } from './canonical-json.ts';
import { verifyCheckpoint } from './checkpoint.ts';
import type { Checkpoint } from './checkpoint.ts';
import { openCommitment } from './commitment.ts';
import { leafHash, verifyInclusion } from './merkle-tree.ts';
import { parseCanonicalAs, requireTruthful, verdictOf } from './proven-statement.ts';
import type { ProvenStatement, StatementVerdict } from './proven-statement.ts';
import { Refusal } from './refusal.ts';
import { refuse, within } from './refuse.ts';
import type { VerifierKey } from './verifier-key.ts';

export type ReceiptVerdict = StatementVerdict<Receipt>;

/**
 * Verifies a receipt as served, with nothing but the verifier keys that the auditor trusts. One that
 * carries `witnessed` needs the key of the cell's log as well.
 *
 * A valid verdict means: the log of the statement's tenant signed a tree that holds exactly this
 * statement at exactly this index, and the statement keeps the rules of a crossing. Every byte is
 * covered: the file must be canonical JSON, the statement is the leaf, proof and checkpoint lead
 * to a signature, the rest is checked against the statement. Only signature lines of keys that
 * the auditor does not hold are ignored, as C2SP signed-note requires: so those of witnesses are
 * judged by `requireWitnesses`.
 */
export function verifyReceipt(bytes: Uint8Array, keys: readonly VerifierKey[]): ReceiptVerdict {
  return verdictOf(() => {
    const receipt = parseReceipt(bytes);
    // The signature comes before the inclusion proof, so that a mismatch can only mean the statement.
    const checkpoint = within('checkpoint', () => verifyCheckpoint(receipt.checkpoint, keys));
    requireInclusion(receipt, canonicalJson(receipt.statement), checkpoint);
    requireTruthful(receipt, checkpoint.origin);
    const { witnessed } = receipt;
    if (witnessed === undefined) return { receipt, checkpoint };
    return { receipt, checkpoint, witnessed: verifyAnchoring(anchoringOf(witnessed), checkpoint, keys) };
  });
}

/**
 * Reads a receipt without verifying it. Throws Refusal `receipt_too_large`, `receipt_malformed` or
 * `receipt_not_canonical`.
 */
export function parseReceipt(bytes: Uint8Array): Receipt {
  if (bytes.length > RECEIPT_BYTES_MAX) throw new Refusal('receipt_too_large', `byte ${RECEIPT_BYTES_MAX}`);
  return parseCanonicalAs(Receipt, bytes);
}

interface ReceiptParts {
  readonly statement: Receipt['statement'];
  readonly index: number;
  readonly hashes: readonly Uint8Array[];
  readonly checkpoint: string;
  readonly openings: Receipt['openings'];
  readonly witnessed?: Witnessed | undefined;
}

/**
 * A receipt of a statement that the tree of `checkpoint` holds at `index`; `hashes` is its inclusion
 * proof. Says nothing about whether they fit: {@link verifyReceipt} does.
 */
export function composeReceipt(parts: ReceiptParts): Receipt {
  return {
    format: 'sekisho-receipt/v1',
    id: parts.statement.crossing,
    statement: parts.statement,
    inclusion: { index: parts.index, hashes: parts.hashes.map(base64) },
    checkpoint: parts.checkpoint,
    openings: parts.openings,
    ...(parts.witnessed && { witnessed: parts.witnessed }),
  };
}

/** The bytes to serve of what {@link composeReceipt} gives. */
export function formatReceipt(parts: ReceiptParts): Uint8Array {
  return canonicalJson({ ...composeReceipt(parts) });
}

/** Throws Refusal `proof_out_of_range`, `proof_malformed` or `proof_root_mismatch`. */
export function requireInclusion(
  { inclusion }: ProvenStatement,
  leaf: Uint8Array,
  { size, root }: Checkpoint,
): void {
  const verdict = verifyInclusion({
    index: inclusion.index,
    size,
    root,
    leafHash: leafHash(leaf),
    hashes: hashesOf(inclusion.hashes, 'inclusion'),
  });
  if (verdict.ok) return;
  throw new Refusal(
    verdict.code,
    verdict.code === 'proof_root_mismatch' ? 'statement, inclusion' : 'inclusion',
  );
}

function anchoringOf({ anchor, inclusion, checkpoint }: Witnessed): Anchoring {
  const hashes = hashesOf(inclusion.hashes, 'witnessed.inclusion');
  return { anchor, index: inclusion.index, hashes, note: checkpoint };
}

function hashesOf(hashes: readonly string[], where: string): Uint8Array[] {
  return hashes.map(
    (hash, at) => bytesOfBase64(hash) ?? refuse('receipt_malformed', `${where}.hashes.${at}`),
  );
}

export type PayloadVerdict =
  /** The text is the one that the statement commits to. */
  | 'matches'
  /** It is another text, or one byte of it differs. */
  | 'differs'
  /** The salt was erased or was never given to this reader: nobody can tell. */
  | 'no_salt'
  /** The statement commits to no such payload. */
  | 'no_commitment';

/**
 * Checks texts that an auditor holds against a receipt that was found valid. Only the payloads
 * given are judged. The bytes are those of the request and answer bodies.
 */
export function checkPayload(
  { openings, statement }: ProvenStatement,
  payloads: { readonly request?: Uint8Array; readonly answer?: Uint8Array },
): { readonly request?: PayloadVerdict; readonly answer?: PayloadVerdict } {
  const { request, answer } = payloads;
  return {
    ...(request && { request: judgePayload(statement.request, request, openings.requestSalt) }),
    ...(answer && { answer: judgePayload(statement.answer, answer, openings.answerSalt) }),
  };
}

function judgePayload(
  committed: PayloadCommitment | undefined,
  payload: Uint8Array,
  salt: string | undefined,
): PayloadVerdict {
  if (committed === undefined) return 'no_commitment';
  const saltBytes = salt === undefined ? undefined : bytesOfBase64(salt);
  if (saltBytes === undefined) return 'no_salt';
  return openCommitment(committed, payload, saltBytes) === 'opens' ? 'matches' : 'differs';
}
