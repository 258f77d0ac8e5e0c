import { z } from 'zod';
import { inferenceLimits } from './chat-messages.ts';
import { Commitment, CrossingId, Day, ModelName, PlaceCode, Slug, Timestamp } from './identifiers.ts';
import { LeafIndex, PrincipalName } from './ledger-entry.ts';
import { AmountYen } from './money.ts';
import { Action, Assurance, CrossingResult, DataClass } from './vocabulary.ts';

/** Bounds of searches. */
export const crossingSearchLimits = {
  pageDefault: 50,
  pageMax: 1000,
  /** A statement that takes longer is ended: `search_timeout`. */
  statementMs: 10_000,
  /** Longest payload that is looked for. */
  payloadBytes: inferenceLimits.bodyBytes,
  /** Longest period in which a payload is looked for. */
  payloadPeriodDays: 400,
  /** Crossings that one answer to a search for a payload has tested, and payload bytes hashed for them. */
  payloadTestsMax: 20_000,
  payloadHashedBytesMax: 64 * 1024 * 1024,
} as const;

const Decision = z.enum(['allow', 'deny']);

/** How a crossing ended. */
export const CrossingEnding = z.strictObject({
  /** Position of the outcome in the tenant's log. */
  index: LeafIndex,
  endedAt: Timestamp,
  result: CrossingResult,
  status: z.int().min(0).max(599),
  /** Absent when nothing was carried. */
  carried: z
    .strictObject({
      endpoint: Slug,
      assurance: Assurance,
      /** Places of all copies, each once, in order of codes. */
      places: z.array(PlaceCode).min(1).max(32),
    })
    .optional(),
  answerCommitment: Commitment.optional(),
  usage: z.strictObject({
    inputTokens: z.int().min(0),
    outputTokens: z.int().min(0),
    estimated: z.boolean(),
    amountYen: AmountYen,
  }),
});
export type CrossingEnding = z.infer<typeof CrossingEnding>;

/** One crossing as a search shows it: what its two ledger entries say, without texts and salts. */
export const CrossingSummary = z.strictObject({
  crossing: CrossingId,
  tenant: Slug,
  workspace: Slug,
  principal: PrincipalName,
  action: Action,
  subject: ModelName,
  dataClass: DataClass,
  purpose: z.string().min(1).max(100),
  platformRevision: z.int().min(1),
  decision: Decision,
  startedAt: Timestamp,
  /** Position of the intent in the tenant's log. */
  intentIndex: LeafIndex,
  requestCommitment: Commitment,
  /** Absent while the crossing is under way. */
  outcome: CrossingEnding.optional(),
});
export type CrossingSummary = z.infer<typeof CrossingSummary>;

const Moment = z.iso.datetime({ offset: true });
/** A calendar day in Japan, or a moment with its offset from UTC (RFC 3339). */
const DayOrMoment = z
  .string()
  .max(40)
  .refine(
    (text) => Day.safeParse(text).success || Moment.safeParse(text).success,
    'a day such as 2026-04-01, or a time such as 2026-04-01T09:00:00+09:00',
  );

/** What a holder of a workspace's key may ask of that workspace's crossings. All given fields must fit. */
const workspaceFilters = {
  /** Begun on or after. */
  from: DayOrMoment.optional(),
  /** Begun on or before this day, or before this moment. */
  to: DayOrMoment.optional(),
  principal: PrincipalName.optional(),
  action: Action.optional(),
  /** Any copy was at this place or at a place inside it. */
  place: PlaceCode.optional(),
  decision: Decision.optional(),
  result: CrossingResult.optional(),
  dataClass: DataClass.optional(),
  model: ModelName.optional(),
  endpoint: Slug.optional(),
  assurance: Assurance.optional(),
  requestCommitment: Commitment.optional(),
  answerCommitment: Commitment.optional(),
};
const paging = {
  /** Crossings of one page; of the whole export when given with CSV or JSON Lines. */
  limit: z.coerce.number().int().min(1).max(crossingSearchLimits.pageMax).optional(),
  /** `nextCursor` of the page before, for the same filters. */
  cursor: z.string().max(200).optional(),
};
export const WorkspaceCrossingQuery = z.strictObject({ ...workspaceFilters, ...paging });
export type WorkspaceCrossingQuery = z.infer<typeof WorkspaceCrossingQuery>;
export const CrossingQuery = z.strictObject({
  tenant: Slug.optional(),
  workspace: Slug.optional(),
  ...workspaceFilters,
  ...paging,
});
export type CrossingQuery = z.infer<typeof CrossingQuery>;

/** Newest first. */
export const CrossingList = z.strictObject({
  crossings: z.array(CrossingSummary),
  /** Absent on the last page. */
  nextCursor: z.string().optional(),
});
export type CrossingList = z.infer<typeof CrossingList>;

/**
 * Was this text ever sent, or answered? The body is the bytes of the text. Nothing but salted
 * commitments is kept, so the cell tries the salt of every crossing that fits.
 */
export const PayloadQuery = z.strictObject({
  side: z.enum(['request', 'answer']),
  tenant: Slug,
  workspace: Slug.optional(),
  from: DayOrMoment,
  to: DayOrMoment,
  cursor: paging.cursor,
});
export type PayloadQuery = z.infer<typeof PayloadQuery>;
export const PayloadFindings = z.strictObject({
  found: z.array(CrossingSummary),
  tested: z.int().min(0),
  /** Crossings whose salt was erased: nobody can say of them. */
  untestable: z.int().min(0),
  /** Where to go on; absent when the whole period was tested. */
  nextCursor: z.string().optional(),
});
export type PayloadFindings = z.infer<typeof PayloadFindings>;

/** How the table that searches read stands. */
export const CrossingRebuild = z.strictObject({
  /** False: it lacks crossings or their facts, searches are refused, and it is rebuilt by itself. */
  complete: z.boolean(),
  /** The last rebuild of this process. */
  rebuild: z.discriminatedUnion('state', [
    z.strictObject({ state: z.literal('none') }),
    z.strictObject({
      state: z.literal('running'),
      phase: z.enum(['reading', 'indexing', 'taking-over']),
      startedAt: Timestamp,
      entriesRead: z.int().min(0),
      entriesTotal: z.int().min(0),
    }),
    z.strictObject({
      state: z.literal('finished'),
      startedAt: Timestamp,
      finishedAt: Timestamp,
      entriesRead: z.int().min(0),
    }),
    /** The cause is in the cell's log. The table is what it was before. */
    z.strictObject({ state: z.literal('failed'), startedAt: Timestamp, finishedAt: Timestamp }),
  ]),
});
export type CrossingRebuild = z.infer<typeof CrossingRebuild>;
