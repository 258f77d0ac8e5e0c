import { randomBytes } from 'node:crypto';
import * as fc from 'fast-check';
import { sql, type Kysely } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { formatYen, LedgerEntry, type OutcomeEntry } from '@sekisho/contract';
import type { SettledEntry } from '../../domains/ledger/ports.ts';
import { foldUsage } from '../../domains/metering/index.ts';
import type { Tables } from './tables.ts';
import { indexOf, searchOf, sinkOf } from './testing/crossing-projection.ts';
import { intentEntry, newCrossing, outcomeEntry, settled } from './testing/ledger-entries.ts';
import { serverKinds, untilWaiting, type TestServer } from './testing/test-server.ts';
import { postgresUsageTable } from './usage-table.ts';

describe.each(serverKinds)('the sink on $name PostgreSQL', (kind) => {
  let server: TestServer;
  let db: Kysely<Tables>;
  beforeAll(async () => {
    server = await kind.start();
    db = await server.freshDatabase();
  }, 60_000);
  afterAll(() => server.stop(), 60_000);
  beforeEach(async () => {
    await sql`truncate crossing, commitment_opening, usage, projection_cursor`.execute(db);
  });

  const accept = (entries: readonly SettledEntry[]): Promise<void> => sinkOf(db).accept(entries);
  const find = (crossing: string) => indexOf(db).find(crossing);
  const usage = () => postgresUsageTable(db).rows({});
  const cursors = async () =>
    Object.fromEntries(
      (await db.selectFrom('projection_cursor').selectAll().execute()).map((row) => [
        row.log,
        row.next_index,
      ]),
    );

  /** A log of genesis and then `count` crossings, each an intent followed by its outcome. */
  function logOf(count: number, tenant = 'city-demo'): readonly SettledEntry[] {
    const genesis = { version: 1, kind: 'genesis', time: '2026-04-01T00:00:00.000Z', origin: `x/${tenant}` };
    const pairs = Array.from({ length: count }, (_, at) => {
      const intent = intentEntry({ tenant });
      return [
        settled(tenant, 2 * at + 1, intent, randomBytes(32)),
        settled(tenant, 2 * at + 2, outcomeEntry(intent, 2 * at + 1), randomBytes(64)),
      ];
    });
    return [settled(tenant, 0, genesis), ...pairs.flat()];
  }

  const entriesOf = (log: readonly SettledEntry[]): readonly LedgerEntry[] =>
    log.map(({ bytes }) => LedgerEntry.parse(JSON.parse(Buffer.from(bytes).toString())));

  test('an intent opens a crossing and its outcome closes it, with both salts', async () => {
    const intent = intentEntry();
    const salts = randomBytes(64);
    await accept([settled('city-demo', 0, intent, salts.subarray(0, 32))]);
    expect(await find(intent.crossing)).toEqual({
      crossing: intent.crossing,
      tenant: 'city-demo',
      workspace: 'desk',
      intentIndex: 0,
      openings: { requestSalt: salts.subarray(0, 32) },
    });
    expect(await usage()).toEqual([]);
    await accept([settled('city-demo', 1, outcomeEntry(intent, 0), salts)]);
    expect(await find(intent.crossing)).toMatchObject({
      intentIndex: 0,
      outcomeIndex: 1,
      openings: { requestSalt: salts.subarray(0, 32), answerSalt: salts.subarray(32) },
    });
    expect(await indexOf(db).withoutOutcome(10, new Map([['city-demo', 10]]))).toEqual([]);
  });

  test('an outcome with one salt keeps what the intent brought', async () => {
    const intent = intentEntry();
    const salt = randomBytes(32);
    await accept([settled('t', 0, intent, salt), settled('t', 1, outcomeEntry(intent, 0), salt)]);
    expect((await find(intent.crossing))?.openings).toEqual({ requestSalt: salt });
  });

  test('a crossing ends once: a second outcome does not replace the first', async () => {
    const intent = intentEntry();
    await accept([settled('t', 0, intent), settled('t', 1, outcomeEntry(intent, 0))]);
    await accept([settled('t', 2, outcomeEntry(intent, 0, { result: 'interrupted' }))]);
    expect(await searchOf(db).get(intent.crossing)).toMatchObject({
      outcome: { index: 1, result: 'completed' },
    });
  });

  test('whatever batches come however often, the tables say the same', async () => {
    const log = logOf(20);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(log.length), fc.nat(12)), { maxLength: 12 }),
        async (windows) => {
          await sql`truncate crossing, commitment_opening, usage, projection_cursor`.execute(db);
          let next = 0;
          for (const [start, length] of windows) {
            // Any window that begins at or before the cursor is a legal delivery.
            const from = Math.min(start, next);
            await accept(log.slice(from, from + length));
            next = Math.max(next, Math.min(from + length, log.length));
            expect(await usage()).toEqual(foldUsage(entriesOf(log.slice(0, next))));
          }
          await accept(log);
          expect(await usage()).toEqual(foldUsage(entriesOf(log)));
          expect(await cursors()).toEqual({ 'city-demo': String(log.length) });
        },
      ),
      { numRuns: 15 },
    );
  });

  test('a gap is refused and nothing of the batch stays', async () => {
    const log = logOf(3);
    await accept(log.slice(0, 3));
    const before = await usage();
    await expect(accept([log[3]!, log[5]!])).rejects.toThrow(/gap/);
    await expect(accept(log.slice(4))).rejects.toThrow(/gap/);
    expect(await cursors()).toEqual({ 'city-demo': '3' });
    expect(await usage()).toEqual(before);
    await accept(log);
    expect(await usage()).toEqual(foldUsage(entriesOf(log)));
  });

  test.each([
    ['no JSON', Buffer.from('{'), undefined],
    ['no entry', Buffer.from('{"kind":"gossip"}'), undefined],
    [
      'an outcome without usage',
      Buffer.from(JSON.stringify({ ...outcomeEntry(intentEntry(), 0), usage: undefined })),
      undefined,
    ],
    ['an attachment that is no salt', Buffer.from(JSON.stringify(intentEntry())), randomBytes(33)],
  ])('%s stops the batch before anything is written', async (_name, bytes, attachment) => {
    const bad = { log: 't', index: 1, bytes, ...(attachment === undefined ? {} : { attachment }) };
    await expect(accept([settled('t', 0, intentEntry()), bad])).rejects.toThrow();
    expect(await cursors()).toEqual({});
    expect(await searchOf(db).page({}, 10, undefined)).toEqual([]);
  });

  test('deliveries that race for the same cursor count once', async () => {
    const log = logOf(5);
    await accept(log.slice(0, 1));
    let racing: readonly Promise<void>[] = [];
    await db.transaction().execute(async (transaction) => {
      await sql`select 1 from projection_cursor for update`.execute(transaction);
      racing = [accept(log), accept(log)];
      await untilWaiting(db, 2);
    });
    await Promise.all(racing);
    expect(await usage()).toEqual(foldUsage(entriesOf(log)));
    expect(await cursors()).toEqual({ 'city-demo': String(log.length) });
  });

  test('batches that mix logs in any order neither deadlock nor count twice', async () => {
    const logs = [logOf(15, 'a'), logOf(15, 'b'), logOf(15, 'c')];
    const mixed = logs[0]!.flatMap((_, at) => logs.map((log) => log[at]!));
    const turned = mixed.toReversed().sort((x, y) => x.index - y.index);
    await Promise.all([accept(mixed), accept(turned), accept(logs[1]!), accept(turned)]);
    expect(await usage()).toEqual(foldUsage(logs.flatMap(entriesOf)));
    expect(await cursors()).toEqual({ a: '31', b: '31', c: '31' });
  });

  test('money and tokens are exact, far beyond what a float holds', async () => {
    const outcome = fc.record({
      picoYen: fc.bigInt({ min: 0n, max: 10n ** 33n }),
      inputTokens: fc.nat(2 ** 31),
      outputTokens: fc.nat(2 ** 31),
      workspace: fc.constantFrom('desk', 'tax'),
      subject: fc.constantFrom('sekisho-mini', 'Big/Model.v2', 'zeta'),
      hour: fc.integer({ min: 0, max: 72 }),
      result: fc.constantFrom<OutcomeEntry['result']>(
        'completed',
        'aborted',
        'failed',
        'denied',
        'interrupted',
      ),
      carried: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(outcome, { minLength: 1, maxLength: 40 }), async (outcomes) => {
        await sql`truncate crossing, commitment_opening, usage, projection_cursor`.execute(db);
        const entries = outcomes.map((one, at) => {
          const time = new Date(Date.parse('2026-03-31T00:00:00.000Z') + one.hour * 3_600_000).toISOString();
          const { workspace, subject, inputTokens, outputTokens } = one;
          const { carried, ...rest } = outcomeEntry(intentEntry({ workspace, subject, time }), at, {
            crossing: newCrossing(),
            result: one.result,
            usage: { inputTokens, outputTokens, estimated: false, amountYen: formatYen(one.picoYen) },
          });
          return one.carried ? { ...rest, carried } : rest;
        });
        const log = entries.map((entry, at) => settled('city-demo', at, entry));
        await accept(log);
        expect(await usage()).toEqual(foldUsage(entriesOf(log)));
      }),
      { numRuns: 25 },
    );
  });

  test('a rebuild sees where the projection stands, repairs the table, and holds the sink meanwhile', async () => {
    const log = logOf(5);
    await accept(log.slice(0, 7));
    await sql`update usage set amount_pico_yen = amount_pico_yen + 1`.execute(db);
    const order: string[] = [];
    let late: Promise<void> | undefined;
    const { before, after } = await postgresUsageTable(db).rebuild(async (projectedTo) => {
      expect(projectedTo).toEqual(new Map([['city-demo', 7]]));
      late = accept(log).then(() => void order.push('accepted'));
      // The sink's transaction is seen waiting before the rebuild goes on.
      await untilWaiting(db, 1);
      order.push('computed');
      return foldUsage(entriesOf(log.slice(0, 7)));
    });
    await late;
    expect(order).toEqual(['computed', 'accepted']);
    expect(after).toEqual(foldUsage(entriesOf(log.slice(0, 7))));
    expect(before).not.toEqual(after);
    expect(await usage()).toEqual(foldUsage(entriesOf(log)));
  });

  test('a rebuild that fails leaves the table as it was', async () => {
    await accept(logOf(2));
    const before = await usage();
    await expect(
      postgresUsageTable(db).rebuild(() => Promise.reject(new Error('the ledger cannot be read'))),
    ).rejects.toThrow();
    expect(await usage()).toEqual(before);
  });
});
