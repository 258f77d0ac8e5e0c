import { z } from 'zod';
import { completeRecord } from './complete-record.ts';
import { GuardVerdict } from './guards.ts';
import {
  Commitment,
  CountryCode,
  CrossingId,
  ModelName,
  PlaceCode,
  Sha256Digest,
  Slug,
  Timestamp,
} from './identifiers.ts';
import { AmountYen } from './money.ts';
import { Boundary, Workspace } from './platform.ts';
import { Action, Assurance, CopyKind, CrossingResult, DataClass } from './vocabulary.ts';

/** An entry bundle stores an entry's length in 16 bits (C2SP tlog-tiles), so no entry is longer. */
export const ENTRY_BYTES_MAX = 65_535;

/** Position of a leaf in a log, from 0. */
export const LeafIndex = z.int().min(0).max(Number.MAX_SAFE_INTEGER);

/** Who acted, without personal data: `key:` and the key's id, `operator:` and a name, or `cell`. */
export const PrincipalName = z.string().regex(/^(?:key:[a-z0-9]{1,32}|operator:[a-z0-9-]{1,48}|cell)$/);

/** One line: `name+hex(key id)+base64(type ‖ public key)` (C2SP signed-note). A surrogate alone has no bytes to sign. */
export const VerifierKeyText = z
  .string()
  .regex(/^[^+\s\p{Cc}\p{Cs}]{1,200}\+[0-9a-f]{8}\+[A-Za-z0-9+/=]{1,2000}$/u);

const PolicyId = z.string().min(1).max(200);

/** Where one copy of the data is, and under whose law. */
export const CopyPlacement = z.strictObject({
  kind: CopyKind,
  site: Slug,
  place: PlaceCode,
  operator: z.string().min(1).max(200),
  operatorCountry: CountryCode,
});
export type CopyPlacement = z.infer<typeof CopyPlacement>;

const crossingFields = {
  version: z.literal(1),
  time: Timestamp,
  crossing: CrossingId,
  tenant: Slug,
  workspace: Slug,
  principal: PrincipalName,
  action: Action,
  /** What was asked for: a model name. */
  subject: ModelName,
  dataClass: DataClass,
  purpose: z.string().min(1).max(100),
  /** Revision number of the platform and digest of the policies that decided. */
  platformRevision: z.int().min(1),
  policyDigest: Sha256Digest,
  /** Policies that determined the decision. */
  policies: z.array(PolicyId).max(100),
};

/** Why the tree may hold this: a commitment under a random salt says nothing about its payload. */
const commitmentFields = {
  /** HMAC-SHA256(salt, bytes of the payload). */
  commitment: Commitment,
  /** SHA-256 of the 32-byte salt, so that a changed salt is noticed without the payload. */
  saltDigest: Sha256Digest,
};
export const PayloadCommitment = z.strictObject(commitmentFields);
export type PayloadCommitment = z.infer<typeof PayloadCommitment>;

/** First entry of every log: a tree is never empty once its log exists. */
export const GenesisEntry = z.strictObject({
  version: z.literal(1),
  kind: z.literal('genesis'),
  time: Timestamp,
  origin: z.string().min(1).max(200),
});

/** A platform revision took effect for this tenant. */
export const RevisionEntry = z.strictObject({
  version: z.literal(1),
  kind: z.literal('revision'),
  time: Timestamp,
  principal: PrincipalName,
  platformRevision: z.int().min(1),
  platformDigest: Sha256Digest,
  policyDigest: Sha256Digest,
  /** Boundaries in force from here on, by workspace. */
  boundaries: completeRecord(z.record(Slug, Boundary)),
  /** Classes that each workspace may use. Absent in logs of before this was recorded. */
  dataClasses: completeRecord(z.record(Slug, Workspace.shape.dataClasses)).optional(),
  /** Presets of the jurisdiction pack that bind each workspace. Absent as above. */
  presets: completeRecord(z.record(Slug, Workspace.shape.presets.unwrap())).optional(),
});

export type RevisionEntry = z.infer<typeof RevisionEntry>;

/** An API key was made or revoked. */
export const KeyEntry = z.strictObject({
  version: z.literal(1),
  kind: z.enum(['key-created', 'key-revoked']),
  time: Timestamp,
  principal: PrincipalName,
  keyId: z.string().regex(/^[a-z0-9]{1,32}$/),
  workspace: Slug,
});

/** In the cell's log only: how far another log of the cell had come. */
export const AnchorEntry = z.strictObject({
  version: z.literal(1),
  kind: z.literal('anchor'),
  time: Timestamp,
  /** Of the anchored log: `{cell name}/ledger/{tenant}`. */
  origin: z.string().min(1).max(200),
  /** Leaves and root of its checkpoint. */
  size: z.int().min(1).max(Number.MAX_SAFE_INTEGER),
  root: Sha256Digest,
});
export type AnchorEntry = z.infer<typeof AnchorEntry>;

