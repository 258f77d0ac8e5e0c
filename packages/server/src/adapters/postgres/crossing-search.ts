import { sql, type Kysely, type SqlBool, type Expression } from 'kysely';
import { z } from 'zod';
import {
  crossingSearchLimits,
  CrossingId,
  CrossingSummary,
  formatYen,
  SekishoError,
} from '@sekisho/contract';
import type { CrossingFilter, CrossingPosition, CrossingSearch } from '../../domains/crossings/ports.ts';
import { Count, Moment, sqlState } from './connection.ts';
import type { CrossingTable } from './crossing-table.ts';
import { assuranceTerm, endpointTerm } from './projected-crossings.ts';
import type { Tables } from './tables.ts';

/** PostgreSQL documentation, appendix A: the statement timeout. */
const QUERY_CANCELED = '57014';
/** What the pool says when no connection became free in time. It has no code. */
const POOL_TIMEOUT = /^timeout exceeded when trying to connect/;

const Commitment = z
  .instanceof(Buffer)
  .refine((bytes) => bytes.length === 32)
  .transform((bytes) => `hmac-sha256:${bytes.toString('hex')}`);

const EndingRow = z.object({
  outcome_index: Count,
  ended_at: Moment,
  result: z.string(),
  status: z.int(),
  endpoint: z.string().nullable(),
  assurance: z.string().nullable(),
  places: z.array(z.string()).nullable(),
  answer_commitment: Commitment.nullable(),
  input_tokens: Count,
  output_tokens: Count,
  usage_estimated: z.boolean(),
  /** Exact: numeric comes as text and becomes bigint, never a float. */
  amount_pico_yen: z
    .string()
    .regex(/^\d{1,38}$/)
    .transform(BigInt),
});
const ending = EndingRow.transform((row) => ({
  index: row.outcome_index,
  endedAt: row.ended_at,
  result: row.result,
  status: row.status,
  ...(row.endpoint === null
    ? {}
    : { carried: { endpoint: row.endpoint, assurance: row.assurance, places: row.places } }),
  ...(row.answer_commitment === null ? {} : { answerCommitment: row.answer_commitment }),
  usage: {
    inputTokens: row.input_tokens,
    outputTokens: row.output_tokens,
    estimated: row.usage_estimated,
    amountYen: formatYen(row.amount_pico_yen),
  },
}));

const SummaryRow = z
  .looseObject({
    crossing: z.string(),
    tenant: z.string(),
    workspace: z.string(),
    principal: z.string(),
    action: z.string(),
    subject: z.string(),
    data_class: z.string(),
    purpose: z.string(),
    platform_revision: Count,
    decision: z.string(),
    started_at: Moment,
    intent_index: Count,
    request_commitment: Commitment,
    outcome_index: z.string().nullable(),
  })
  .transform((row) =>
    CrossingSummary.parse({
      crossing: row.crossing,
      tenant: row.tenant,
      workspace: row.workspace,
      principal: row.principal,
      action: row.action,
      subject: row.subject,
      dataClass: row.data_class,
      purpose: row.purpose,
      platformRevision: row.platform_revision,
      decision: row.decision,
      startedAt: row.started_at,
      intentIndex: row.intent_index,
      requestCommitment: row.request_commitment,
      ...(row.outcome_index === null ? {} : { outcome: ending.parse(row) }),
    }),
  );

const SealedRow = z.object({
  crossing: z.string(),
  started_at: Moment,
  commitment: z.instanceof(Buffer),
  salt: z.instanceof(Buffer).nullable(),
});

