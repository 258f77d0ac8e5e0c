import { randomBytes } from 'node:crypto';
import { sql, type Kysely } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { IntentEntry } from '@sekisho/contract';
import { encodeOutcomeAttachment } from '../../domains/crossings/index.ts';
import type { SettledEntry } from '../../domains/ledger/ports.ts';
import { CrossingTable } from './crossing-table.ts';
import { postgresLedgerSink } from './ledger-sink.ts';
import { platformKeysCrossingsUsage } from './migrations/0001-platform-keys-crossings-usage.ts';
import { crossingSearch } from './migrations/0002-crossing-search.ts';
import { payloadsHoldsErasures } from './migrations/0003-payloads-holds-erasures.ts';
import { postgresRetentionRegister } from './retention-register.ts';
import type { Tables } from './tables.ts';
import { intentEntry, newCrossing, outcomeEntry, settled } from './testing/ledger-entries.ts';
import { serverKinds, silentLog, type TestServer } from './testing/test-server.ts';

const FIRST = '00000000-0000-0000-0000-000000000000';
const LAST = 'ffffffff-ffff-ffff-ffff-ffffffffffff';

describe.each(serverKinds)('what is kept, on $name PostgreSQL', (serverKind) => {
  let server: TestServer;
  let db: Kysely<Tables>;
  let at: number;
  let entries: SettledEntry[];
  beforeAll(async () => {
    server = await serverKind.start();
    db = await server.freshDatabase();
    await new CrossingTable(db, silentLog).ensure();
  }, 60_000);
  afterAll(() => server.stop(), 60_000);
  beforeEach(async () => {
    at = 0;
    entries = [];
    await sql`truncate crossing, commitment_opening, kept_payload, legal_hold, erased_crossing, erasure,
              erasure_pending, backup, usage, projection_cursor`.execute(db);
  });

  const register = () => postgresRetentionRegister(db);
  const accept = async (batch: readonly SettledEntry[]): Promise<void> =>
    postgresLedgerSink(db, new CrossingTable(db, silentLog), () => []).accept(batch);

  async function add(entry: unknown, attachment?: Uint8Array): Promise<number> {
    const next = settled('city-demo', at++, entry, attachment);
    entries.push(next);
    await accept([next]);
    return next.index;
  }

  async function crossing(
    kept: { readonly request?: number; readonly answer?: number } | undefined,
    over: Partial<IntentEntry> = {},
  ): Promise<string> {
    const intent = intentEntry(over);
    const [requestSalt, answerSalt] = [randomBytes(32), randomBytes(32)];
    const index = await add(
      intent,
      kept === undefined ? requestSalt : Buffer.concat([requestSalt, randomBytes(32)]),
    );
    const secrets = { requestSalt, answerSalt, ...(kept === undefined ? {} : { kept }) };
    await add(outcomeEntry(intent, index), encodeOutcomeAttachment(secrets));
    return intent.crossing;
  }

  const erasure = (crossings: readonly string[]): unknown => ({
    version: 1,
    kind: 'erasure',
    time: '2026-05-01T00:00:00.000Z',
    principal: 'operator:admin',
    reason: 'request',
    crossings,
  });
  const ids = async (
    query: { dataClass?: 'confidentiality-2' | 'none'; before?: string; limit?: number } = {},
  ) =>
    (
      await register().candidates({ tenant: 'city-demo', after: FIRST, before: LAST, limit: 10, ...query })
    ).map((found) => found.crossing);

  test('candidates are ended crossings in order, by class and time', async () => {
    const times = [1, 2, 3].map((day) => newCrossing(Date.UTC(2026, 3, day)));
    await crossing({ request: 10 }, { crossing: times[1]! });
    await crossing(undefined, { crossing: times[0]! });
    await crossing({ request: 10, answer: 5 }, { crossing: times[2]! });
    await add(intentEntry(), randomBytes(32));
    await crossing(undefined, { tenant: 'another' });
    expect(await ids()).toEqual(times);
    expect(await ids({ dataClass: 'confidentiality-2' })).toEqual(times.slice(1));
    expect(await ids({ dataClass: 'none' })).toEqual(times.slice(0, 1));
    expect(await ids({ before: times[2]! })).toEqual(times.slice(0, 2));
    expect(await ids({ limit: 1 })).toEqual(times.slice(0, 1));
    expect(await register().find([times[2]!])).toEqual([
      {
        crossing: times[2],
        tenant: 'city-demo',
        workspace: 'desk',
        ended: true,
        payloads: 2,
        payloadBytes: 15,
      },
    ]);
  });

  test('a crossing that a start closed has ended, with the salts of its intent', async () => {
    const intent = intentEntry();
    await add(intent, randomBytes(32));
    expect(await ids()).toEqual([]);
    await add(outcomeEntry(intent, 0, { result: 'interrupted' }));
    expect(await ids()).toEqual([intent.crossing]);
  });

  test('what is erased never comes back, however often and from wherever it is delivered again', async () => {
    const erased = await crossing({ request: 10, answer: 5 });
    const stays = await crossing({ request: 10 });
    const index = await add(erasure([erased]));
    const check = async (): Promise<void> => {
      expect(await ids()).toEqual([stays]);
      expect((await register().kept({})).map(({ kind, count }) => [kind, count])).toEqual([
        ['request', 1],
        ['salts', 1],
      ]);
    };
    await check();
    expect(await register().openErasures('cell', 10)).toEqual([
      { tenant: 'city-demo', index, target: 'cell', crossings: [erased] },
    ]);
    // The cursor lost, as after a restored database: entries before the erasure come again, one by one.
    await sql`truncate projection_cursor, erasure_pending, erasure`.execute(db);
    for (const entry of entries) {
      await accept([entry]);
      expect(await ids()).not.toContain(erased);
    }
    await check();
    // And in one batch.
    await sql`truncate projection_cursor, erasure_pending, erasure, erased_crossing`.execute(db);
    await accept(entries);
    await check();
  });

  test('an erasure lists the cell and every backup begun before it, and strikes off one by one', async () => {
    const madeAt = '2026-05-01T00:00:00.000Z';
    await register().registerBackup({ id: 'b-one', folder: '/mnt/one', madeAt });
    const first = await add(erasure([await crossing(undefined)]));
    await register().registerBackup({ id: 'b-two', folder: '/mnt/two', madeAt });
    const second = await add(erasure([await crossing(undefined)]));
    const targets = async (): Promise<string[]> =>
      (await register().pending(10)).map(({ index, target, reason }) => `${index} ${target} ${reason}`);
    const all = [
      `${first} b-one `,
      `${second} b-one `,
      `${second} b-two `,
      `${first} cell `,
      `${second} cell `,
    ];
    expect(await targets()).toEqual(all);
    await register().notReached(await register().openErasures('b-one', 1), 'away');
    await register().reached(await register().openErasures('cell', 10));
    expect(await targets()).toEqual([`${first} b-one away`, ...all.slice(1, 3)]);
    expect(await register().backups()).toEqual([]);
    await register().finishBackup('b-one');
    expect((await register().backups()).map(({ id }) => id)).toEqual(['b-one']);
    await register().forgetBackup('b-one');
    expect(await targets()).toEqual(all.slice(2, 3));
  });

  test('holds follow their entries; a released one stays as history', async () => {
    const hold = (kind: string, time: string): unknown => ({
      version: 1,
      kind,
      time,
      principal: 'operator:admin',
      hold: 'case-1',
      scope: { workspace: 'desk' },
    });
    await add(hold('hold-placed', '2026-05-01T00:00:00.000Z'));
    const placed = {
      tenant: 'city-demo',
      hold: 'case-1',
      scope: { workspace: 'desk' },
      placedAt: '2026-05-01T00:00:00.000Z',
      placedBy: 'operator:admin',
    };
    expect(await register().holds('city-demo')).toEqual([placed]);
    await add(hold('hold-released', '2026-06-01T00:00:00.000Z'));
    const released = { releasedAt: '2026-06-01T00:00:00.000Z', releasedBy: 'operator:admin' };
    expect(await register().holds()).toEqual([{ ...placed, ...released }]);
  });

  test('a scrub waits for a reader who may still see the rows, and says so when they stay', async () => {
    const erased = await crossing(undefined);
    const seen = Promise.withResolvers<void>();
    const leave = Promise.withResolvers<void>();
    const reader = db
      .transaction()
      .setIsolationLevel('repeatable read')
      .execute(async (transaction) => {
        await transaction.selectFrom('commitment_opening').selectAll().execute();
        seen.resolve();
        await leave.promise;
      });
    await seen.promise;
    await add(erasure([erased]));
    await expect(register().scrub([erased])).rejects.toThrow('still sees');
    leave.resolve();
    await reader;
    await register().scrub([erased]);
  }, 30_000);

  test('salts from before partitions were there are taken over, with their tenant and whether they ended', async () => {
    await db.connection().execute(async (connection) => {
      await sql`create schema earlier`.execute(connection);
      await sql`set search_path to earlier`.execute(connection);
      try {
        await platformKeysCrossingsUsage.up(connection);
        const [ended, open] = [newCrossing(), newCrossing()];
        await sql`
          insert into crossing (crossing, tenant, workspace, subject, started_at, intent_index, outcome_index, result)
          values (${ended}, 'city', 'desk', 'm', now(), 1, 2, 'completed'), (${open}, 'city', 'tax', 'm', now(), 3, null, null)
        `.execute(connection);
        const salt = randomBytes(32);
        await sql`
          insert into commitment_opening (crossing, request_salt, answer_salt)
          values (${ended}, ${salt}, ${salt}), (${open}, ${salt}, null)`.execute(connection);
        await crossingSearch.up(connection);
        await payloadsHoldsErasures.up(connection);
        const { rows } = await sql`
          select of_tenant, of_workspace, ended, request_salt, answer_salt, payload_key
          from commitment_opening order by of_workspace`.execute(connection);
        expect(rows).toEqual([
          {
            of_tenant: 'city',
            of_workspace: 'desk',
            ended: true,
            request_salt: salt,
            answer_salt: salt,
            payload_key: null,
          },
          {
            of_tenant: 'city',
            of_workspace: 'tax',
            ended: false,
            request_salt: salt,
            answer_salt: null,
            payload_key: null,
          },
        ]);
      } finally {
        await sql`reset search_path`.execute(connection);
        await sql`drop schema earlier cascade`.execute(connection);
      }
    });
  });
});
