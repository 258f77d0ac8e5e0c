import { sql, type Kysely, type RawBuilder } from 'kysely';
import { z } from 'zod';
import { BackupState, DataClass, KeptRow, LegalHold, PendingErasure } from '@sekisho/contract';
import {
  startOfCrossing,
  type ErasableCrossing,
  type OpenErasure,
  type RetentionRegister,
} from '../../domains/payloads/index.ts';
import { Count, Moment } from './connection.ts';
import { scrubOpenings } from './scrub-openings.ts';
import type { Tables } from './tables.ts';

const ErasableRow = z
  .object({
    crossing: z.string(),
    tenant: z.string(),
    workspace: z.string(),
    ended: z.boolean(),
    payloads: Count,
    payload_bytes: Count,
  })
  .transform(({ payload_bytes: payloadBytes, ...row }): ErasableCrossing => ({ ...row, payloadBytes }));

const HoldRow = z
  .object({
    tenant: z.string(),
    hold: z.string(),
    scope: z.unknown(),
    placed_at: Moment,
    placed_by: z.string(),
    released_at: Moment.nullable(),
    released_by: z.string().nullable(),
  })
  .transform((row) =>
    LegalHold.parse({
      tenant: row.tenant,
      hold: row.hold,
      scope: row.scope,
      placedAt: row.placed_at,
      placedBy: row.placed_by,
      ...(row.released_at === null ? {} : { releasedAt: row.released_at }),
      ...(row.released_by === null ? {} : { releasedBy: row.released_by }),
    }),
  );

const KeptTableRow = z
  .object({
    tenant: z.string(),
    workspace: z.string(),
    data_class: DataClass.nullable(),
    kind: z.enum(['request', 'answer', 'salts']),
    count: Count,
    bytes: Count,
    oldest: z.string(),
    newest: z.string(),
  })
  .transform(({ data_class: dataClass, oldest, newest, ...row }) =>
    KeptRow.omit({ holds: true, days: true, firstEnds: true, lastEnds: true }).parse({
      ...row,
      ...(dataClass === null ? {} : { dataClass }),
      oldest: new Date(startOfCrossing(oldest)).toISOString(),
      newest: new Date(startOfCrossing(newest)).toISOString(),
    }),
  );

const OpenErasureRow = z
  .object({
    tenant: z.string(),
    entry_index: Count,
    target: z.string(),
    crossings: z.array(z.string()),
    reason: z.string(),
  })
  .transform(({ entry_index: index, ...row }) => ({ ...row, index }));

const Held = z.object({ held: z.boolean() });

/** Salts and key of one crossing, as the report counts them. */
const SECRET_BYTES = 32;

