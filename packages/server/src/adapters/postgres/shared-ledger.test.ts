import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql, type Kysely } from 'kysely';
import { Pool } from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { IntegratorTerm, ReplicaListener, SharedSequence } from '../../domains/ledger/index.ts';
import { describeCheckpoints } from '../../domains/ledger/testing/checkpoints.contract.ts';
import { describeLedger } from '../../domains/ledger/testing/ledger.contract.ts';
import { sharedUnderTest } from '../../domains/ledger/testing/ledgers-under-test.ts';
import { memoryKeys } from '../../domains/ledger/testing/memory-storage.ts';
import { fileTileStore } from '../ledger-files/index.ts';
import type { ConnectionSettings } from './connection.ts';
import { joinSharedSequence } from './shared-sequence.ts';
import type { Tables } from './tables.ts';
import { termCheckpoints } from './term-checkpoints.ts';
import { machine, serverKinds, silentLog, type TestServer } from './testing/test-server.ts';

const FULL = process.env['SEKISHO_TEST_FULL'] === '1';
const [kind] = serverKinds;
const corrupt = { code: 'ledger_corrupt' };

let server: TestServer;
let folder: string;
beforeAll(async () => {
  server = await kind!.start();
  folder = await mkdtemp(join(tmpdir(), 'sekisho-shared-ledger-'));
});
afterAll(async () => {
  await server.stop();
  await rm(folder, { recursive: true });
});

/** Replicas of one cell. */
class Cell {
  readonly settings: ConnectionSettings;
  readonly db: Kysely<Tables>;
  readonly joined: SharedSequence[] = [];
  readonly ended: number[] = [];

  private constructor(settings: ConnectionSettings, db: Kysely<Tables>) {
    this.settings = settings;
    this.db = db;
  }

  static async make(): Promise<Cell> {
    const { settings, db } = await server.freshSettings();
    return new Cell(settings, db);
  }

  async join(listener?: ReplicaListener): Promise<SharedSequence> {
    const heard = listener ?? { changed: () => {}, ended: () => this.ended.push(this.joined.length) };
    const parts = { settings: this.settings, clock: machine.clock, log: silentLog, listener: heard };
    const sequence = await joinSharedSequence(parts);
    this.joined.push(sequence);
    return sequence;
  }

  /** Breaks sessions as a network does. Those that hold the presence of a replica, or all others. */
  async breakSessions(which: 'presence' | 'lanes'): Promise<number> {
    const { rows } = await sql<{ broken: boolean }>`
      select pg_terminate_backend(pid) as broken from pg_stat_activity
      where datname = current_database() and application_name = 'sekisho-ledger'
        and pid ${sql.raw(which === 'presence' ? 'in' : 'not in')} (select pid from pg_locks
          where locktype = 'advisory' and objsubid = 2)`.execute(this.db);
    return rows.length;
  }

  async close(): Promise<void> {
    for (const sequence of this.joined) await sequence.close();
  }
}

describeLedger(
  'shared, in PostgreSQL and files',
  async () => {
    const { settings } = await server.freshSettings();
    return sharedUnderTest({
      join: (listener) => joinSharedSequence({ settings, clock: machine.clock, log: silentLog, listener }),
      tiles: fileTileStore({ folder: await mkdtemp(join(folder, 'tiles-')), shared: machine }),
      keys: memoryKeys(),
      clock: machine.clock,
    });
  },
  FULL ? 60 : 4,
);

const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of opened.splice(0)) await one.close();
});

describeCheckpoints('PostgreSQL', async () => {
  const cell = await Cell.make();
  const sequence = await cell.join();
  await sequence.campaign(() => {});
  opened.push(cell);
  return { open: () => sequence.checkpoints };
});