/**
 * The keys that sign this log's checkpoints change. A checkpoint of a tree that holds `introduced` may be
 * signed by the new key; one that holds `retired` or `compromised` must be signed by another than this.
 * The key that signed the log's first checkpoint is introduced by no entry.
 */
export const LogKeyEntry = z.strictObject({
  version: z.literal(1),
  kind: z.literal('log-key'),
  time: Timestamp,
  principal: PrincipalName,
  event: z.enum(['introduced', 'retired', 'compromised']),
  /** C2SP vkey, named as the log's origin. */
  verifierKey: VerifierKeyText,
  /**
   * With `compromised`: what this key alone vouches for in trees of more leaves than this proves nothing.
   * 0 where nobody knows since when.
   */
  trustedToSize: z.int().min(0).max(Number.MAX_SAFE_INTEGER).optional(),
});
export type LogKeyEntry = z.infer<typeof LogKeyEntry>;

/**
 * Kept payloads of these crossings and the salts of their commitments were erased: nobody can open the
 * commitments any more, and no hash in the tree changes.
 */
export const ErasureEntry = z.strictObject({
  version: z.literal(1),
  kind: z.literal('erasure'),
  time: Timestamp,
  principal: PrincipalName,
  reason: z.enum(['request', 'retention-ended', 'contract-ended']),
  crossings: z.array(CrossingId).min(1).max(1000),
});
export type ErasureEntry = z.infer<typeof ErasureEntry>;

/** What a legal hold covers: everything of the tenant that fits all fields given. */
export const HoldScope = z.strictObject({
  workspace: Slug.optional(),
  crossing: CrossingId.optional(),
  /** Crossings begun in this period, first moment inclusive, last exclusive. */
  from: Timestamp.optional(),
  to: Timestamp.optional(),
});
export type HoldScope = z.infer<typeof HoldScope>;

/** A legal hold: while it stands, nothing that it covers is erased, whoever asks. */
export const HoldEntry = z.strictObject({
  version: z.literal(1),
  kind: z.enum(['hold-placed', 'hold-released']),
  time: Timestamp,
  principal: PrincipalName,
  hold: Slug,
  scope: HoldScope,
});
export type HoldEntry = z.infer<typeof HoldEntry>;

/** Durable before any byte moves: the decision, and to whom the data may go. */
export const IntentEntry = z.strictObject({
  ...crossingFields,
  kind: z.literal('intent'),
  decision: z.enum(['allow', 'deny']),
  /** Endpoints that may serve, in no order; empty when denied. */
  targets: z.array(Slug).max(200),
  /** What guards found in the request; absent where none looked. */
  guards: z.array(GuardVerdict).max(16).optional(),
  request: PayloadCommitment,
});
export type IntentEntry = z.infer<typeof IntentEntry>;

/**
 * How the crossing ended. It repeats the intent's facts, so that this one entry with its
 * inclusion proof is the whole statement of a receipt.
 */
export const OutcomeEntry = z.strictObject({
  ...crossingFields,
  kind: z.literal('outcome'),
  /** The intent that this closes: its position and its leaf hash in the same log. */
  intent: z.strictObject({ index: LeafIndex, leafHash: Sha256Digest }),
  result: CrossingResult,
  /** HTTP status of the answer; 499 where the client went away, 0 where the cell stopped. */
  status: z.int().min(0).max(599),
  /** Where it was carried; absent when nothing was carried. */
  carried: z
    .strictObject({
      endpoint: Slug,
      /** Those that the endpoint declares, and what the cell itself keeps. */
      copies: z.array(CopyPlacement).min(1).max(40),
      assurance: Assurance,
    })
    .optional(),
  request: PayloadCommitment,
  /** What guards found in the answer; absent where none looked. */
  guards: z.array(GuardVerdict).max(16).optional(),
  /** Absent when no byte of an answer was produced. */
  answer: PayloadCommitment.optional(),
  usage: z.strictObject({
    inputTokens: z.int().min(0),
    outputTokens: z.int().min(0),
    /** True where the model server did not say and the cell counted. */
    estimated: z.boolean(),
    amountYen: AmountYen,
  }),
});
export type OutcomeEntry = z.infer<typeof OutcomeEntry>;

export const LedgerEntry = z.union([
  z.discriminatedUnion('kind', [
    GenesisEntry,
    RevisionEntry,
    AnchorEntry,
    IntentEntry,
    OutcomeEntry,
    LogKeyEntry,
    ErasureEntry,
  ]),
  KeyEntry,
  HoldEntry,
]);
export type LedgerEntry = z.infer<typeof LedgerEntry>;
