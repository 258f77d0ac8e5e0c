import { sql, type Kysely, type SqlBool, type Expression } from 'kysely';
import {
  crossingSearchLimits,
  CrossingId,
  CrossingSummary,
  formatYen,
  SekishoError,
} from '@sekisho/contract';
import type { CrossingFilter, CrossingPosition, CrossingSearch } from '../../domains/crossings/ports.ts';
import { sqlState } from './connection.ts';
import type { CrossingTable } from './crossing-table.ts';
import { assuranceTerm, endpointTerm } from './projected-crossings.ts';
import type { Tables } from './tables.ts';

/** PostgreSQL documentation, appendix A: the statement timeout. */
const QUERY_CANCELED = '57014';
/** What the pool says when no connection became free in time. It has no code. */
const POOL_TIMEOUT = /^timeout exceeded when trying to connect/;

type Row = Tables['crossing'];

/** The schema of the contract is the one parse of a row: an export reads a million of them. */
function summaryOf(row: Row): CrossingSummary {
  return CrossingSummary.parse({
    crossing: row.crossing,
    tenant: row.tenant,
    workspace: row.workspace,
    principal: row.principal,
    action: row.action,
    subject: row.subject,
    dataClass: row.data_class,
    purpose: row.purpose,
    platformRevision: Number(row.platform_revision),
    decision: row.decision,
    startedAt: row.started_at.toISOString(),
    intentIndex: Number(row.intent_index),
    requestCommitment: commitmentText(row.request_commitment),
    ...(row.outcome_index === null ? {} : { outcome: endingOf(row) }),
  });
}

/** Unchecked as yet. Money is exact: numeric comes as text and becomes bigint, never a float. */
function endingOf(row: Row): unknown {
  return {
    index: Number(row.outcome_index),
    endedAt: row.ended_at?.toISOString(),
    result: row.result,
    status: row.status,
    ...(row.endpoint === null
      ? {}
      : { carried: { endpoint: row.endpoint, assurance: row.assurance, places: row.places } }),
    ...(row.answer_commitment === null ? {} : { answerCommitment: commitmentText(row.answer_commitment) }),
    usage: {
      inputTokens: Number(row.input_tokens),
      outputTokens: Number(row.output_tokens),
      estimated: row.usage_estimated,
      amountYen: formatYen(BigInt(row.amount_pico_yen ?? -1)),
    },
  };
}

function commitmentText(bytes: Buffer | null): string | undefined {
  return bytes === null ? undefined : `hmac-sha256:${bytes.toString('hex')}`;
}

/** Not by a schema: a search for a payload reads every crossing of a period. */
function thirtyTwoBytes(value: unknown): Buffer {
  if (Buffer.isBuffer(value) && value.length === 32) return value;
  throw new Error('a commitment or a salt in the database is not 32 bytes long');
}

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
        return rows.map(summaryOf);
      }),

    get: (crossing) =>
      search(async () => {
        if (!CrossingId.safeParse(crossing).success) return undefined;
        const row = await db
          .selectFrom('crossing')
          .selectAll()
          .where('crossing', '=', crossing)
          .executeTakeFirst();
        return row === undefined ? undefined : summaryOf(row);
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
        return rows.map(({ crossing, started_at: startedAt, commitment: committed, salt }) => ({
          position: { startedAt: startedAt.toISOString(), crossing },
          commitment: thirtyTwoBytes(committed),
          ...(salt === null ? {} : { salt: thirtyTwoBytes(salt) }),
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