describe('a sequence in PostgreSQL', () => {
  let cell: Cell;
  beforeEach(async () => {
    cell = await Cell.make();
    opened.push(cell);
  });
  const run = (log: string, entries = 1) => ({ log, entries, payload: Buffer.alloc(entries * 10, entries) });

  test('gives every replica a number, and runs of many logs contiguous places', async () => {
    const [one, two] = [await cell.join(), await cell.join()];
    expect(two.replica).toBeGreaterThan(one.replica);
    for (const log of ['a', 'b', 'c']) await one.createLog(run(log));
    await two.createLog(run('a', 1));
    const places = new Map<string, number[]>();
    const append = async (sequence: SharedSequence): Promise<void> => {
      for (let batch = 0; batch < 20; batch++) {
        // In an order of names that differs, so that a missing order of locks would be a deadlock.
        const logs = batch % 2 === 0 ? ['a', 'b', 'c'] : ['c', 'b', 'a'];
        const firsts = await sequence.append(logs.map((log) => run(log, 3)));
        for (const [at, log] of logs.entries()) places.set(log, [...(places.get(log) ?? []), firsts[at]!]);
      }
    };
    await Promise.all([append(one), append(one), append(two), append(two)]);
    for (const log of ['a', 'b', 'c']) {
      const sorted = places.get(log)!.toSorted((x, y) => x - y);
      expect(sorted).toEqual(Array.from({ length: 80 }, (_, at) => 1 + 3 * at));
      const runs = await one.readRuns(log, 5, 100_000);
      expect(runs.map(({ firstIndex }) => firstIndex).slice(0, 3)).toEqual([4, 7, 10]);
      expect(Buffer.from(runs[0]!.payload)).toEqual(run(log, 3).payload);
    }
    expect(await one.standings('all')).toMatchObject([
      { nextIndex: 241 },
      { nextIndex: 241 },
      { nextIndex: 241 },
    ]);
    // Counted when the sessions that met one report it: their lanes still stand.
    const { rows } = await sql`
      select deadlocks::integer from pg_stat_database where datname = current_database()`.execute(cell.db);
    expect(rows).toEqual([{ deadlocks: 0 }]);
    expect(await one.standings(['b', 'nobody'])).toMatchObject([{ log: 'b', size: 0, settledSize: 0 }]);
  });

  test('reads as much as was asked for, and at least one run', async () => {
    const sequence = await cell.join();
    await sequence.createLog(run('a'));
    for (let batch = 0; batch < 5; batch++) await sequence.append([run('a', 4)]);
    expect(await sequence.readRuns('a', 1, 1)).toHaveLength(1);
    expect(await sequence.readRuns('a', 1, 80)).toHaveLength(2);
    expect(await sequence.readRuns('a', 21, 80)).toEqual([]);
    await expect(sequence.append([run('nobody')])).rejects.toThrow();
  });

  test('appends once what it was asked to append over connections that break', async () => {
    const sequence = await cell.join();
    await sequence.createLog(run('a'));
    const firsts: number[] = [];
    let broken = 0;
    const append = async (): Promise<void> => {
      for (let batch = 0; batch < 40; batch++) firsts.push(...(await sequence.append([run('a', 2)])));
    };
    const appending = Promise.all([append(), append()]);
    // Whatever is under way at that moment: a statement, a commit, the answer, or a new connection.
    for (let seen = -1; seen < 60;) {
      await expect.poll(() => firsts.length, { interval: 1 }).toBeGreaterThan(seen);
      seen = firsts.length;
      broken += await cell.breakSessions('lanes');
    }
    await appending;
    expect(broken).toBeGreaterThan(5);
    expect(firsts.toSorted((x, y) => x - y)).toEqual(Array.from({ length: 80 }, (_, at) => 1 + 2 * at));
    expect(await sequence.standings('all')).toMatchObject([{ nextIndex: 161 }]);
  });

  test('gives the same answer to the same batch, and takes no batch out of turn', async () => {
    const sequence = await cell.join();
    await sequence.createLog(run('a'));
    const append = async (batch: number): Promise<unknown> => {
      const { rows } = await sql<{ firsts: string[] }>`
        select ledger_append(${sequence.replica}, 1, ${batch}, array['a'], array[3], array[30],
                             ${run('a', 3).payload}) as firsts`.execute(cell.db);
      return rows[0]!.firsts;
    };
    expect(await append(1)).toEqual(['1']);
    expect(await append(1)).toEqual(['1']);
    // At once, as over a connection that was given up and another.
    expect(await Promise.all([append(2), append(2), append(2)])).toEqual([['4'], ['4'], ['4']]);
    for (const batch of [1, 4]) await expect(append(batch)).rejects.toMatchObject({ code: 'SK002' });
    expect(await sequence.standings('all')).toMatchObject([{ nextIndex: 7 }]);
    expect(await sequence.readRuns('a', 1, 10_000)).toHaveLength(2);
  });

  test('has one integrator, and one that was deposed publishes nothing', async () => {
    const [one, two] = [await cell.join(), await cell.join()];
    const lost = Promise.withResolvers<unknown>();
    const first = await one.campaign(lost.resolve);
    expect(await two.campaign(() => {})).toBeUndefined();
    await one.checkpoints.publishCheckpoint('a', undefined, 'one\n');
    await expect(two.checkpoints.publishCheckpoint('a', 'one\n', 'two\n')).rejects.toMatchObject(corrupt);

    await cell.breakSessions('presence');
    await lost.promise;
    await expect(one.checkpoints.publishCheckpoint('a', 'one\n', 'two\n')).rejects.toMatchObject(corrupt);
    const second = await winner(two);
    expect(second.term).toBeGreaterThan(first!.term);
    // As by a process that was stopped before it sent its statement, and has noticed nothing.
    const pool = new Pool({ ...cell.settings });
    opened.push({ close: () => pool.end() });
    const late = termCheckpoints(pool, () => first!.term);
    await expect(late.publishCheckpoint('a', 'one\n', 'two\n')).rejects.toMatchObject(corrupt);
    await two.checkpoints.publishCheckpoint('a', 'one\n', 'three\n');
    expect(await late.readCheckpoint('a')).toBe('three\n');
    await second.resign();
    expect(await winner(one)).toMatchObject({ term: second.term + 1 });
  });

  test('a replica whose session broke goes on, and one that stays away is ended', async () => {
    const [one, two] = [await cell.join(), await cell.join()];
    await one.createLog(run('a'));
    await winner(one);
    await cell.breakSessions('presence');
    await winner(one);
    expect(await two.append([run('a')])).toEqual([1]);

    // As a process that is stopped: its sessions are gone, and nothing in it opens others.
    await sql`update ledger_replica set ended_at = now() where replica = ${two.replica}`.execute(cell.db);
    await sql`delete from ledger_lane where replica = ${two.replica}`.execute(cell.db);
    await expect(two.append([run('a')])).rejects.toMatchObject({ code: 'SK001' });
    await cell.breakSessions('presence');
    await expect.poll(() => cell.ended, { timeout: 5000 }).toEqual([2]);
    expect(await one.append([run('a')])).toEqual([2]);
  });

  test('the integrator ends replicas that died, and no other', { timeout: 30_000 }, async () => {
    const [one, two] = [await cell.join(), await cell.join()];
    await winner(one);
    // A replica of which nothing is left but its rows.
    await sql`
      with dead as (insert into ledger_replica default values returning replica)
      insert into ledger_lane (replica, lane) select replica, 1 from dead`.execute(cell.db);
    const living = async (): Promise<number[]> => {
      const { rows } = await sql<{ replica: number }>`
        select replica from ledger_replica where ended_at is null order by replica`.execute(cell.db);
      return rows.map(({ replica }) => replica);
    };
    expect(await living()).toHaveLength(3);
    await expect.poll(living, { timeout: 20_000 }).toEqual([one.replica, two.replica]);
    await two.close();
    expect(await living()).toEqual([one.replica]);
    const { rows } = await sql`select distinct replica from ledger_lane`.execute(cell.db);
    expect(rows).toEqual([{ replica: one.replica }]);
  });

  test.each(['synchronous_commit'])('does not start on a server with %s off', async (setting) => {
    const { db, settings } = await server.freshSettings();
    const { rows } = await sql<{ name: string }>`select current_database() as name`.execute(db);
    await sql`alter database ${sql.id(rows[0]!.name)} set ${sql.raw(setting)} = off`.execute(db);
    const listener = { changed: () => {}, ended: () => {} };
    const joining = joinSharedSequence({ settings, clock: machine.clock, log: silentLog, listener });
    await expect(joining).rejects.toMatchObject({ code: 'database_unavailable' });
  });

  test('lets go of what is settled, and tells the others', async () => {
    const heard: (readonly string[] | undefined)[] = [];
    const one = await cell.join();
    await cell.join({ changed: (logs) => heard.push(logs), ended: () => {} });
    await one.createLog(run('a'));
    for (let batch = 0; batch < 4; batch++) await one.append([run('a', 5)]);
    await winner(one);
    await one.checkpoints.publishCheckpoint('a', undefined, 'origin\n21\nroot\n');
    await one.settle(new Map([['a', 8]]));
    expect((await one.readRuns('a', 0, 10_000)).map(({ firstIndex }) => firstIndex)).toEqual([6, 11, 16]);
    expect(await one.standings('unsettled')).toEqual([{ log: 'a', nextIndex: 21, size: 21, settledSize: 8 }]);
    // A late one changes nothing.
    await one.settle(new Map([['a', 3]]));
    await one.settle(new Map([['a', 21]]));
    expect(await one.standings('unsettled')).toEqual([]);
    await expect.poll(() => heard).toContainEqual(['a']);
  });
});

/** This replica's term, as soon as it gets one. */
async function winner(sequence: SharedSequence): Promise<IntegratorTerm> {
  let term: IntegratorTerm | undefined;
  const campaign = async (): Promise<IntegratorTerm | undefined> =>
    (term ??= await sequence.campaign(() => {}).catch(() => undefined));
  await expect.poll(campaign, { timeout: 5000 }).toBeDefined();
  return term!;
}
