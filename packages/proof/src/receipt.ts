import { Assurance, RECEIPT_BYTES_MAX, Receipt } from '@sekisho/contract';
import type { Bilingual, PayloadCommitment } from '@sekisho/contract';
import type { z } from 'zod';
import { base64, bytesOfBase64 } from './byte-encodings.ts';
import { canonicalJson, parseCanonicalJson } from './canonical-json.ts';
import type { Json } from './canonical-json.ts';
import { verifyCheckpoint } from './checkpoint.ts';
import type { Checkpoint } from './checkpoint.ts';
import { openCommitment, saltDigest } from './commitment.ts';
import { leafHash, verifyInclusion } from './merkle-tree.ts';
import { Refusal } from './refusal.ts';
import type { RefusalCode } from './refusal.ts';
import type { VerifierKey } from './verifier-key.ts';

export type ReceiptVerdict =
  | {
      readonly verdict: 'valid';
      readonly receipt: Receipt;
      /** The signed tree that holds the statement. */
      readonly checkpoint: Checkpoint;
    }
  | {
      readonly verdict: 'invalid';
      readonly code: RefusalCode;
      /**
       * Never empty: paths inside the receipt, `checkpoint.signatures.0` or `statement, inclusion`
       * where any of several may be what changed; or `byte 17` of the file, from 0.
       */
      readonly where: string;
      readonly message: Bilingual;
    };

/** Bad fields named for one receipt: a hostile one could hold a hundred thousand. */
const BAD_FIELDS_MAX = 8;
const PATH_LENGTH_MAX = 100;

/**
 * Verifies a receipt as served, with nothing but the verifier keys that the auditor trusts.
 *
 * A valid verdict means: the log of the statement's tenant signed a tree that holds exactly this
 * statement at exactly this index, and the statement keeps the rules of a crossing. Every byte is
 * covered: the file must be canonical JSON, the statement is the leaf, proof and checkpoint lead
 * to a signature, the rest is checked against the statement. Only signature lines of keys that
 * the auditor does not hold are ignored, as C2SP signed-note requires.
 */
export function verifyReceipt(bytes: Uint8Array, keys: readonly VerifierKey[]): ReceiptVerdict {
  try {
    const receipt = parseReceipt(bytes);
    // The signature comes before the inclusion proof, so that a mismatch can only mean the statement.
    const checkpoint = within('checkpoint', () => verifyCheckpoint(receipt.checkpoint, keys));
    requireInclusion(receipt, checkpoint);
    requireTenantsLog(receipt, checkpoint);
    for (const rule of statementRules) rule(receipt);
    return { verdict: 'valid', receipt, checkpoint };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { verdict: 'invalid', code: error.code, where: error.where, message: error.bilingual };
  }
}

/**
 * Reads a receipt without verifying it. Throws Refusal `receipt_too_large`, `receipt_malformed` or
 * `receipt_not_canonical`.
 */
export function parseReceipt(bytes: Uint8Array): Receipt {
  if (bytes.length > RECEIPT_BYTES_MAX) throw new Refusal('receipt_too_large', `byte ${RECEIPT_BYTES_MAX}`);
  const parsed = Receipt.safeParse(parseReceiptJson(bytes));
  if (!parsed.success) {
    const paths = parsed.error.issues.slice(0, BAD_FIELDS_MAX).map(pathOfIssue);
    throw new Refusal('receipt_malformed', paths.join(', '));
  }
  return parsed.data;
}

function pathOfIssue(issue: z.core.$ZodIssue): string {
  // Zod gives the object that holds an unknown field; the reader wants the field.
  const field = issue.code === 'unrecognized_keys' ? issue.keys.slice(0, 1) : [];
  return [...issue.path, ...field].join('.').slice(0, PATH_LENGTH_MAX) || 'receipt';
}

function parseReceiptJson(bytes: Uint8Array): Json {
  try {
    return parseCanonicalJson(bytes);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const code = error.code === 'json_not_canonical' ? 'receipt_not_canonical' : 'receipt_malformed';
    throw new Refusal(code, error.where || 'receipt');
  }
}

/**
 * The bytes to serve for a statement that the tree of `checkpoint` holds at `index`; `hashes` is
 * its inclusion proof. Says nothing about whether they fit: {@link verifyReceipt} does.
 */
