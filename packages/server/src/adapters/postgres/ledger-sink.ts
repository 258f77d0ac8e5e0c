import { sql, type Kysely, type Transaction } from 'kysely';
import { z } from 'zod';
import type { LedgerSink, SettledEntry } from '../../domains/ledger/ports.ts';
import type { UsageDelta } from '../../domains/metering/index.ts';
import { writeCarriers } from './carried-crossings.ts';
import { Count } from './connection.ts';
import type { CrossingTable } from './crossing-table.ts';
import { projectBatch, type ProjectedBatch } from './projected-batch.ts';
import type { PlaceAncestors } from './projected-crossings.ts';
import type { Tables } from './tables.ts';
import { writeCrossings } from './write-crossings.ts';
import { writeRetention } from './write-retention.ts';

const CursorRow = z.object({ log: z.string(), next_index: Count });

/**
 * Projects settled entries into the tables. The cursor moves in the same transaction as the effect:
 * however often an entry comes, it counts once. A batch with a gap is refused whole, because a
 * cursor that jumped would hide the loss for ever.
 */
export function postgresLedgerSink(
  db: Kysely<Tables>,
  crossingTable: CrossingTable,
  ancestors: PlaceAncestors,
): LedgerSink {
  const accept = (entries: readonly SettledEntry[]): Promise<void> =>
    db.transaction().execute(async (transaction) => {
      // Behind a rebuild of the usage table this waits as long as that takes.
      await sql`set local statement_timeout = 0`.execute(transaction);
      const cursors = await lockCursors(transaction, [...new Set(entries.map(({ log }) => log))].sort());
      const fresh = takeFresh(entries, cursors);
      if (fresh.length === 0) return;
      await write(transaction, projectBatch(fresh, ancestors));
      await writeCursors(transaction, cursors);
    });
  return {
    async accept(entries) {
      if (entries.length === 0) return;
      try {
        await accept(entries);
      } catch (error) {
        if (!(await crossingTable.restoredAfter(error))) throw error;
        await accept(entries);
      }
    },
  };
}

/** Cursors by log, locked until the commit, in the order of names so that two batches never deadlock. */
async function lockCursors(db: Transaction<Tables>, logs: readonly string[]): Promise<Map<string, number>> {
  await sql`
    insert into projection_cursor (log, next_index)
    select log, 0 from unnest(${logs}::text[]) as new (log)
    on conflict (log) do nothing`.execute(db);
  const { rows } = await sql`
    select log, next_index from projection_cursor
    where log = any(${logs}::text[]) order by log for update`.execute(db);
  return new Map(rows.map((row) => CursorRow.parse(row)).map((row) => [row.log, row.next_index]));
}

/** Drops what is projected already and moves the cursors over the rest. Throws at a gap. */
function takeFresh(entries: readonly SettledEntry[], cursors: Map<string, number>): readonly SettledEntry[] {
  return entries.filter(({ log, index }) => {
    const next = cursors.get(log) ?? 0;
    if (index < next) return false;
    if (index > next) throw new Error(`gap in log ${log}: expected entry ${next}, got ${index}`);
    cursors.set(log, next + 1);
    return true;
  });
}

async function write(db: Transaction<Tables>, batch: ProjectedBatch): Promise<void> {
  await writeCrossings(db, 'crossing', batch.crossings);
  await writeRetention(db, batch.retention);
  await writeCarriers(db, batch.carriers);
  if (batch.usage.length > 0) await writeUsage(db, batch.usage);
}

async function writeUsage(db: Transaction<Tables>, rows: readonly UsageDelta[]): Promise<void> {
  await sql`
    insert into usage as sum
      (tenant, workspace, model, day, crossings, input_tokens, output_tokens, amount_pico_yen)
    select * from unnest(
      ${rows.map((row) => row.tenant)}::text[],
      ${rows.map((row) => row.workspace)}::text[],
      ${rows.map((row) => row.model)}::text[],
      ${rows.map((row) => row.day)}::date[],
      ${rows.map((row) => row.crossings)}::bigint[],
      ${rows.map((row) => row.inputTokens)}::bigint[],
      ${rows.map((row) => row.outputTokens)}::bigint[],
      ${rows.map((row) => row.amountPicoYen.toString())}::numeric[])
    on conflict (tenant, workspace, model, day) do update
      set crossings = sum.crossings + excluded.crossings,
          input_tokens = sum.input_tokens + excluded.input_tokens,
          output_tokens = sum.output_tokens + excluded.output_tokens,
          amount_pico_yen = sum.amount_pico_yen + excluded.amount_pico_yen`.execute(db);
}

async function writeCursors(db: Transaction<Tables>, cursors: ReadonlyMap<string, number>): Promise<void> {
  await sql`
    update projection_cursor set next_index = moved.next_index
    from unnest(${[...cursors.keys()]}::text[], ${[...cursors.values()]}::bigint[]) as moved (log, next_index)
    where projection_cursor.log = moved.log`.execute(db);
}
