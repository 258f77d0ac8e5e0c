import { sql, type Kysely } from 'kysely';
import { z } from 'zod';
import { sqlState } from './connection.ts';
import type { Tables } from './tables.ts';

const Partition = z.object({ partition: z.string().regex(/^commitment_opening_\d+$/) });
const Held = z.object({ held: z.boolean() });

/** How often, and how long apart, older readers are waited for: four seconds together. */
const LOOKS_MAX = 40;
const LOOK_PAUSE_SECONDS = 0.1;

const INSUFFICIENT_PRIVILEGE = '42501';

/**
 * Makes PostgreSQL give up the bytes of deleted salts and keys. A deleted row stays in its page, and
 * in the write-ahead log of the database, until something overwrites it (PostgreSQL documentation,
 * sections 24.1 and 28.5), so:
 *
 * 1. The partitions that held the crossings are rewritten (`vacuum full`). That locks each for as long
 *    as the rewriting of a sixteenth of the salts takes: receipts and the projection wait, crossings do not.
 * 2. A new file of the write-ahead log is begun and a checkpoint made. Our own server deletes the files
 *    before it (`wal_recycle = off`). On a server of the site's we may lack the right: then its log,
 *    its archive and its backups are the site's to expire.
 *
 * `vacuum full` keeps what a running transaction may still see, so those that began before the
 * deletion are waited for; rejects when they do not end.
 */
export async function scrubOpenings(db: Kysely<Tables>, crossings: readonly string[]): Promise<void> {
  if (crossings.length === 0) return;
  await db.connection().execute(async (connection) => {
    await sql`set statement_timeout = 0`.execute(connection);
    try {
      await waitForOlderReaders(connection);
      for (const partition of await partitionsOf(connection, crossings)) {
        await sql`vacuum (full) ${sql.table(partition)}`.execute(connection);
      }
      // Replicas that share a ledger attach salts to runs here, until the sink has them: mostly empty.
      await sql`vacuum (full) ledger_run`.execute(connection);
      await dropDatabaseLog(connection);
    } finally {
      await sql`reset statement_timeout`.execute(connection);
    }
  });
}

/** Whoever holds a snapshot from before now may see the deleted rows; whoever comes later may not. */
async function waitForOlderReaders(db: Kysely<Tables>): Promise<void> {
  const { rows: marks } = await sql`select pg_current_xact_id()::text as mark`.execute(db);
  const { mark } = z.object({ mark: z.string().regex(/^\d+$/) }).parse(marks[0]);
  for (let look = 0; look < LOOKS_MAX; look++) {
    const { rows } = await sql`
      select exists (
        select from pg_stat_activity
        where pid <> pg_backend_pid() and backend_xmin is not null
          and age(backend_xmin) >= age(${mark}::xid8::xid)
      ) as held`.execute(db);
    if (!Held.parse(rows[0]).held) return;
    await sql`select pg_sleep(${LOOK_PAUSE_SECONDS})`.execute(db);
  }
  throw new Error('an older transaction of the database still sees the erased rows');
}

/** By the hash of the partitioning itself, so that only what held a crossing is rewritten. */
async function partitionsOf(db: Kysely<Tables>, crossings: readonly string[]): Promise<readonly string[]> {
  const { rows } = await sql`
    select child.relname as partition
    from pg_inherits
    join pg_class child on child.oid = pg_inherits.inhrelid
    join pg_class parent on parent.oid = pg_inherits.inhparent
    where parent.oid = 'commitment_opening'::regclass
    order by child.relname`.execute(db);
  const names = rows.map((row) => Partition.parse(row).partition);
  const { rows: hit } = await sql`
    select distinct 'commitment_opening_' || part as partition
    from unnest(${crossings}::uuid[]) as crossing, generate_series(0, ${names.length - 1}::int) as part
    where satisfies_hash_partition('commitment_opening'::regclass, ${names.length}::int, part, crossing)
    order by partition`.execute(db);
  return hit.map((row) => Partition.parse(row).partition);
}

async function dropDatabaseLog(db: Kysely<Tables>): Promise<void> {
  try {
    await sql`select pg_switch_wal()`.execute(db);
    await sql`checkpoint`.execute(db);
  } catch (error) {
    if (sqlState(error) !== INSUFFICIENT_PRIVILEGE) throw error;
  }
}
