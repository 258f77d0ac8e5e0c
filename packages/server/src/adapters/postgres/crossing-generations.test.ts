import { randomBytes } from 'node:crypto';
import { sql, type Kysely } from 'kysely';
import { Migrator } from 'kysely/migration';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { CrossingGeneration } from '../../domains/crossings/ports.ts';
import type { SettledEntry } from '../../domains/ledger/ports.ts';
import { connect } from './connection.ts';
import { postgresCrossingGenerations, throwAwayHalfBuilt } from './crossing-generations.ts';
import { CrossingTable } from './crossing-table.ts';
import { postgresLedgerSink } from './ledger-sink.ts';
import { migrate } from './migrate.ts';
import { platformKeysCrossingsUsage } from './migrations/0001-platform-keys-crossings-usage.ts';
import type { Tables } from './tables.ts';
import { ancestors, indexOf, searchOf, sinkOf } from './testing/crossing-projection.ts';
import { intentEntry, newCrossing, outcomeEntry, settled } from './testing/ledger-entries.ts';
import { serverKinds, silentLog, untilWaiting, type TestServer } from './testing/test-server.ts';

const START_MS = Date.parse('2026-04-01T00:00:00.000Z');

/** A log of `count` crossings: their intents, then the outcomes of all but the last. */
function logOf(count: number, tenant = 'city-demo'): readonly SettledEntry[] {
  const intents = Array.from({ length: count }, (_, at) => {
    const ms = START_MS + 10 * at;
    return intentEntry({ tenant, crossing: newCrossing(ms), time: new Date(ms).toISOString() });
  });
  const outcomes = intents.slice(0, -1).map((intent, at) => outcomeEntry(intent, at));
  return [...intents, ...outcomes].map((entry, at) => settled(tenant, at, entry, randomBytes(32)));
}

