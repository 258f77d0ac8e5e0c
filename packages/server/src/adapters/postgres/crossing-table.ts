import { sql, type Kysely } from 'kysely';
import { z } from 'zod';
import type { Log } from '../../base/log.ts';
import { sqlState } from './connection.ts';
import { createCrossingIndexes, createCrossingTable } from './crossing-shape.ts';
import type { Tables } from './tables.ts';

/** PostgreSQL documentation, appendix A. */
const UNDEFINED_TABLE = '42P01';

const State = z.object({ complete: z.boolean() });
const Presence = z.object({ present: z.boolean() });

/**
 * The live table `crossing`: whether it is there, and whether it says all that the ledger says.
 * Somebody may drop it at any time: it is made again, empty and incomplete, the sink goes on, and
 * whoever listens builds a new generation.
 */
export class CrossingTable {
  readonly #db: Kysely<Tables>;
  readonly #log: Log;
  #onLost: () => void = () => undefined;

  constructor(db: Kysely<Tables>, log: Log) {
    this.#db = db;
    this.#log = log;
  }

  /** Called when the table was found missing and made again. */
  whenLost(onLost: () => void): void {
    this.#onLost = onLost;
  }

  async isComplete(): Promise<boolean> {
    const row = await this.#db.selectFrom('crossing_projection').select('complete').executeTakeFirstOrThrow();
    return State.parse(row).complete;
  }

  /** Makes the table when there is none. True when it had to. */
  async ensure(): Promise<boolean> {
    if (await isPresent(this.#db)) return false;
    return this.#db.transaction().execute(async (transaction) => {
      // As the sink and the swap do first, so that nobody projects or swaps meanwhile.
      await sql`lock table projection_cursor in exclusive mode`.execute(transaction);
      if (await isPresent(transaction)) return false;
      await createCrossingTable(transaction, 'crossing');
      await createCrossingIndexes(transaction, 'crossing');
      // Where nothing was ever projected, an empty table says everything.
      await sql`
        update crossing_projection set complete = not exists (select from projection_cursor)
      `.execute(transaction);
      return true;
    });
  }

  /** Whether `error` came from the missing table, which is there again now. */
  async restoredAfter(error: unknown): Promise<boolean> {
    if (sqlState(error) !== UNDEFINED_TABLE || !(await this.ensure())) return false;
    this.#log.error('crossings.table-lost', {
      cause: 'the table was dropped; it is rebuilt from the ledger',
    });
    this.#onLost();
    return true;
  }
}

async function isPresent(db: Kysely<Tables>): Promise<boolean> {
  const { rows } = await sql`select to_regclass('crossing') is not null as present`.execute(db);
  return Presence.parse(rows[0]).present;
}
