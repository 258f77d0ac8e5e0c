import { AnchorEntry, RECEIPT_BYTES_MAX } from '@sekisho/contract';
import type { Receipt } from '@sekisho/contract';
import { verifyAnchoring } from './anchored-tree.ts';
import type { Anchoring } from './anchored-tree.ts';
import { base64, bytesOfBase64, firstByteNotUtf8, textOfUtf8, utf8 } from './byte-encodings.ts';
import { canonicalJson } from './canonical-json.ts';
import type { Json } from './canonical-json.ts';
import { verifyCheckpoint } from './checkpoint.ts';
import { HASH_BYTES } from './merkle-tree.ts';
import { parseCanonicalAs, parseStatement, requireTruthful, verdictOf } from './proven-statement.ts';
import type { ProvenStatement, StatementVerdict } from './proven-statement.ts';
import { requireInclusion } from './receipt.ts';
import { refuse, within } from './refuse.ts';
import type { VerifierKey } from './verifier-key.ts';

/** C2SP tlog-proof: an inclusion proof and its checkpoint as lines of text. */

export const TLOG_PROOF_HEADER = 'c2sp.org/tlog-proof@v1';

/** Proof hashes of a tree of 2^53 leaves. */
const HASHES_MAX = 53;

interface TlogProof {
  /**
   * Opaque to the format. In our receipts it is the entry itself, so that the proof can be checked
   * with the log's key alone: `SHA-256(00 ‖ extra)` is the leaf.
   */
  readonly extra: Uint8Array | undefined;
  readonly index: number;
  /** 32 bytes each, leaf to root. */
  readonly hashes: readonly Uint8Array[];
  /** A signed note (C2SP tlog-checkpoint). */
  readonly checkpoint: string;
}

/** Says nothing about whether the parts fit: {@link verifyTlogProof} does. */
export function formatTlogProof({ extra, index, hashes, checkpoint }: TlogProof): Uint8Array {
  const lines = [
    TLOG_PROOF_HEADER,
    ...(extra === undefined ? [] : [`extra ${base64(extra)}`]),
    `index ${index}`,
    ...hashes.map(base64),
  ];
  return utf8(`${lines.join('\n')}\n\n${checkpoint}`);
}

/**
 * Reads a tlog-proof without verifying it. There is one text for each proof. Throws Refusal
 * `receipt_too_large` or `tlog_proof_malformed`; nothing is said about the checkpoint yet.
 */
export function parseTlogProof(bytes: Uint8Array): TlogProof {
  if (bytes.length > RECEIPT_BYTES_MAX) refuse('receipt_too_large', `byte ${RECEIPT_BYTES_MAX}`);
  const text = textOfUtf8(bytes) ?? malformed(`byte ${firstByteNotUtf8(bytes)}`);
  const end = text.indexOf('\n\n');
  if (end < 0) malformed('checkpoint');
  const [header, ...lines] = text.slice(0, end).split('\n');
  if (header !== TLOG_PROOF_HEADER) malformed('line 1');
  const extra = lines[0]?.startsWith('extra ') === true ? parseExtra(lines.shift()) : undefined;
  const index = parseIndex(lines.shift());
  if (lines.length > HASHES_MAX) malformed('inclusion');
  const hashes = lines.map((line, at) => {
    const hash = bytesOfBase64(line);
    return hash?.length === HASH_BYTES ? hash : malformed(`inclusion.hashes.${at}`);
  });
  return { extra, index, hashes, checkpoint: text.slice(end + 2) };
}

function parseExtra(line: string | undefined): Uint8Array {
  const bytes = bytesOfBase64(line?.slice('extra '.length) ?? '');
  return bytes !== undefined && bytes.length > 0 ? bytes : malformed('extra');
}

function parseIndex(line: string | undefined): number {
  const [, digits] = /^index (0|[1-9]\d{0,15})$/.exec(line ?? '') ?? [];
  const index = Number(digits);
  return Number.isSafeInteger(index) ? index : malformed('index');
}

/**
 * Verifies a receipt in the form of a tlog-proof whose `extra` is the statement. The verdict means
 * what that of `verifyReceipt` means; a tlog-proof opens no commitment. What `witnessed` is to a
 * sekisho-receipt is a second file here: `anchorProof`, the tlog-proof of the anchor (its `extra`) in the
 * cell's log, whose checkpoint carries the cosignatures.
 */
export function verifyTlogProof(
  bytes: Uint8Array,
  keys: readonly VerifierKey[],
  anchorProof?: Uint8Array,
): StatementVerdict {
  return verdictOf(() => {
    const { extra, index, hashes, checkpoint: note } = parseTlogProof(bytes);
    const leaf = extra ?? malformed('extra');
    const statement = parseStatement(leaf);
    const receipt: ProvenStatement = {
      id: statement.crossing,
      statement,
      inclusion: { index, hashes: hashes.map(base64) },
      openings: {},
    };
    const checkpoint = within('checkpoint', () => verifyCheckpoint(note, keys));
    requireInclusion(receipt, leaf, checkpoint);
    requireTruthful(receipt, checkpoint.origin);
    if (anchorProof === undefined) return { receipt, checkpoint };
    const anchoring = parseAnchorProof(anchorProof);
    return { receipt, checkpoint, witnessed: verifyAnchoring(anchoring, checkpoint, keys) };
  });
}

function parseAnchorProof(bytes: Uint8Array): Anchoring {
  const { extra, index, hashes, checkpoint } = within('witnessed', () => parseTlogProof(bytes));
  const anchor = parseCanonicalAs(AnchorEntry, extra ?? malformed('witnessed.extra'), 'witnessed.anchor');
  return { anchor, index, hashes, note: checkpoint };
}

/** The two tlog-proofs that say what a sekisho-receipt says, without its openings. */
export function tlogProofsOf({ statement, inclusion, checkpoint, witnessed }: Receipt): {
  readonly statement: Uint8Array;
  /** Absent where the receipt is not witnessed. */
  readonly anchor?: Uint8Array;
} {
  const proof = (leaf: Json, { index, hashes }: Receipt['inclusion'], note: string): Uint8Array =>
    formatTlogProof({
      extra: canonicalJson(leaf),
      index,
      hashes: hashes.map((hash) => bytesOfBase64(hash) ?? malformed('inclusion')),
      checkpoint: note,
    });
  return {
    statement: proof(statement, inclusion, checkpoint),
    ...(witnessed && { anchor: proof(witnessed.anchor, witnessed.inclusion, witnessed.checkpoint) }),
  };
}

function malformed(where: string): never {
  refuse('tlog_proof_malformed', where);
}
