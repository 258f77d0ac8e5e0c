import { sql, type Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';
import { z } from 'zod';

/**
 * Partitions of the table of salts and keys. An erasure rewrites the partitions that held its
 * crossings, so each must be small enough to be rewritten while the cell serves.
 */
const OPENING_PARTITIONS = 16;

export const payloadsHoldsErasures: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await sql`alter table commitment_opening rename to commitment_opening_whole`.execute(db);
    await sql`
      create table commitment_opening (
        crossing uuid not null,
        of_tenant text collate "C" not null,
        of_workspace text collate "C" not null,
        request_salt bytea check (length(request_salt) = 32),
        answer_salt bytea check (length(answer_salt) = 32),
        payload_key bytea check (length(payload_key) = 32),
        ended boolean not null,
        primary key (crossing)
      ) partition by hash (crossing)`.execute(db);
    for (let part = 0; part < OPENING_PARTITIONS; part++) {
      await sql`
        create table ${sql.id(`commitment_opening_${part}`)} partition of commitment_opening
        for values with (modulus ${sql.lit(OPENING_PARTITIONS)}, remainder ${sql.lit(part)})`.execute(db);
    }
    await sql`
      create index commitment_opening_of_workspace on commitment_opening (of_tenant, of_workspace, crossing)
    `.execute(db);
    // Without the table of crossings, which is made anew where it is empty, there is no salt either.
    if (await hasCrossings(db)) {
      await sql`
        insert into commitment_opening
          (crossing, of_tenant, of_workspace, request_salt, answer_salt, ended)
        select crossing, tenant, workspace, request_salt, answer_salt, outcome_index is not null
        from commitment_opening_whole join crossing using (crossing)`.execute(db);
    }
    await sql`drop table commitment_opening_whole`.execute(db);
    await sql`
      create table kept_payload (
        crossing uuid not null,
        kind text collate "C" not null check (kind in ('request', 'answer')),
        tenant text collate "C" not null,
        workspace text collate "C" not null,
        data_class text collate "C" not null,
        bytes bigint not null check (bytes >= 0),
        primary key (crossing, kind)
      )`.execute(db);
    await sql`
      create index kept_payload_of_class on kept_payload (tenant, workspace, data_class, crossing)
    `.execute(db);
    await sql`
      create table legal_hold (
        tenant text collate "C" not null,
        hold text collate "C" not null,
        scope jsonb not null,
        placed_at timestamptz not null,
        placed_by text not null,
        released_at timestamptz,
        released_by text,
        primary key (tenant, hold)
      )`.execute(db);
    // Marks for ever: a salt that comes again, by whatever road, is not stored.
    await sql`create table erased_crossing (crossing uuid primary key)`.execute(db);
    await sql`
      create table erasure (
        tenant text collate "C" not null,
        entry_index bigint not null,
        erased_at timestamptz not null,
        crossings uuid[] not null,
        primary key (tenant, entry_index)
      )`.execute(db);
    await sql`
      create table backup (
        id text collate "C" primary key,
        folder text not null,
        made_at timestamptz not null,
        finished boolean not null default false
      )`.execute(db);
    await sql`
      create table erasure_pending (
        tenant text collate "C" not null,
        entry_index bigint not null,
        target text collate "C" not null,
        reason text not null default '',
        primary key (tenant, entry_index, target),
        foreign key (tenant, entry_index) references erasure
      )`.execute(db);
  },
};

async function hasCrossings(db: Kysely<unknown>): Promise<boolean> {
  const { rows } = await sql`select to_regclass('crossing') is not null as present`.execute(db);
  return z.object({ present: z.boolean() }).parse(rows[0]).present;
}