/** `db` has connections of its own, few and with a short timeout: no search may hold up the ledger's sink. */
export function postgresCrossingSearch(db: Kysely<Tables>, table: CrossingTable): CrossingSearch {
  const search = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      if (!(await table.isComplete())) throw new SekishoError('crossings_rebuilding');
      return await work();
    } catch (error) {
      if (isTimeout(error)) throw new SekishoError('search_timeout', SECONDS_MAX, { cause: error });
      if (await table.restoredAfter(error)) throw new SekishoError('crossings_rebuilding');
      throw error;
    }
  };
  return {
    page: (filter, limit, after) =>
      search(async () => {
        const rows = await selectCrossings(db, filter, limit, after).execute();
        return rows.map((row) => SummaryRow.parse(row));
      }),

    get: (crossing) =>
      search(async () => {
        if (!CrossingId.safeParse(crossing).success) return undefined;
        const row = await db
          .selectFrom('crossing')
          .selectAll()
          .where('crossing', '=', crossing)
          .executeTakeFirst();
        return row === undefined ? undefined : SummaryRow.parse(row);
      }),

    sealedPayloads: (side, filter, limit, after) =>
      search(async () => {
        const commitment = side === 'request' ? 'request_commitment' : 'answer_commitment';
        const page = selectCrossings(db, filter, limit, after).where(commitment, 'is not', null);
        const rows = await db
          .selectFrom(page.as('page'))
          .leftJoin('commitment_opening as opening', 'opening.crossing', 'page.crossing')
          .select([
            'page.crossing as crossing',
            'page.started_at as started_at',
            sql.ref(`page.${commitment}`).as('commitment'),
            sql.ref(side === 'request' ? 'opening.request_salt' : 'opening.answer_salt').as('salt'),
          ])
          .orderBy('page.started_at', 'desc')
          .orderBy('page.crossing', 'desc')
          .execute();
        return rows
          .map((row) => SealedRow.parse(row))
          .map((row) => ({
            position: { startedAt: row.started_at, crossing: row.crossing },
            commitment: row.commitment,
            ...(row.salt === null ? {} : { salt: row.salt }),
          }));
      }),
  };
}

const SECONDS_MAX = String(crossingSearchLimits.statementMs / 1000);

function isTimeout(error: unknown): boolean {
  return sqlState(error) === QUERY_CANCELED || (error instanceof Error && POOL_TIMEOUT.test(error.message));
}

/** The statement of a page. Exported for the test that looks at its plan. */
export function selectCrossings(
  db: Kysely<Tables>,
  filter: CrossingFilter,
  limit: number,
  after: CrossingPosition | undefined,
) {
  const equal = [
    ['tenant', filter.tenant],
    ['workspace', filter.workspace],
    ['principal', filter.principal],
    ['action', filter.action],
    ['subject', filter.subject],
    ['data_class', filter.dataClass],
    ['decision', filter.decision],
    ['result', filter.result],
    ['request_commitment', bytesOf(filter.requestCommitment)],
    ['answer_commitment', bytesOf(filter.answerCommitment)],
  ] as const;
  let query = db.selectFrom('crossing').selectAll();
  for (const [column, value] of equal) {
    if (value !== undefined) query = query.where(sql.ref(column), '=', value);
  }
  const terms = [
    ...(filter.place === undefined ? [] : [filter.place]),
    ...(filter.endpoint === undefined ? [] : [endpointTerm(filter.endpoint)]),
    ...(filter.assurance === undefined ? [] : [assuranceTerm(filter.assurance)]),
  ];
  if (terms.length > 0) query = query.where(contains(terms));
  if (filter.startedFrom !== undefined) query = query.where('started_at', '>=', new Date(filter.startedFrom));
  if (filter.startedBefore !== undefined) {
    query = query.where('started_at', '<', new Date(filter.startedBefore));
  }
  if (after !== undefined) {
    query = query.where(
      sql<SqlBool>`(started_at, crossing) < (${after.startedAt}::timestamptz, ${after.crossing}::uuid)`,
    );
  }
  return query.orderBy('started_at', 'desc').orderBy('crossing', 'desc').limit(limit);
}

function contains(terms: readonly string[]): Expression<SqlBool> {
  return sql<SqlBool>`carried_terms @> ${terms}::text[] collate "C"`;
}

function bytesOf(commitment: string | undefined): Buffer | undefined {
  return commitment === undefined ? undefined : Buffer.from(commitment.replace(/^hmac-sha256:/, ''), 'hex');
}
