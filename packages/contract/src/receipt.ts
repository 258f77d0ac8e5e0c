import { z } from 'zod';
import { CrossingId } from './identifiers.ts';
import { LeafIndex, OutcomeEntry } from './ledger-entry.ts';

/** Proof hashes of a tree of 2^53 leaves. */
const PROOF_HASHES_MAX = 53;

/** Base64 of exactly 32 bytes (RFC 4648 section 4, canonical). */
export const Hash32Base64 = z.string().regex(/^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$/, 'base64 of 32 bytes');

/** Largest receipt that a verifier reads, in bytes. */
export const RECEIPT_BYTES_MAX = 256 * 1024;

/**
 * A residency receipt: one statement, and the proof that the ledger holds it. Verifiable with
 * the log's verifier key alone. It never holds the text of a request or an answer.
 */
export const Receipt = z.strictObject({
  format: z.literal('sekisho-receipt/v1'),
  id: CrossingId,
  /** The leaf: its canonical JSON (RFC 8785) is the entry whose hash the tree holds. */
  statement: OutcomeEntry,
  /** RFC 6962 inclusion proof of the statement in the tree of the checkpoint, leaf to root. */
  inclusion: z.strictObject({
    index: LeafIndex,
    hashes: z.array(Hash32Base64).max(PROOF_HASHES_MAX),
  }),
  /** A signed note (C2SP tlog-checkpoint). */
  checkpoint: z.string().min(1).max(16_384),
  /**
   * Salts of the statement's commitments, for whoever holds the texts and wants to check them.
   * Absent once erased.
   */
  openings: z.strictObject({ requestSalt: Hash32Base64.optional(), answerSalt: Hash32Base64.optional() }),
});
export type Receipt = z.infer<typeof Receipt>;
