import { z } from 'zod';
import { CrossingId, PlaceCode, Slug, Timestamp } from './identifiers.ts';
import { HoldScope, LeafIndex, PrincipalName } from './ledger-entry.ts';
import { PayloadKind } from './retention.ts';
import { DataClass } from './vocabulary.ts';

/** Crossings that one erasure entry names. */
export const ERASURE_ENTRY_CROSSINGS_MAX = 1000;
/** Crossings that one request erases at most; the answer says when there are more. */
export const ERASURE_CROSSINGS_MAX = 50_000;

/** What is to be erased: crossings by name, or all of a tenant that ended and fit every field given. */
export const ErasureSelection = z.union([
  z.strictObject({ crossings: z.array(CrossingId).min(1).max(ERASURE_ENTRY_CROSSINGS_MAX) }),
  z.strictObject({
    tenant: Slug,
    workspace: Slug.optional(),
    /** Crossings begun before this moment. */
    before: Timestamp,
  }),
]);
export type ErasureSelection = z.infer<typeof ErasureSelection>;

export const ErasurePlanRequest = z.strictObject({ selection: ErasureSelection });
export const ErasureRequest = z.strictObject({
  selection: ErasureSelection,
  reason: z.enum(['request', 'contract-ended']).default('request'),
});

const HoldName = z.strictObject({ tenant: Slug, hold: Slug });

/** What an erasure would do. Changes nothing. */
export const ErasurePlan = z.strictObject({
  /** Ended crossings of the selection that still have salts or payloads, up to the limit of one request. */
  crossings: z.int().min(0),
  payloads: z.int().min(0),
  payloadBytes: z.int().min(0),
  oldest: Timestamp.optional(),
  newest: Timestamp.optional(),
  /** True when more fit the selection than one request erases. */
  more: z.boolean(),
  /** Holds that cover some of them. The erasure is refused while there is one. */
  holds: z.array(HoldName),
  /** Backups that the erasure reaches. */
  backups: z.array(z.string()),
});
export type ErasurePlan = z.infer<typeof ErasurePlan>;

/** Where an erasure that is in the ledger has not reached yet; it is tried again until it has. */
export const PendingErasure = z.strictObject({
  tenant: Slug,
  index: LeafIndex,
  /** `cell`, or the id of a backup. */
  target: z.string(),
  reason: z.string(),
});
export type PendingErasure = z.infer<typeof PendingErasure>;

export const ErasureResult = z.strictObject({
  crossings: z.int().min(0),
  /** The erasure entries, by log and index. */
  entries: z.array(z.strictObject({ tenant: Slug, index: LeafIndex, crossings: z.int().min(1) })),
  more: z.boolean(),
  pending: z.array(PendingErasure),
});
export type ErasureResult = z.infer<typeof ErasureResult>;

export const PlaceHoldRequest = z.strictObject({ tenant: Slug, hold: Slug, scope: HoldScope.default({}) });
export const ReleaseHoldRequest = z.strictObject({ tenant: Slug, hold: Slug });
export const LegalHold = z.strictObject({
  tenant: Slug,
  hold: Slug,
  scope: HoldScope,
  placedAt: Timestamp,
  placedBy: PrincipalName,
  releasedAt: Timestamp.optional(),
  releasedBy: PrincipalName.optional(),
});
export type LegalHold = z.infer<typeof LegalHold>;
export const HoldList = z.strictObject({ holds: z.array(LegalHold) });

/** What is kept of one kind, in one workspace, of one data class. `salts` open commitments and hold no text. */
export const KeptRow = z.strictObject({
  tenant: Slug,
  workspace: Slug,
  /** Absent for salts, whose retention does not depend on it. */
  dataClass: DataClass.optional(),
  kind: z.enum([...PayloadKind.options, 'salts']),
  count: z.int().min(0),
  bytes: z.int().min(0),
  oldest: Timestamp,
  newest: Timestamp,
  /** By the rule in force; absent where no rule ends it. */
  days: z.int().min(1).optional(),
  /** When the oldest and the newest of them end. */
  firstEnds: Timestamp.optional(),
  lastEnds: Timestamp.optional(),
  /** Holds that stand over some of them. */
  holds: z.array(Slug),
});
export type KeptRow = z.infer<typeof KeptRow>;

export const BackupState = z.strictObject({
  id: Slug,
  folder: z.string(),
  madeAt: Timestamp,
});
export type BackupState = z.infer<typeof BackupState>;

export const RetentionReport = z.strictObject({
  /** Where the cell keeps: the site that the platform declares for it. */
  cell: z
    .strictObject({ site: Slug, place: PlaceCode, operator: z.string(), operatorCountry: z.string() })
    .optional(),
  rows: z.array(KeptRow),
  backups: z.array(BackupState),
  pending: z.array(PendingErasure),
});
export type RetentionReport = z.infer<typeof RetentionReport>;

export const RetentionQuery = z.strictObject({ tenant: Slug.optional(), workspace: Slug.optional() });
export type RetentionQuery = z.infer<typeof RetentionQuery>;

export const BackupRequest = z.strictObject({
  /** An absolute path on the cell's machine: a medium that the operator mounts. */
  folder: z.string().min(1).max(1000).regex(/^\//, 'an absolute path'),
  /** Where that medium is; the cell's own site when absent. */
  site: Slug.optional(),
});

/** One file of a backup, by its path below the backup's folder. */
export const BackupFile = z.strictObject({
  path: z.string().min(1).max(500),
  bytes: z.int().min(0),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  /** Of a file of openings: its first and last crossing. */
  first: CrossingId.optional(),
  last: CrossingId.optional(),
});
export type BackupFile = z.infer<typeof BackupFile>;

/** `manifest.json` of a backup. Written last: a folder without it is no backup. */
export const BackupManifest = z.strictObject({
  format: z.literal('sekisho-backup/v1'),
  id: Slug,
  cellName: z.string(),
  madeAt: Timestamp,
  site: Slug.optional(),
  /** Leaves of each log's checkpoint. */
  logs: z.record(Slug, z.int().min(1)),
  /** Whose payloads may not be backed up at the site and are not in it: `tenant/workspace data-class`. */
  leftOut: z.array(z.string()),
  files: z.array(BackupFile),
});
export type BackupManifest = z.infer<typeof BackupManifest>;

export const MadeBackup = z.strictObject({
  backup: BackupState,
  files: z.int().min(0),
  bytes: z.int().min(0),
  logs: z.record(Slug, z.int().min(1)),
  leftOut: z.array(z.string()),
});
export type MadeBackup = z.infer<typeof MadeBackup>;

/** One line of `openings/*.ndjson` in a backup. Bytes are base64. */
export const BackedUpOpening = z.strictObject({
  crossing: CrossingId,
  tenant: Slug,
  workspace: Slug,
  requestSalt: z.base64().optional(),
  answerSalt: z.base64().optional(),
  payloadKey: z.base64().optional(),
  ended: z.boolean(),
  payloads: z.array(z.strictObject({ kind: PayloadKind, dataClass: DataClass, bytes: z.int().min(0) })),
});
export type BackedUpOpening = z.infer<typeof BackedUpOpening>;
