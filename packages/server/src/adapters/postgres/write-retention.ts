import { sql, type Kysely } from 'kysely';
import type {
  ProjectedErasure,
  ProjectedHold,
  ProjectedOpening,
  ProjectedPayload,
  ProjectedRetention,
} from './projected-retention.ts';

/**
 * Writes what a batch says of salts, kept payloads, holds and erasures. Erasures come last: what
 * they name was recorded before them, in this batch or an earlier one. Runs in the transaction that moves
 * the cursor, so once an erasure is projected its salts and keys are out of the tables.
 */
export async function writeRetention<T>(db: Kysely<T>, batch: ProjectedRetention): Promise<void> {
  if (batch.openings.length > 0) await writeOpenings(db, batch.openings);
  if (batch.endedBare.length > 0) await markEnded(db, batch.endedBare);
  if (batch.payloads.length > 0) await writePayloads(db, batch.payloads);
  for (const hold of batch.holds) await writeHold(db, hold);
  for (const erasure of batch.erasures) await writeErasure(db, erasure);
}

/** An erased crossing never gets a salt back, whoever delivers it again. */
async function writeOpenings<T>(db: Kysely<T>, rows: readonly ProjectedOpening[]): Promise<void> {
  await sql`
    insert into commitment_opening as known
      (crossing, of_tenant, of_workspace, request_salt, answer_salt, payload_key, ended)
    select * from unnest(
      ${rows.map((row) => row.crossing)}::uuid[],
      ${rows.map((row) => row.tenant)}::text[],
      ${rows.map((row) => row.workspace)}::text[],
      ${rows.map((row) => row.requestSalt)}::bytea[],
      ${rows.map((row) => row.answerSalt ?? null)}::bytea[],
      ${rows.map((row) => row.payloadKey ?? null)}::bytea[],
      ${rows.map((row) => row.ended)}::boolean[]) as new (crossing)
    where not exists (select from erased_crossing where erased_crossing.crossing = new.crossing)
    on conflict (crossing) do update
      set request_salt = excluded.request_salt,
          answer_salt = coalesce(excluded.answer_salt, known.answer_salt),
          payload_key = coalesce(excluded.payload_key, known.payload_key),
          ended = excluded.ended or known.ended`.execute(db);
}

async function markEnded<T>(db: Kysely<T>, crossings: readonly string[]): Promise<void> {
  await sql`update commitment_opening set ended = true where crossing = any(${crossings}::uuid[])`.execute(
    db,
  );
}

async function writePayloads<T>(db: Kysely<T>, rows: readonly ProjectedPayload[]): Promise<void> {
  await sql`
    insert into kept_payload (crossing, kind, tenant, workspace, data_class, bytes)
    select * from unnest(
      ${rows.map((row) => row.crossing)}::uuid[],
      ${rows.map((row) => row.kind)}::text[],
      ${rows.map((row) => row.tenant)}::text[],
      ${rows.map((row) => row.workspace)}::text[],
      ${rows.map((row) => row.dataClass)}::text[],
      ${rows.map((row) => row.bytes)}::bigint[]) as new (crossing)
    where not exists (select from erased_crossing where erased_crossing.crossing = new.crossing)
    on conflict (crossing, kind) do nothing`.execute(db);
}

async function writeHold<T>(db: Kysely<T>, hold: ProjectedHold): Promise<void> {
  const { tenant, event, time, principal } = hold;
  if (event === 'placed') {
    await sql`
      insert into legal_hold (tenant, hold, scope, placed_at, placed_by)
      values (${tenant}, ${hold.hold}, ${JSON.stringify(hold.scope)}::jsonb, ${time}::timestamptz, ${principal})
      on conflict (tenant, hold) do nothing`.execute(db);
  } else {
    await sql`
      update legal_hold set released_at = ${time}::timestamptz, released_by = ${principal}
      where tenant = ${tenant} and hold = ${hold.hold} and released_at is null`.execute(db);
  }
}

/** What is left to do outside these rows is listed in the same transaction, so no crash forgets it. */
async function writeErasure<T>(db: Kysely<T>, erasure: ProjectedErasure): Promise<void> {
  const { tenant, index, time, crossings } = erasure;
  await sql`delete from commitment_opening where crossing = any(${crossings}::uuid[])`.execute(db);
  await sql`delete from kept_payload where crossing = any(${crossings}::uuid[])`.execute(db);
  await sql`
    insert into erased_crossing (crossing) select unnest(${crossings}::uuid[])
    on conflict (crossing) do nothing`.execute(db);
  await sql`
    insert into erasure (tenant, entry_index, erased_at, crossings)
    values (${tenant}, ${index}, ${time}::timestamptz, ${crossings}::uuid[])`.execute(db);
  await sql`
    insert into erasure_pending (tenant, entry_index, target)
    select ${tenant}, ${index}::bigint, target
    from (select 'cell' as target union all select id from backup) as targets`.execute(db);
}
