import { sql, type Kysely } from 'kysely';
import { z } from 'zod';
import { formatYen, parseYen, UsageRow, type UsageQuery } from '@sekisho/contract';
import type { UsageTable } from '../../domains/metering/ports.ts';
import { Count } from './connection.ts';
import type { Tables } from './tables.ts';

const Row = z
  .object({
    tenant: z.string(),
    workspace: z.string(),
    model: z.string(),
    day: z.string(),
    crossings: Count,
    input_tokens: Count,
    output_tokens: Count,
    /** Exact: numeric comes as text and becomes bigint, never a float. */
    amount_pico_yen: z
      .string()
      .regex(/^\d{1,38}$/)
      .transform(BigInt),
  })
  .transform((row) =>
    UsageRow.parse({
      tenant: row.tenant,
      workspace: row.workspace,
      model: row.model,
      day: row.day,
      crossings: row.crossings,
      inputTokens: row.input_tokens,
      outputTokens: row.output_tokens,
      amountYen: formatYen(row.amount_pico_yen),
    }),
  );
const CursorRow = z.object({ log: z.string(), next_index: Count });

const INSERT_ROWS = 1000;

export function postgresUsageTable(db: Kysely<Tables>): UsageTable {
  return {
    rows: (query) => selectRows(db, query),

    async rebuild(compute) {
      return db.transaction().execute(async (transaction) => {
        // Reading a long ledger takes longer than any one statement may.
        await sql`set local statement_timeout = 0`.execute(transaction);
        await sql`set local idle_in_transaction_session_timeout = 0`.execute(transaction);
        // The sink locks its cursor rows before all else, so it waits here until the commit.
        await sql`lock table projection_cursor in exclusive mode`.execute(transaction);
        const cursors = await transaction.selectFrom('projection_cursor').selectAll().execute();
        const projectedTo = new Map(
          cursors.map((row) => CursorRow.parse(row)).map((row) => [row.log, row.next_index]),
        );
        const before = await selectRows(transaction, {});
        const computed = (await compute(projectedTo)).map((row) => UsageRow.parse(row));
        await transaction.deleteFrom('usage').execute();
        for (let from = 0; from < computed.length; from += INSERT_ROWS) {
          await transaction
            .insertInto('usage')
            .values(computed.slice(from, from + INSERT_ROWS).map(toTableRow))
            .execute();
        }
        return { before, after: await selectRows(transaction, {}) };
      });
    },
  };
}

async function selectRows(db: Kysely<Tables>, query: UsageQuery): Promise<readonly UsageRow[]> {
  let select = db.selectFrom('usage').selectAll();
  if (query.tenant !== undefined) select = select.where('tenant', '=', query.tenant);
  if (query.workspace !== undefined) select = select.where('workspace', '=', query.workspace);
  if (query.model !== undefined) select = select.where('model', '=', query.model);
  if (query.from !== undefined) select = select.where('day', '>=', query.from);
  if (query.to !== undefined) select = select.where('day', '<=', query.to);
  const rows = await select.orderBy('tenant').orderBy('workspace').orderBy('model').orderBy('day').execute();
  return rows.map((row) => Row.parse(row));
}

function toTableRow(row: UsageRow): Tables['usage'] {
  return {
    tenant: row.tenant,
    workspace: row.workspace,
    model: row.model,
    day: row.day,
    crossings: String(row.crossings),
    input_tokens: String(row.inputTokens),
    output_tokens: String(row.outputTokens),
    amount_pico_yen: String(parseYen(row.amountYen)),
  };
}
