import { sql, type Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

/**
 * `crossing` becomes what searches read. It is a projection of the ledger: its shape stands in
 * `crossing-shape.ts`, and here only what lets the rows of 0001 live until the cell has built a new
 * generation. Their new columns are null. A table without rows is made anew at the start.
 */
export const crossingSearch: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await sql`
      create table crossing_projection (
        only_row boolean primary key default true check (only_row),
        complete boolean not null
      )`.execute(db);
    // Nothing was projected yet, so a table without rows misses nothing.
    await sql`
      insert into crossing_projection (complete)
      select not exists (select from projection_cursor)`.execute(db);
    await sql`
      alter table crossing
        add column principal text collate "C",
        add column action text collate "C",
        add column data_class text collate "C",
        add column purpose text,
        add column platform_revision bigint,
        add column decision text collate "C",
        add column request_commitment bytea,
        add column ended_at timestamptz,
        add column status integer,
        add column endpoint text collate "C",
        add column assurance text collate "C",
        add column places text[] collate "C",
        add column carried_terms text[] collate "C",
        add column answer_commitment bytea,
        add column input_tokens bigint,
        add column output_tokens bigint,
        add column usage_estimated boolean,
        add column amount_pico_yen numeric(38, 0)`.execute(db);
    const { rows } = await sql`select from crossing limit 1`.execute(db);
    if (rows.length === 0) await sql`drop table crossing`.execute(db);
  },
};
