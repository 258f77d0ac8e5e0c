import { z } from 'zod';
import { Day, ModelName, PlaceCode, Sha256Digest, Slug, Timestamp } from './identifiers.ts';
import { AmountYen } from './money.ts';
import { Platform } from './platform.ts';
import { Action, Bilingual, CopyKind, DataClass } from './vocabulary.ts';

/** One difference between the platform in force and the one proposed. */
export const PlatformChange = z.strictObject({
  operation: z.enum(['add', 'change', 'remove']),
  /** What it is about, `endpoint mini-tokyo` or `workspace city-demo/resident-services`. */
  subject: z.string(),
  /** Dotted path inside the subject for a change; empty when the whole is added or removed. */
  path: z.string(),
  /** Any JSON. Not `z.json()`: it is recursive, and the OpenAPI document has no place for that. */
  before: z.unknown().optional(),
  after: z.unknown().optional(),
});
export type PlatformChange = z.infer<typeof PlatformChange>;

export const PlanRequest = z.strictObject({ platform: z.unknown() });
export const PlanResponse = z.strictObject({
  /** The revision that the plan was made against; 0 before the first apply. */
  baseRevision: z.int().min(0),
  changes: z.array(PlatformChange),
});
export type PlanResponse = z.infer<typeof PlanResponse>;

export const ApplyRequest = z.strictObject({
  platform: z.unknown(),
  /** Refuse unless this is still the revision in force. */
  baseRevision: z.int().min(0).optional(),
});
export const PlatformRevision = z.strictObject({
  revision: z.int().min(1),
  digest: Sha256Digest,
  appliedAt: Timestamp,
  appliedBy: z.string(),
});
export type PlatformRevision = z.infer<typeof PlatformRevision>;
export const ApplyResponse = z.strictObject({ revision: PlatformRevision, changes: z.array(PlatformChange) });
export type ApplyResponse = z.infer<typeof ApplyResponse>;
export const PlatformResponse = z.strictObject({ revision: PlatformRevision, platform: Platform });
export const PlatformHistory = z.strictObject({ revisions: z.array(PlatformRevision) });

/** A hypothetical crossing to be explained. */
export const ExplainRequest = z.strictObject({
  tenant: Slug,
  workspace: Slug,
  action: Action.default('process'),
  /** The workspace's first class when absent. */
  dataClass: DataClass.optional(),
  /** All endpoints when absent. */
  model: ModelName.optional(),
  purpose: z.string().min(1).max(100).default('inference'),
});
export type ExplainRequest = z.input<typeof ExplainRequest>;

/** A policy that took part in a verdict. */
export const PolicyReason = z.strictObject({
  policy: z.string(),
  effect: z.enum(['permit', 'forbid', 'default-deny']),
  reason: Bilingual,
});
export type PolicyReason = z.infer<typeof PolicyReason>;

export const CopyVerdict = z.strictObject({
  kind: CopyKind,
  site: Slug,
  place: PlaceCode,
  /** The place and its prefecture as a person reads them. */
  placeName: Bilingual,
  allowed: z.boolean(),
  reasons: z.array(PolicyReason),
});
export type CopyVerdict = z.infer<typeof CopyVerdict>;

export const EndpointVerdict = z.strictObject({
  endpoint: Slug,
  allowed: z.boolean(),
  copies: z.array(CopyVerdict),
  /** One line that says why, `backup in JP-01 (北海道)`; the refused copies joined. */
  summary: Bilingual,
});
export type EndpointVerdict = z.infer<typeof EndpointVerdict>;

export const Explanation = z.strictObject({
  decision: z.enum(['allow', 'deny']),
  platformRevision: z.int().min(0),
  policyDigest: Sha256Digest,
  /** Every policy that decided, once each. */
  policies: z.array(PolicyReason),
  endpoints: z.array(EndpointVerdict),
});
export type Explanation = z.infer<typeof Explanation>;

