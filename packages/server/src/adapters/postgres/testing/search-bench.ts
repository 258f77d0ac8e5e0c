import { sql, type Kysely } from 'kysely';
import type { CrossingGenerations, CrossingSearch } from '../../../domains/crossings/ports.ts';
import type { LedgerSink } from '../../../domains/ledger/ports.ts';
import { postgresCrossingGenerations } from '../crossing-generations.ts';
import { createCrossingIndexes, createCrossingTable } from '../crossing-shape.ts';
import { CrossingTable } from '../crossing-table.ts';
import type { Tables } from '../tables.ts';
import { ancestors, searchOf, sinkOf } from './crossing-projection.ts';
import { serverKinds, silentLog } from './test-server.ts';

/** A database of its own for one benchmark of searches. */
export interface SearchBench {
  readonly db: Kysely<Tables>;
  readonly search: CrossingSearch;
  readonly sink: LedgerSink;
  readonly generations: CrossingGenerations;
  /** Replaces all crossings by so many; one in ten thousand has the rare value of each column. */
  fill(size: number): Promise<void>;
  stop(): Promise<void>;
}

export async function searchBench(): Promise<SearchBench> {
  const [kind] = serverKinds;
  if (kind === undefined) throw new Error('there is no server');
  const server = await kind.start();
  const db = await server.freshDatabase();
  return {
    db,
    search: searchOf(db),
    sink: sinkOf(db),
    generations: postgresCrossingGenerations(db, new CrossingTable(db, silentLog), ancestors),
    fill: (size) => fill(db, size),
    stop: () => server.stop(),
  };
}

/** What every search is compared with. */
export async function runPlain(db: Kysely<Tables>, crossing: string): Promise<void> {
  await db.selectFrom('crossing').selectAll().where('crossing', '=', crossing).execute();
}

async function fill(db: Kysely<Tables>, size: number): Promise<void> {
  await db.connection().execute(async (connection) => {
    await sql`set statement_timeout = 0`.execute(connection);
    await sql`set maintenance_work_mem = '256MB'`.execute(connection);
    await sql`drop table crossing`.execute(connection);
    await createCrossingTable(connection, 'crossing');
    await sql`
      insert into crossing
        (crossing, tenant, workspace, subject, started_at, intent_index, outcome_index, result, principal,
         action, data_class, purpose, platform_revision, decision, request_commitment, ended_at, status,
         endpoint, assurance, places, carried_terms, answer_commitment, input_tokens, output_tokens,
         usage_estimated, amount_pico_yen)
      select
         (lpad(to_hex(1775000000000 + n * 100), 12, '0') || '7000' || '8000' || lpad(to_hex(n), 12, '0'))::uuid,
         case when rare then 'city0' else 'city' || n % 100 end, 'w' || n % 20,
         case when rare then 'rare' else 'mini' end, timestamptz '2026-04-01' + n * interval '100 ms',
         2 * n, 2 * n + 1, case when rare then 'failed' else 'completed' end,
         case when rare then 'key:rare' else 'key:k' || n % 1000 end,
         case when rare then 'train' else 'process' end,
         case when rare then 'my-number' else 'confidentiality-2' end, 'inference', 1,
         case when rare then 'deny' else 'allow' end, sha256(n::text::bytea), now(), 200,
         case when rare then 'rare' else 'one' end,
         case when rare then 'hardware-attested' else 'declared' end, array['131016'],
         case when rare then array['012351', 'JP-01', 'JP', 'endpoint:rare', 'assurance:hardware-attested']
              else array['131016', 'JP-13', 'JP', 'endpoint:one', 'assurance:declared'] end,
         sha256(('a' || n)::bytea), 1, 1, false, 1
      from generate_series(0, ${size}::bigint - 1) as n, lateral (select n % 10000 = 5000 as rare) as r
    `.execute(connection);
    await createCrossingIndexes(connection, 'crossing');
    await sql`vacuum analyze crossing`.execute(connection);
    await sql`reset maintenance_work_mem`.execute(connection);
    await sql`reset statement_timeout`.execute(connection);
  });
}
