import { sql, type Kysely } from 'kysely';
import { z } from 'zod';
import type { CrossingGeneration, CrossingGenerations, LedgerLine } from '../../domains/crossings/ports.ts';
import { Count, sqlState } from './connection.ts';
import { createCrossingIndexes, createCrossingTable, renameCrossingTable } from './crossing-shape.ts';
import type { CrossingTable } from './crossing-table.ts';
import { parseProjectable } from './projected-batch.ts';
import { CrossingFold, type PlaceAncestors } from './projected-crossings.ts';
import type { Tables } from './tables.ts';
import { writeCrossings } from './write-crossings.ts';

const NEXT = 'crossing_next';
/** One builder in the cell, however many processes it has. A connection that ends lets go of it. */
const BUILDER_LOCK = 0x73656b69;
/** How long the swap waits for readers, while the sink and new readers wait behind it. */
const SWAP_WAIT_MS = 1000;
const LOCK_NOT_AVAILABLE = '55P03';

const Locked = z.object({ locked: z.boolean() });
const CursorRow = z.object({ log: z.string(), next_index: Count });

/**
 * Builds the table `crossing` anew as `crossing_next`, from entries that the caller reads from the
 * ledger, on one connection of its own. Only the swap touches the live table. A crash at any step
 * before the swap commits leaves the live one as it was, and a table that the next build throws away.
 */
export function postgresCrossingGenerations(
  db: Kysely<Tables>,
  table: CrossingTable,
  ancestors: PlaceAncestors,
): CrossingGenerations {
  return {
    isComplete: () => table.isComplete(),
    whenLost: (onLost) => table.whenLost(onLost),
    build: (work) =>
      asBuilder(db, async (connection) => {
        // An index over millions of rows takes longer than any one statement may otherwise.
        await sql`set statement_timeout = 0`.execute(connection);
        try {
          await dropLeftover(connection);
          await createCrossingTable(connection, NEXT);
          await work(generation(connection, ancestors));
        } finally {
          await dropLeftover(connection);
          await sql`reset statement_timeout`.execute(connection);
        }
      }),
  };
}

/** At a start: what a killed build left, unless another process is building it just now. */
export async function throwAwayHalfBuilt(db: Kysely<Tables>): Promise<void> {
  await asBuilder(db, dropLeftover);
}

/** False, with `work` not called, where somebody else is the builder. */
async function asBuilder(
  db: Kysely<Tables>,
  work: (connection: Kysely<Tables>) => Promise<void>,
): Promise<boolean> {
  return db.connection().execute(async (connection) => {
    const { rows } = await sql`select pg_try_advisory_lock(${BUILDER_LOCK}) as locked`.execute(connection);
    if (!Locked.parse(rows[0]).locked) return false;
    try {
      await work(connection);
      return true;
    } finally {
      await sql`select pg_advisory_unlock(${BUILDER_LOCK})`.execute(connection);
    }
  });
}

async function dropLeftover(db: Kysely<Tables>): Promise<void> {
  await sql`drop table if exists ${sql.table(NEXT)}`.execute(db);
}

function generation(connection: Kysely<Tables>, ancestors: PlaceAncestors): CrossingGeneration {
  return {
    liveCursors: () => readCursors(connection),
    add: (entries) => addEntries(connection, entries, ancestors),

    async makeIndexes() {
      await createCrossingIndexes(connection, NEXT);
      await sql`analyze ${sql.table(NEXT)}`.execute(connection);
    },

    async takeOver(catchUp) {
      try {
        await connection.transaction().execute(async (transaction) => {
          // In this order, as the sink takes them: behind the cursors it waits until the commit.
          await sql`lock table projection_cursor in exclusive mode`.execute(transaction);
          await catchUp(await readCursors(transaction), (entries) =>
            addEntries(transaction, entries, ancestors),
          );
          await sql`set local lock_timeout = ${sql.lit(SWAP_WAIT_MS)}`.execute(transaction);
          await sql`drop table if exists crossing`.execute(transaction);
          await renameCrossingTable(transaction, NEXT, 'crossing');
          await sql`update crossing_projection set complete = true`.execute(transaction);
        });
        return true;
      } catch (error) {
        if (sqlState(error) === LOCK_NOT_AVAILABLE) return false;
        throw error;
      }
    },
  };
}

async function addEntries(
  db: Kysely<Tables>,
  entries: readonly LedgerLine[],
  ancestors: PlaceAncestors,
): Promise<void> {
  const crossings = new CrossingFold(ancestors);
  for (const { index, bytes } of entries) {
    const projectable = parseProjectable(bytes);
    if (projectable?.kind === 'intent') crossings.addIntent(index, projectable);
    else if (projectable?.kind === 'outcome') crossings.addOutcome(index, projectable);
  }
  await writeCrossings(db, NEXT, crossings.rows());
}

async function readCursors(db: Kysely<Tables>): Promise<ReadonlyMap<string, number>> {
  const rows = await db.selectFrom('projection_cursor').selectAll().execute();
  return new Map(rows.map((row) => CursorRow.parse(row)).map((row) => [row.log, row.next_index]));
}