describe.each(serverKinds)('generations on $name PostgreSQL', (kind) => {
  let server: TestServer;
  let db: Kysely<Tables>;
  beforeAll(async () => {
    server = await kind.start();
  }, 60_000);
  afterAll(() => server.stop(), 60_000);
  beforeEach(async () => {
    db = await server.freshDatabase();
  }, 60_000);

  const generations = () => postgresCrossingGenerations(db, new CrossingTable(db, silentLog), ancestors);
  const tableRows = async (table = 'crossing'): Promise<unknown[]> =>
    (await sql`select * from ${sql.table(table)} order by crossing`.execute(db)).rows;
  const isComplete = () => new CrossingTable(db, silentLog).isComplete();
  const hasLeftover = async (): Promise<boolean> =>
    (await sql`select from pg_tables where tablename = 'crossing_next'`.execute(db)).rows.length > 0;

  /** All of the logs, as a flow adds them. */
  const rebuildFrom =
    (...logs: readonly (readonly SettledEntry[])[]) =>
    async (generation: CrossingGeneration): Promise<void> => {
      for (const log of logs) await generation.add(log);
      await generation.makeIndexes();
      expect(await generation.takeOver(async () => undefined)).toBe(true);
    };

  test('a new generation says what the sink wrote, row by row, and is its own table', async () => {
    const logs = [logOf(20), logOf(7, 'town')];
    for (const log of logs) await sinkOf(db).accept(log);
    const before = await tableRows();
    await sql`update crossing set subject = 'altered', places = null where outcome_index is not null`.execute(
      db,
    );
    expect(await tableRows()).not.toEqual(before);
    expect(await generations().build(rebuildFrom(...logs))).toBe(true);
    expect(await tableRows()).toEqual(before);
    expect(await hasLeftover()).toBe(false);
    // And once more: its names are free again.
    expect(await generations().build(rebuildFrom(...logs))).toBe(true);
    expect(await tableRows()).toEqual(before);
  });

  test('it has the shape of the table that a start makes, index by index', async () => {
    const shape = async () => [
      (
        await sql`select column_name, data_type, collation_name, is_nullable from information_schema.columns
          where table_name = 'crossing' order by ordinal_position`.execute(db)
      ).rows,
      (
        await sql`select indexname, indexdef from pg_indexes where tablename = 'crossing' order by 1`.execute(
          db,
        )
      ).rows,
    ];
    const made = await shape();
    await generations().build(rebuildFrom());
    expect(await shape()).toEqual(made);
    expect(made[1]).toHaveLength(14);
  });

  test('it catches up inside the swap, while the sink waits, and then the sink goes on', async () => {
    const log = logOf(20);
    const sink = sinkOf(db);
    await sink.accept(log.slice(0, 10));
    let late: Promise<void> | undefined;
    await generations().build(async (generation) => {
      expect(await generation.liveCursors()).toEqual(new Map([['city-demo', 10]]));
      await generation.add(log.slice(0, 10));
      await generation.makeIndexes();
      await sink.accept(log.slice(10, 25));
      await generation.takeOver(async (to, add) => {
        expect(to).toEqual(new Map([['city-demo', 25]]));
        late = sink.accept(log);
        await untilWaiting(db, 1);
        await add(log.slice(10, 25));
      });
    });
    await late;
    expect((await searchOf(db).page({}, 100, undefined)).length).toBe(20);
    const open = await indexOf(db).withoutOutcome(9, new Map([['city-demo', 100]]));
    expect(open.map(({ intentIndex }) => intentIndex)).toEqual([19]);
  });

  test('a build that fails leaves the live table, and nothing else', async () => {
    const log = logOf(5);
    await sinkOf(db).accept(log);
    const before = await tableRows();
    const failing = generations().build(async (generation) => {
      await generation.add(log.slice(0, 2));
      throw new Error('the ledger cannot be read');
    });
    await expect(failing).rejects.toThrow('the ledger cannot be read');
    const failingLate = generations().build(async (generation) => {
      await generation.add(log);
      await generation.takeOver(async () => Promise.reject(new Error('late')));
    });
    await expect(failingLate).rejects.toThrow('late');
    expect(await tableRows()).toEqual(before);
    expect(await hasLeftover()).toBe(false);
    expect(await generations().build(rebuildFrom(log))).toBe(true);
  });

  test('what a killed build left is thrown away by a start, and not what is being built', async () => {
    await sql`create table crossing_next as select * from crossing`.execute(db);
    await throwAwayHalfBuilt(db);
    expect(await hasLeftover()).toBe(false);
    await generations().build(async () => {
      await throwAwayHalfBuilt(db);
      expect(await hasLeftover()).toBe(true);
    });
    expect(await hasLeftover()).toBe(false);
  });

  test('what a killed build left is thrown away by the next', async () => {
    const log = logOf(5);
    await sinkOf(db).accept(log);
    const before = await tableRows();
    await sql`create table crossing_next as select * from crossing`.execute(db);
    await sql`insert into crossing_next (crossing, tenant, workspace, subject, started_at, intent_index)
      values (gen_random_uuid(), 'ghost', 'w', 'm', now(), 1)`.execute(db);
    expect(await generations().build(rebuildFrom(log))).toBe(true);
    expect(await tableRows()).toEqual(before);
  });

  test('two processes do not build at once', async () => {
    await generations().build(async () => {
      expect(await generations().build(() => Promise.reject(new Error('was called')))).toBe(false);
    });
    expect(await generations().build(rebuildFrom())).toBe(true);
  });

  test('who reads for long holds up the swap and not the sink, and it takes place afterwards', async () => {
    const log = logOf(5);
    await sinkOf(db).accept(log.slice(0, 4));
    await generations().build(async (generation) => {
      await generation.add(log.slice(0, 4));
      await db.transaction().execute(async (reader) => {
        await sql`select from crossing`.execute(reader);
        expect(await generation.takeOver(async (_to, add) => add([]))).toBe(false);
        await sinkOf(db).accept(log.slice(4));
      });
      await generation.add(log.slice(4));
      await generation.makeIndexes();
      expect(await generation.takeOver(async () => undefined)).toBe(true);
    });
    expect((await searchOf(db).page({}, 100, undefined)).length).toBe(5);
  });

  test('a table dropped by hand is made again by the sink, which loses nothing, and is rebuilt', async () => {
    const log = logOf(6);
    let lost = 0;
    const table = new CrossingTable(db, silentLog);
    table.whenLost(() => lost++);
    const sink = postgresLedgerSink(db, table, ancestors);
    await sink.accept(log.slice(0, 6));
    await sql`drop table crossing`.execute(db);
    await sink.accept(log.slice(6, 8));
    expect([lost, await isComplete()]).toEqual([1, false]);
    expect(await tableRows()).toHaveLength(2);
    await expect(searchOf(db).page({}, 1, undefined)).rejects.toMatchObject({ code: 'crossings_rebuilding' });
    await generations().build(rebuildFrom(log.slice(0, 8)));
    await sink.accept(log);
    expect(await isComplete()).toBe(true);
    const after = await searchOf(db).page({}, 100, undefined);
    expect(after.map(({ outcome }) => outcome?.index)).toEqual([undefined, 10, 9, 8, 7, 6]);
    const { rows } = await sql`select from commitment_opening`.execute(db);
    expect(rows).toHaveLength(6);
  });

  test('a table dropped by hand is noticed by a search, a receipt and a start', async () => {
    const log = logOf(2);
    await sinkOf(db).accept(log);
    const rebuilding = { code: 'crossings_rebuilding' };
    const drop = async (): Promise<void> => {
      await sql`drop table crossing`.execute(db);
      await sql`update crossing_projection set complete = true`.execute(db);
    };
    await drop();
    await expect(searchOf(db).page({}, 1, undefined)).rejects.toMatchObject(rebuilding);
    await drop();
    await expect(indexOf(db).find(newCrossing())).rejects.toMatchObject(rebuilding);
    await drop();
    expect(await new CrossingTable(db, silentLog).ensure()).toBe(true);
    expect(await isComplete()).toBe(false);
  });

  test('a database of the earlier schema keeps its rows until they are rebuilt', async () => {
    const { settings } = await server.freshSettings();
    db = connect(settings, silentLog);
    await sql`drop schema public cascade`.execute(db);
    await sql`create schema public`.execute(db);
    const first = { '0001-platform-keys-crossings-usage': platformKeysCrossingsUsage };
    await new Migrator({ db, provider: { getMigrations: async () => first } }).migrateToLatest();
    const log = logOf(2);
    const [intent, open] = [0, 1].map((at) => JSON.parse(Buffer.from(log[at]!.bytes).toString()));
    await sql`insert into projection_cursor values ('city-demo', 3)`.execute(db);
    await sql`
      insert into crossing (crossing, tenant, workspace, subject, started_at, intent_index, outcome_index, result)
      values (${intent.crossing}, 'city-demo', 'desk', 'sekisho-mini', ${intent.time}, 0, 2, 'completed'),
             (${open.crossing}, 'city-demo', 'desk', 'sekisho-mini', ${open.time}, 1, null, null)`.execute(
      db,
    );
    await migrate(db);
    expect(await new CrossingTable(db, silentLog).ensure()).toBe(false);
    expect(await isComplete()).toBe(false);
    expect(await indexOf(db).find(intent.crossing)).toMatchObject({ intentIndex: 0, outcomeIndex: 2 });
    // The sink goes on with the old rows.
    await sinkOf(db).accept([...log, settled('city-demo', 3, outcomeEntry(open, 1))]);
    expect(await indexOf(db).find(open.crossing)).toMatchObject({ intentIndex: 1, outcomeIndex: 3 });
    await generations().build(rebuildFrom([...log, settled('city-demo', 3, outcomeEntry(open, 1))]));
    expect((await searchOf(db).page({ place: 'JP-13' }, 9, undefined)).length).toBe(2);
    await db.destroy();
  });
});
