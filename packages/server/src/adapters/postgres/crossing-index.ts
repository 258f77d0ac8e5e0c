import { sql, type Kysely } from 'kysely';
import { z } from 'zod';
import { CrossingId, SekishoError } from '@sekisho/contract';
import type { CrossingIndex, CrossingPlace } from '../../domains/crossings/ports.ts';
import { Count } from './connection.ts';
import type { CrossingTable } from './crossing-table.ts';
import type { Tables } from './tables.ts';

export const PlaceRow = z
  .object({
    crossing: z.string(),
    tenant: z.string(),
    workspace: z.string(),
    intent_index: Count,
    outcome_index: Count.nullable(),
  })
  .transform((row): CrossingPlace => ({
    crossing: row.crossing,
    tenant: row.tenant,
    workspace: row.workspace,
    intentIndex: row.intent_index,
    ...(row.outcome_index === null ? {} : { outcomeIndex: row.outcome_index }),
  }));
const Salt = z.instanceof(Buffer).refine((salt) => salt.length === 32);
const OpeningRow = z.object({ request_salt: Salt.nullable(), answer_salt: Salt.nullable() });

export function postgresCrossingIndex(db: Kysely<Tables>, table: CrossingTable): CrossingIndex {
  const findRow = async (crossing: string): Promise<unknown> => {
    try {
      return await selectRow(db, crossing);
    } catch (error) {
      if (await table.restoredAfter(error)) return undefined;
      throw error;
    }
  };
  return {
    async find(crossing) {
      if (!CrossingId.safeParse(crossing).success) return undefined;
      const row = await findRow(crossing);
      if (row === undefined) {
        if (await table.isComplete()) return undefined;
        throw new SekishoError('crossings_rebuilding');
      }
      const salts = OpeningRow.parse(row);
      return {
        ...PlaceRow.parse(row),
        openings: {
          ...(salts.request_salt === null ? {} : { requestSalt: salts.request_salt }),
          ...(salts.answer_salt === null ? {} : { answerSalt: salts.answer_salt }),
        },
      };
    },

    async withoutOutcome(limit, logEnds) {
      const { rows } = await sql`
        select crossing, tenant, workspace, intent_index, outcome_index
        from crossing join unnest(${[...logEnds.keys()]}::text[], ${[...logEnds.values()]}::bigint[])
          as ends (log, log_end) on log = tenant collate "C" and intent_index < log_end
        where outcome_index is null
        order by crossing limit ${limit}`.execute(db);
      return rows.map((row) => PlaceRow.parse(row));
    },
  };
}

async function selectRow(db: Kysely<Tables>, crossing: string): Promise<unknown> {
  return db
    .selectFrom('crossing')
    .leftJoin('commitment_opening', 'commitment_opening.crossing', 'crossing.crossing')
    .select([
      'crossing.crossing',
      'crossing.tenant',
      'crossing.workspace',
      'intent_index',
      'outcome_index',
      'request_salt',
      'answer_salt',
    ])
    .where('crossing.crossing', '=', crossing)
    .executeTakeFirst();
}