export function postgresRetentionRegister(db: Kysely<Tables>): RetentionRegister {
  let holding: Promise<unknown> = Promise.resolve();
  return {
    /** A lock in the database (PostgreSQL documentation, section 13.3.5): all replicas take turns. */
    exclusively(tenant, work) {
      // Here one at a time whatever the tenant: each holds a connection while its work needs others.
      const turn = holding.then(() =>
        db.transaction().execute(async (transaction) => {
          await sql`set local idle_in_transaction_session_timeout = 0`.execute(transaction);
          await sql`select pg_advisory_xact_lock(hashtextextended(${`retention ${tenant}`}, 0))`.execute(
            transaction,
          );
          return work();
        }),
      );
      holding = turn.catch(() => undefined);
      return turn;
    },

    async find(crossings) {
      const { rows } = await sql`
        ${selectErasable} where opening.crossing = any(${crossings}::uuid[]) order by crossing`.execute(db);
      return rows.map((row) => ErasableRow.parse(row));
    },

    async candidates({ tenant, workspace, dataClass, after, before, limit }) {
      const inWorkspace = workspace === undefined ? sql`true` : sql`opening.of_workspace = ${workspace}`;
      const ofClass =
        dataClass === undefined
          ? sql`true`
          : dataClass === 'none'
            ? sql`not exists (select from kept_payload kept where kept.crossing = opening.crossing)`
            : sql`exists (select from kept_payload kept
                  where kept.crossing = opening.crossing and kept.data_class = ${dataClass})`;
      const { rows } = await sql`
        ${selectErasable}
        where opening.of_tenant = ${tenant} and ${inWorkspace} and ${ofClass} and opening.ended
          and opening.crossing > ${after}::uuid and opening.crossing < ${before}::uuid
        order by opening.crossing limit ${limit}`.execute(db);
      return rows.map((row) => ErasableRow.parse(row));
    },

    async holds(tenant) {
      let query = db.selectFrom('legal_hold').selectAll();
      if (tenant !== undefined) query = query.where('tenant', '=', tenant);
      const rows = await query.orderBy('tenant').orderBy('hold').execute();
      return rows.map((row) => HoldRow.parse(row));
    },

    async kept(query) {
      // PostgreSQL has no minimum of UUIDs before version 18; their text has the same order.
      const { rows } = await sql`
        select tenant, workspace, data_class, kind, count(*) as count, sum(bytes)::bigint as bytes,
               min(crossing::text collate "C") as oldest, max(crossing::text collate "C") as newest
        from kept_payload where ${visible(sql.ref('tenant'), sql.ref('workspace'), query)}
        group by tenant, workspace, data_class, kind
        union all
        select of_tenant, of_workspace, null, 'salts', count(*),
               (${SECRET_BYTES}::bigint * (count(request_salt) + count(answer_salt) + count(payload_key)))::bigint,
               min(crossing::text collate "C"), max(crossing::text collate "C")
        from commitment_opening where ${visible(sql.ref('of_tenant'), sql.ref('of_workspace'), query)}
        group by of_tenant, of_workspace
        order by tenant, workspace, data_class nulls last, kind`.execute(db);
      return rows.map((row) => KeptTableRow.parse(row));
    },

    async openErasures(target, limit) {
      const rows = await pendingRows(db, limit, target);
      return rows.map(({ reason: _reason, ...erasure }) => erasure);
    },

    async pending(limit) {
      const rows = await pendingRows(db, limit);
      return rows.map(({ crossings: _crossings, ...erasure }) => PendingErasure.parse(erasure));
    },

    async reached(erasures) {
      await sql`
        delete from erasure_pending as pending using ${listed(erasures)}
        where ${isListed}`.execute(db);
    },

    async notReached(erasures, reason) {
      await sql`
        update erasure_pending as pending set reason = ${reason.slice(0, 500)} from ${listed(erasures)}
        where ${isListed}`.execute(db);
    },

    scrub: (crossings) => scrubOpenings(db, crossings),

    /** The lock is the connection's: it is free again when the process is gone, however it went. */
    async backingUp(work) {
      return db.transaction().execute(async (transaction) => {
        await sql`set local idle_in_transaction_session_timeout = 0`.execute(transaction);
        const { rows } = await sql`
          select pg_try_advisory_xact_lock(hashtextextended('retention: backup', 0)) as held
        `.execute(transaction);
        return Held.parse(rows[0]).held ? { result: await work() } : undefined;
      });
    },

    backups: () => backupRows(db, true),
    unfinishedBackups: () => backupRows(db, false),

    async finishBackup(id) {
      await db.updateTable('backup').set({ finished: true }).where('id', '=', id).execute();
    },

    async registerBackup({ id, folder, madeAt }) {
      await db
        .insertInto('backup')
        .values({ id, folder, made_at: new Date(madeAt) })
        .execute();
    },

    async forgetBackup(id) {
      await db.transaction().execute(async (transaction) => {
        await transaction.deleteFrom('erasure_pending').where('target', '=', id).execute();
        await transaction.deleteFrom('backup').where('id', '=', id).execute();
      });
    },
  };
}

async function backupRows(db: Kysely<Tables>, finished: boolean): Promise<readonly BackupState[]> {
  const rows = await db
    .selectFrom('backup')
    .selectAll()
    .where('finished', '=', finished)
    .orderBy('made_at')
    .execute();
  return rows.map((row) =>
    BackupState.parse({ id: row.id, folder: row.folder, madeAt: row.made_at.toISOString() }),
  );
}

const selectErasable = sql`
  select opening.crossing, opening.of_tenant as tenant, opening.of_workspace as workspace, opening.ended,
         (select count(*) from kept_payload kept where kept.crossing = opening.crossing) as payloads,
         (select coalesce(sum(kept.bytes), 0)::bigint from kept_payload kept
          where kept.crossing = opening.crossing) as payload_bytes
  from commitment_opening opening`;

function visible(
  tenant: RawBuilder<unknown>,
  workspace: RawBuilder<unknown>,
  query: { readonly tenant?: string | undefined; readonly workspace?: string | undefined },
): RawBuilder<unknown> {
  return sql`
    (${query.tenant ?? null}::text is null or ${tenant} = ${query.tenant ?? null})
    and (${query.workspace ?? null}::text is null or ${workspace} = ${query.workspace ?? null})`;
}

async function pendingRows(
  db: Kysely<Tables>,
  limit: number,
  target?: string,
): Promise<z.infer<typeof OpenErasureRow>[]> {
  let query = db
    .selectFrom('erasure_pending as pending')
    .innerJoin('erasure', (join) =>
      join
        .onRef('erasure.tenant', '=', 'pending.tenant')
        .onRef('erasure.entry_index', '=', 'pending.entry_index'),
    )
    .select(['pending.tenant', 'pending.entry_index', 'target', 'reason', 'crossings'])
    .orderBy('target')
    .orderBy('pending.tenant')
    .orderBy('pending.entry_index')
    .limit(limit);
  if (target !== undefined) query = query.where('target', '=', target);
  const rows = await query.execute();
  return rows.map((row) => OpenErasureRow.parse(row));
}

function listed(erasures: readonly OpenErasure[]) {
  return sql`unnest(
    ${erasures.map(({ tenant }) => tenant)}::text[],
    ${erasures.map(({ index }) => index)}::bigint[],
    ${erasures.map(({ target }) => target)}::text[]) as done (tenant, entry_index, target)`;
}

const isListed = sql`pending.tenant = done.tenant and pending.entry_index = done.entry_index
  and pending.target = done.target`;