export function formatReceipt(parts: {
  readonly statement: Receipt['statement'];
  readonly index: number;
  readonly hashes: readonly Uint8Array[];
  readonly checkpoint: string;
  readonly openings: Receipt['openings'];
}): Uint8Array {
  const receipt: Receipt = {
    format: 'sekisho-receipt/v1',
    id: parts.statement.crossing,
    statement: parts.statement,
    inclusion: { index: parts.index, hashes: parts.hashes.map(base64) },
    checkpoint: parts.checkpoint,
    openings: parts.openings,
  };
  return canonicalJson(receipt);
}

function requireInclusion({ statement, inclusion }: Receipt, { size, root }: Checkpoint): void {
  const verdict = verifyInclusion({
    index: inclusion.index,
    size,
    root,
    leafHash: leafHash(canonicalJson(statement)),
    hashes: inclusion.hashes.map(
      (hash, at) => bytesOfBase64(hash) ?? refuse('receipt_malformed', `inclusion.hashes.${at}`),
    ),
  });
  if (verdict.ok) return;
  throw new Refusal(
    verdict.code,
    verdict.code === 'proof_root_mismatch' ? 'statement, inclusion' : 'inclusion',
  );
}

/** One tenant's log cannot vouch for another's crossing: the origin is `{cell name}/ledger/{tenant}`. */
function requireTenantsLog({ statement }: Receipt, { origin }: Checkpoint): void {
  const suffix = `/ledger/${statement.tenant}`;
  if (!origin.endsWith(suffix) || origin.length === suffix.length) refuse('origin_mismatch', 'checkpoint');
}

/** What must hold of a statement that is in the log: a cell could log a lie. Each rule throws. */
const statementRules: readonly ((receipt: Receipt) => void)[] = [
  function idIsTheCrossing({ id, statement }) {
    if (id !== statement.crossing) refuse('receipt_id_mismatch', 'id');
  },
  function outcomeFollowsIntent({ inclusion, statement }) {
    if (statement.intent.index >= inclusion.index)
      refuse('intent_not_before_outcome', 'statement.intent.index');
  },
  function deniedIsNotCarried({ statement }) {
    if (statement.result === 'denied' && statement.carried !== undefined) {
      refuse('denied_but_carried', 'statement.carried');
    }
  },
  function assuranceIsShown(receipt) {
    const stated = receipt.statement.carried?.assurance;
    if (stated !== undefined && assuranceRank(stated) > assuranceRank(assuranceShownBy(receipt))) {
      refuse('assurance_exceeds_evidence', 'statement.carried.assurance');
    }
  },
  function saltsAreThoseNamed({ openings, statement }) {
    requireSalt(openings.requestSalt, statement.request, 'openings.requestSalt');
    requireSalt(openings.answerSalt, statement.answer, 'openings.answerSalt');
  },
];

/**
 * The strongest assurance that the evidence inside the receipt holds. A receipt of this format
 * carries none, so the cell's word is all there is; verifiers of evidence join here.
 */
function assuranceShownBy(_receipt: Receipt): Assurance {
  return 'declared';
}

/** The contract lists assurances weakest first. */
function assuranceRank(assurance: Assurance): number {
  return Assurance.options.indexOf(assurance);
}

function requireSalt(
  salt: string | undefined,
  committed: PayloadCommitment | undefined,
  where: string,
): void {
  if (salt === undefined) return;
  if (committed === undefined) refuse('opening_without_commitment', where);
  const bytes = bytesOfBase64(salt);
  if (bytes === undefined || saltDigest(bytes) !== committed.saltDigest) refuse('salt_mismatch', where);
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
 * Checks texts that an auditor holds against a receipt that {@link verifyReceipt} found valid. Only
 * the payloads given are judged. The bytes are those of the request and answer bodies.
 */
export function checkPayload(
  { openings, statement }: Receipt,
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

/** Refusals inside `read` are told with the part of the receipt that it reads. */
function within<T>(part: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    throw new Refusal(error.code, error.where === '' ? part : `${part}.${error.where}`);
  }
}

function refuse(code: RefusalCode, where: string): never {
  throw new Refusal(code, where);
}