export const CreateKeyRequest = z.strictObject({
  tenant: Slug,
  workspace: Slug,
  label: z.string().min(1).max(100).default('api'),
});
export const ApiKeySummary = z.strictObject({
  keyId: z.string(),
  tenant: Slug,
  workspace: Slug,
  label: z.string(),
  createdAt: Timestamp,
  revokedAt: Timestamp.optional(),
});
export type ApiKeySummary = z.infer<typeof ApiKeySummary>;
/** `secret` is shown once and never stored. */
export const CreatedKey = z.strictObject({ key: ApiKeySummary, secret: z.string() });
export type CreatedKey = z.infer<typeof CreatedKey>;
export const KeyList = z.strictObject({ keys: z.array(ApiKeySummary) });

export const UsageQuery = z.strictObject({
  tenant: Slug.optional(),
  workspace: Slug.optional(),
  model: ModelName.optional(),
  /** First and last day, inclusive, Japan Standard Time. */
  from: Day.optional(),
  to: Day.optional(),
});
export type UsageQuery = z.infer<typeof UsageQuery>;

export const UsageRow = z.strictObject({
  tenant: Slug,
  workspace: Slug,
  model: ModelName,
  day: Day,
  crossings: z.int().min(0),
  inputTokens: z.int().min(0),
  outputTokens: z.int().min(0),
  amountYen: AmountYen,
});
export type UsageRow = z.infer<typeof UsageRow>;
export const UsageReport = z.strictObject({
  rows: z.array(UsageRow),
  total: UsageRow.pick({ crossings: true, inputTokens: true, outputTokens: true, amountYen: true }),
});
export type UsageReport = z.infer<typeof UsageReport>;

/** Answer of a rebuild: the table as it was, compared with what the ledger says. */
export const UsageRebuild = z.strictObject({
  equal: z.boolean(),
  /** Rows that differed, before and after the rebuild. */
  differences: z.array(z.strictObject({ before: UsageRow.optional(), after: UsageRow.optional() })),
  entriesRead: z.int().min(0),
});
export type UsageRebuild = z.infer<typeof UsageRebuild>;

export const Place = z.strictObject({
  code: PlaceCode,
  kind: z.enum(['country', 'prefecture', 'municipality', 'ward']),
  name: Bilingual,
  kana: z.string().optional(),
  parent: PlaceCode.optional(),
  /** First and last day of validity; absent where it holds since or until further notice. */
  validFrom: Day.optional(),
  validTo: Day.optional(),
});
export type Place = z.infer<typeof Place>;
export const PlaceQuery = z.strictObject({
  code: z.string().max(10).optional(),
  name: z.string().min(1).max(100).optional(),
  /** Only places that are or lie inside this one. */
  within: z.string().max(10).optional(),
  on: Day.optional(),
  limit: z.coerce.number().int().min(1).max(2000).default(50),
});
export const PlaceList = z.strictObject({ places: z.array(Place) });

/** One witness of the cell's policy (C2SP tlog-policy). */
export const WitnessSummary = z.strictObject({
  name: z.string(),
  keyName: z.string(),
  url: z.string().optional(),
  /**
   * `refused` and `ahead` mean that the witness has seen another history than the cell's: look at once.
   * `invalid`: its answer was not its signature on our checkpoint. `no-address`: the policy names no URL.
   */
  state: z.enum(['waiting', 'cosigned', 'unreachable', 'invalid', 'refused', 'ahead', 'no-address']),
  /** Leaves of the last checkpoint that it cosigned; 0 for none. */
  cosignedSize: z.int().min(0),
  /** When, by its own clock. */
  cosignedAt: Timestamp.optional(),
  /** Failures since its last good answer. */
  failures: z.int().min(0),
});
/** How the cell's log stands with its witnesses. Without a policy there are none. */
export const WitnessList = z.strictObject({
  configured: z.boolean(),
  /** Leaves of the newest checkpoint of the cell's log. */
  checkpointSize: z.int().min(0),
  /** Leaves of the newest one that a quorum has cosigned; 0 for none. */
  witnessedSize: z.int().min(0),
  witnesses: z.array(WitnessSummary),
});
export type WitnessList = z.infer<typeof WitnessList>;
