import { sql, type Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

/**
 * Text columns compare by bytes (COLLATE "C"), so that an order is the same on every server.
 * `crossing` is a UUID version 7: its order is the order of time.
 */
export const platformKeysCrossingsUsage: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await sql`
      create table platform_revision (
        revision bigint primary key check (revision > 0),
        digest text not null,
        document jsonb not null,
        applied_at timestamptz not null,
        applied_by text not null
      )`.execute(db);
    await sql`
      create table api_key (
        key_id text collate "C" primary key,
        tenant text collate "C" not null,
        workspace text collate "C" not null,
        label text not null,
        secret_sha256 bytea not null unique check (length(secret_sha256) = 32),
        created_at timestamptz not null,
        revoked_at timestamptz
      )`.execute(db);
    await sql`
      create table crossing (
        crossing uuid primary key,
        tenant text collate "C" not null,
        workspace text collate "C" not null,
        subject text collate "C" not null,
        started_at timestamptz not null,
        intent_index bigint not null,
        outcome_index bigint,
        result text collate "C",
        check ((outcome_index is null) = (result is null))
      )`.execute(db);
    await sql`create index crossing_of_tenant on crossing (tenant, crossing)`.execute(db);
    await sql`create index crossing_open on crossing (crossing) where outcome_index is null`.execute(db);
    // The few that an operator looks for among the many that went well.
    await sql`
      create index crossing_not_completed on crossing (result, crossing) where result <> 'completed'
    `.execute(db);
    await sql`
      create table commitment_opening (
        crossing uuid primary key,
        request_salt bytea check (length(request_salt) = 32),
        answer_salt bytea check (length(answer_salt) = 32)
      )`.execute(db);
    await sql`
      create table usage (
        tenant text collate "C" not null,
        workspace text collate "C" not null,
        model text collate "C" not null,
        day date not null,
        crossings bigint not null check (crossings >= 0),
        input_tokens bigint not null check (input_tokens >= 0),
        output_tokens bigint not null check (output_tokens >= 0),
        amount_pico_yen numeric(38, 0) not null check (amount_pico_yen >= 0),
        primary key (tenant, workspace, model, day)
      )`.execute(db);
    await sql`
      create table projection_cursor (
        log text collate "C" primary key,
        next_index bigint not null check (next_index >= 0)
      )`.execute(db);
  },
};
