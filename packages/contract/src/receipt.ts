import { z } from 'zod';
import { CrossingId } from './identifiers.ts';
import { AnchorEntry, LeafIndex, OutcomeEntry } from './ledger-entry.ts';

/** Proof hashes of a tree of 2^53 leaves. */
const PROOF_HASHES_MAX = 53;

/** Base64 of exactly 32 bytes (RFC 4648 section 4, canonical). */
export const Hash32Base64 = z.string().regex(/^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$/, 'base64 of 32 bytes');

/** Largest receipt that a verifier reads, in bytes. */
export const RECEIPT_BYTES_MAX = 256 * 1024;

/** RFC 6962 inclusion proof of a leaf, from the leaf to the root. */
const Inclusion = z.strictObject({
  index: LeafIndex,
  hashes: z.array(Hash32Base64).max(PROOF_HASHES_MAX),
});

/** Longest checkpoint with its cosignatures, in characters: room for 38 witnesses with ML-DSA-44 keys. */
export const WITNESSED_CHECKPOINT_LENGTH_MAX = 128 * 1024;

/**
 * How witnesses come to vouch for a receipt: the cell's log holds an anchor of the very tree of the
 * receipt's checkpoint, and they cosigned a checkpoint of the cell's log.
 */
export const Witnessed = z.strictObject({
  /** A leaf of the log `{cell name}/ledger/cell`: origin, size and root of the receipt's checkpoint. */
  anchor: AnchorEntry,
  /** Of the anchor, in the tree of the checkpoint beside it. */
  inclusion: Inclusion,
  /** A signed note (C2SP tlog-checkpoint) of the cell's log, with cosignatures (C2SP tlog-cosignature). */
  checkpoint: z.string().min(1).max(WITNESSED_CHECKPOINT_LENGTH_MAX),
});
export type Witnessed = z.infer<typeof Witnessed>;

/**
 * A residency receipt: one statement, and the proof that the ledger holds it. Verifiable with
 * the verifier keys of the cell's logs alone. It never holds the text of a request or an answer.
 */
export const Receipt = z.strictObject({
  format: z.literal('sekisho-receipt/v1'),
  id: CrossingId,
  /** The leaf: its canonical JSON (RFC 8785) is the entry whose hash the tree holds. */
  statement: OutcomeEntry,
  /** Of the statement, in the tree of the checkpoint. */
  inclusion: Inclusion,
  /** A signed note (C2SP tlog-checkpoint). */
  checkpoint: z.string().min(1).max(16_384),
  /**
   * Salts of the statement's commitments, for whoever holds the texts and wants to check them.
   * Absent once erased.
   */
  openings: z.strictObject({ requestSalt: Hash32Base64.optional(), answerSalt: Hash32Base64.optional() }),
  /** Absent while no witnessed checkpoint covers the statement, and in a cell without witnesses. */
  witnessed: Witnessed.optional(),
});
export type Receipt = z.infer<typeof Receipt>;
