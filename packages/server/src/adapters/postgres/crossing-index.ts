import type { Kysely } from 'kysely';
import { z } from 'zod';
import { CrossingId, CrossingSummary, SekishoError } from '@sekisho/contract';
import type { CrossingIndex } from '../../domains/crossings/ports.ts';
import { Count, Moment } from './connection.ts';
import type { Tables } from './tables.ts';

const SummaryRow = z
  .object({
    crossing: z.string(),
    tenant: z.string(),
    workspace: z.string(),
    subject: z.string(),
    started_at: Moment,
    intent_index: Count,
    outcome_index: Count.nullable(),
    result: z.string().nullable(),
  })
  .transform((row) =>
    CrossingSummary.parse({
      crossing: row.crossing,
      tenant: row.tenant,
      workspace: row.workspace,
      subject: row.subject,
      startedAt: row.started_at,
      intentIndex: row.intent_index,
      ...(row.outcome_index === null ? {} : { outcomeIndex: row.outcome_index }),
      ...(row.result === null ? {} : { result: row.result }),
    }),
  );
const Salt = z.instanceof(Buffer).refine((salt) => salt.length === 32);
const OpeningRow = z.object({ request_salt: Salt.nullable(), answer_salt: Salt.nullable() });

const columns = [
  'crossing.crossing',
  'tenant',
  'workspace',
  'subject',
  'started_at',
  'intent_index',
  'outcome_index',
  'result',
] as const;

/** Ids are UUIDs of version 7, so the order of ids is the order of time and pages never overlap. */
export function postgresCrossingIndex(db: Kysely<Tables>): CrossingIndex {
  return {
    async find(crossing) {
      if (!CrossingId.safeParse(crossing).success) return undefined;
      const row = await db
        .selectFrom('crossing')
        .leftJoin('commitment_opening', 'commitment_opening.crossing', 'crossing.crossing')
        .select([...columns, 'request_salt', 'answer_salt'])
        .where('crossing.crossing', '=', crossing)
        .executeTakeFirst();
      if (row === undefined) return undefined;
      const salts = OpeningRow.parse(row);
      return {
        ...SummaryRow.parse(row),
        openings: {
          ...(salts.request_salt === null ? {} : { requestSalt: salts.request_salt }),
          ...(salts.answer_salt === null ? {} : { answerSalt: salts.answer_salt }),
        },
      };
    },

    async list({ tenant, workspace, result, limit, before }) {
      if (before !== undefined && !CrossingId.safeParse(before).success) {
        throw new SekishoError('invalid_request', 'before');
      }
      let query = db.selectFrom('crossing').select(columns);
      if (tenant !== undefined) query = query.where('tenant', '=', tenant);
      if (workspace !== undefined) query = query.where('workspace', '=', workspace);
      if (result !== undefined) query = query.where('result', '=', result);
      if (before !== undefined) query = query.where('crossing', '<', before);
      const rows = await query.orderBy('crossing', 'desc').limit(limit).execute();
      return rows.map((row) => SummaryRow.parse(row));
    },

    async withoutOutcome(limit) {
      const rows = await db
        .selectFrom('crossing')
        .select(columns)
        .where('outcome_index', 'is', null)
        .orderBy('crossing')
        .limit(limit)
        .execute();
      return rows.map((row) => SummaryRow.parse(row));
    },
  };
}
