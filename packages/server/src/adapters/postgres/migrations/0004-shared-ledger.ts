import { sql, type Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

/**
 * The sequence of a cell whose replicas share a ledger. Reads top-down as the road of an entry:
 * replica and lane, log, run, integrator, checkpoint, follower. See `docs/decisions/0008`.
 */
export const sharedLedger: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of statements) await sql.raw(statement).execute(db);
  },
};

const statements = [
  `create table ledger_replica (
     replica integer generated always as identity primary key,
     joined_at timestamptz not null default now(),
     ended_at timestamptz
   )`,

  // One row for each connection over which a replica appends. It remembers the last batch, so that
  // a batch whose answer was lost is asked for again and never stored twice; and it is the fence: a
  // replica without lanes appends nothing. Updated in place with every batch.
  `create table ledger_lane (
     replica integer not null references ledger_replica,
     lane integer not null,
     batch bigint not null default 0,
     firsts bigint[] not null default '{}',
     primary key (replica, lane)
   ) with (fillfactor = 20)`,

  `create table ledger_log (
     log text collate "C" primary key,
     next_index bigint not null check (next_index > 0)
   ) with (fillfactor = 20)`,

  // Entries that the sink has not accepted yet. The payload is never compressed: it comes once and goes.
  `create table ledger_run (
     log text collate "C" not null,
     first_index bigint not null,
     entries integer not null check (entries between 1 and 1024),
     replica integer not null,
     payload bytea not null,
     primary key (log, first_index)
   ) with (autovacuum_vacuum_scale_factor = 0.0, autovacuum_vacuum_threshold = 2000,
           toast.autovacuum_vacuum_scale_factor = 0.0, toast.autovacuum_vacuum_threshold = 200000)`,
  `alter table ledger_run alter column payload set storage external`,

  `create table ledger_integrator (
     only_row boolean primary key default true check (only_row),
     term bigint not null
   )`,
  `insert into ledger_integrator (term) values (0)`,

  // The size stands in the second line of a checkpoint (C2SP tlog-checkpoint).
  `create table ledger_checkpoint (
     log text collate "C" primary key,
     note text not null,
     size bigint not null generated always as
       (case when split_part(note, chr(10), 2) ~ '^[0-9]{1,16}$'
             then split_part(note, chr(10), 2)::bigint else 0 end) stored,
     settled_size bigint not null default 0
   ) with (fillfactor = 50)`,

  // Who carries the crossings that have no outcome yet.
  `create table crossing_carrier (
     crossing uuid primary key,
     replica integer not null
   )`,

  // One round trip and one transaction a batch. All logs of a batch are locked in the order of their
  // names, so that two batches never wait for each other. Each lock is held to the commit: indexes
  // become visible in their order, without a gap.
  `create function ledger_append(
     in_replica integer, in_lane integer, in_batch bigint,
     in_logs text[], in_entries integer[], in_lengths integer[], in_payload bytea
   ) returns bigint[] language plpgsql as $function$
   declare
     known ledger_lane;
     placed bigint[];
   begin
     select * into known from ledger_lane
       where replica = in_replica and lane = in_lane for update;
     if not found then
       raise exception 'replica % was ended', in_replica using errcode = 'SK001';
     end if;
     if known.batch = in_batch then
       return known.firsts;
     elsif known.batch <> in_batch - 1 then
       raise exception 'batch % comes after %', in_batch, known.batch using errcode = 'SK002';
     end if;
     perform 1 from ledger_log where log = any (in_logs) order by log for update;
     with moved as (
       update ledger_log set next_index = next_index + run.entries
         from unnest(in_logs, in_entries) as run (log, entries)
         where ledger_log.log = run.log
         returning ledger_log.log, next_index - run.entries as first_index
     ), run as (
       select at, run.log, entries, moved.first_index,
              substring(in_payload from
                (coalesce(sum(length) over (order by at rows between unbounded preceding and 1 preceding), 0) + 1)::integer
                for length) as payload
         from unnest(in_logs, in_entries, in_lengths) with ordinality as run (log, entries, length, at)
         left join moved on moved.log = run.log
     ), stored as (
       insert into ledger_run (log, first_index, entries, replica, payload)
         select log, first_index, entries, in_replica, payload from run
     )
     select array_agg(first_index order by at) into placed from run;
     update ledger_lane set batch = in_batch, firsts = placed
       where replica = in_replica and lane = in_lane;
     return placed;
   end $function$`,

  `create function ledger_create(in_replica integer, in_log text, in_payload bytea)
   returns void language plpgsql as $function$
   begin
     insert into ledger_log (log, next_index) values (in_log, 1) on conflict do nothing;
     if found then
       insert into ledger_run (log, first_index, entries, replica, payload)
         values (in_log, 0, 1, in_replica, in_payload);
     end if;
   end $function$`,

  // The share lock holds back whoever wants to raise the term until this has committed; when the
  // term was raised first, the row is no longer found.
  `create function ledger_publish(in_term bigint, in_log text, in_previous text, in_next text)
   returns boolean language plpgsql as $function$
   begin
     perform 1 from ledger_integrator where term = in_term for share;
     if not found then
       raise exception 'term % is over', in_term using errcode = 'SK003';
     end if;
     if in_previous is null then
       insert into ledger_checkpoint (log, note) values (in_log, in_next) on conflict do nothing;
     else
       update ledger_checkpoint set note = in_next where log = in_log and note = in_previous;
     end if;
     return found;
   end $function$`,

  // What is settled stays settled, whoever says so and how late.
  `create function ledger_settle(in_logs text[], in_sizes bigint[], in_news text)
   returns void language plpgsql as $function$
   begin
     with before as (
       select log, settled_size from ledger_checkpoint
         where log = any (in_logs) order by log for update
     ), moved as (
       update ledger_checkpoint set settled_size = settled.size
         from unnest(in_logs, in_sizes) as settled (log, size)
         where ledger_checkpoint.log = settled.log and ledger_checkpoint.settled_size < settled.size
     )
     -- From the run that was settled in part: what lies before is gone, and need not be passed over.
     delete from ledger_run using before, unnest(in_logs, in_sizes) as settled (log, size)
       where before.log = settled.log and ledger_run.log = settled.log
         and ledger_run.first_index >= before.settled_size - 1024
         and ledger_run.first_index < settled.size
         and ledger_run.first_index + ledger_run.entries <= settled.size;
     perform pg_notify('sekisho_ledger', in_news);
   end $function$`,
];
