import { createHmac, randomBytes } from 'node:crypto';
import * as fc from 'fast-check';
import { sql, type Kysely } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  crossingSearchLimits,
  type CrossingSummary,
  type IntentEntry,
  type OutcomeEntry,
} from '@sekisho/contract';
import type { CrossingFilter, CrossingPosition } from '../../domains/crossings/ports.ts';
import { connect } from './connection.ts';
import { postgresCrossingSearch, selectCrossings } from './crossing-search.ts';
import { CrossingTable } from './crossing-table.ts';
import type { Tables } from './tables.ts';
import { ancestors, indexOf, searchOf, sinkOf } from './testing/crossing-projection.ts';
import { intentEntry, newCrossing, outcomeEntry, settled } from './testing/ledger-entries.ts';
import { serverKinds, silentLog, type TestServer } from './testing/test-server.ts';

const START_MS = Date.parse('2026-04-01T00:00:00.000Z');

interface Pair {
  readonly intent: IntentEntry;
  readonly outcome: OutcomeEntry | undefined;
}

/** What a search must show for the crossing: written apart from the code under test. */
function summaryOf({ intent, outcome }: Pair, intentIndex: number): CrossingSummary {
  const { crossing, tenant, workspace, principal, action, subject, dataClass, purpose, decision } = intent;
  return {
    crossing,
    tenant,
    workspace,
    principal,
    action,
    subject,
    dataClass,
    purpose,
    decision,
    platformRevision: intent.platformRevision,
    startedAt: intent.time,
    intentIndex,
    requestCommitment: intent.request.commitment,
    ...(outcome === undefined ? {} : { outcome: endingOf(outcome, intentIndex + 1) }),
  };
}

function endingOf(outcome: OutcomeEntry, index: number): CrossingSummary['outcome'] {
  const { result, status, usage, carried, answer } = outcome;
  return {
    index,
    endedAt: outcome.time,
    result,
    status,
    usage,
    ...(carried === undefined
      ? {}
      : {
          carried: {
            endpoint: carried.endpoint,
            assurance: carried.assurance,
            places: [...new Set(carried.copies.map(({ place }) => place))].sort(),
          },
        }),
    ...(answer === undefined ? {} : { answerCommitment: answer.commitment }),
  };
}

const fits = (filter: CrossingFilter, each: CrossingSummary): boolean => {
  const is = (wanted: string | undefined, value: string | undefined) =>
    wanted === undefined || wanted === value;
  const { outcome } = each;
  const carried = outcome?.carried;
  const around = new Set(carried?.places.flatMap((place) => [place, ...ancestors(place)]));
  return (
    is(filter.tenant, each.tenant) &&
    is(filter.workspace, each.workspace) &&
    is(filter.principal, each.principal) &&
    is(filter.action, each.action) &&
    is(filter.subject, each.subject) &&
    is(filter.dataClass, each.dataClass) &&
    is(filter.decision, each.decision) &&
    is(filter.result, outcome?.result) &&
    is(filter.endpoint, carried?.endpoint) &&
    is(filter.assurance, carried?.assurance) &&
    is(filter.requestCommitment, each.requestCommitment) &&
    is(filter.answerCommitment, outcome?.answerCommitment) &&
    (filter.place === undefined || around.has(filter.place)) &&
    (filter.startedFrom === undefined || each.startedAt >= filter.startedFrom) &&
    (filter.startedBefore === undefined || each.startedAt < filter.startedBefore)
  );
};

const commitmentOf = (digit: number) => ({
  commitment: `hmac-sha256:${String(digit).repeat(64)}`,
  saltDigest: `sha256:${'a'.repeat(64)}`,
});
const pick = fc.constantFrom;
const choices = {
  tenant: pick('city', 'town'),
  workspace: pick('desk', 'tax'),
  principal: pick('key:a', 'key:b'),
  action: pick<IntentEntry['action']>('process', 'store'),
  subject: pick('mini', 'Big/Model.v2'),
  dataClass: pick<IntentEntry['dataClass']>('confidentiality-1', 'my-number'),
  decision: pick<IntentEntry['decision']>('allow', 'deny'),
};
const copyIn = (place: string) =>
  ({ kind: 'processing', site: 's', place, operator: 'o', operatorCountry: 'JP' }) as const;
const onePair = fc
  .record({
    ...choices,
    second: fc.nat(9),
    request: fc.nat(2),
    answer: fc.option(fc.nat(2), { nil: undefined }),
    end: pick<'open' | OutcomeEntry['result']>('open', 'completed', 'denied', 'failed'),
    places: fc.array(pick('131016', '012351', 'US'), { maxLength: 3 }),
    endpoint: pick('one', 'two'),
    assurance: pick<'declared' | 'hardware-attested'>('declared', 'hardware-attested'),
  })
  .map(({ second, request, answer, end, places, endpoint, assurance, ...facts }): Pair => {
    const ms = START_MS + 1000 * second;
    const time = new Date(ms).toISOString();
    const intent = intentEntry({ ...facts, time, crossing: newCrossing(ms), request: commitmentOf(request) });
    if (end === 'open') return { intent, outcome: undefined };
    const { carried: _carried, ...bare } = outcomeEntry(intent, 0, {
      result: end,
      time: new Date(ms + 100).toISOString(),
      ...(answer === undefined ? {} : { answer: commitmentOf(answer) }),
    });
    const carried = { endpoint, assurance, copies: places.map(copyIn) };
    return { intent, outcome: places.length === 0 ? bare : { ...bare, carried } };
  });
const everyFilter = fc.record({
  ...choices,
  result: pick('completed', 'denied', 'interrupted'),
  place: pick('JP', 'JP-13', 'JP-01', '131016', 'US', 'JP-47'),
  endpoint: pick('one', 'two'),
  assurance: pick('declared', 'hardware-attested'),
  requestCommitment: fc.nat(2).map((digit) => commitmentOf(digit).commitment),
  answerCommitment: fc.nat(2).map((digit) => commitmentOf(digit).commitment),
  startedFrom: fc.nat(9).map((second) => new Date(START_MS + 1000 * second).toISOString()),
  startedBefore: fc.nat(9).map((second) => new Date(START_MS + 1000 * second).toISOString()),
});
/** At most two at once: more would hardly ever find anything. */
const oneFilter: fc.Arbitrary<CrossingFilter> = everyFilter.chain((all) =>
  fc
    .subarray(Object.entries(all), { maxLength: 2 })
    .map((chosen): CrossingFilter => Object.fromEntries(chosen)),
);

describe.each(serverKinds)('searches on $name PostgreSQL', (kind) => {
  let server: TestServer;
  let db: Kysely<Tables>;
  beforeAll(async () => {
    server = await kind.start();
    db = await server.freshDatabase();
  }, 60_000);
  afterAll(() => server.stop(), 60_000);

  const empty = async (): Promise<void> => {
    await sql`truncate crossing, commitment_opening, usage, projection_cursor`.execute(db);
  };
  /** Each crossing at its own two indexes, an open one at one of them. */
  const project = async (pairs: readonly Pair[]): Promise<readonly CrossingSummary[]> => {
    const entries = pairs.flatMap((pair, at) => [
      settled('t', 2 * at, pair.intent),
      settled(
        't',
        2 * at + 1,
        pair.outcome ?? { version: 1, kind: 'genesis', time: pair.intent.time, origin: 'x' },
      ),
    ]);
    await sinkOf(db).accept(entries);
    return pairs.map((pair, at) => summaryOf(pair, 2 * at));
  };
  const everyPage = async (filter: CrossingFilter, limit: number): Promise<CrossingSummary[]> => {
    const all: CrossingSummary[] = [];
    for (let after: CrossingPosition | undefined; ; after = all.at(-1)) {
      const page = await searchOf(db).page(filter, limit, after);
      all.push(...page);
      if (page.length < limit) return all;
    }
  };
  const newestFirst = (a: CrossingSummary, b: CrossingSummary): number =>
    `${a.startedAt}${a.crossing}` < `${b.startedAt}${b.crossing}` ? 1 : -1;

  test('whatever is asked, the pages hold what fits, once, newest first', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(onePair, { maxLength: 25 }),
        fc.array(oneFilter, { minLength: 1, maxLength: 8 }),
        fc.integer({ min: 1, max: 7 }),
        async (pairs, filters, limit) => {
          await empty();
          const expected = (await project(pairs)).toSorted(newestFirst);
          expect(await everyPage({}, limit)).toEqual(expected);
          for (const filter of filters) {
            expect(await everyPage(filter, limit)).toEqual(expected.filter((each) => fits(filter, each)));
          }
        },
      ),
      { numRuns: 40 },
    );
  });

  test('a page goes on where the last one ended, whatever came in between', async () => {
    await empty();
    const pairs = Array.from({ length: 6 }, (_, at): Pair => {
      const time = new Date(START_MS + at).toISOString();
      return { intent: intentEntry({ time, crossing: newCrossing(START_MS + at) }), outcome: undefined };
    });
    const early = await project(pairs.slice(0, 4));
    const first = await searchOf(db).page({}, 2, undefined);
    await sinkOf(db).accept(pairs.slice(4).map(({ intent }, at) => settled('t', 8 + at, intent)));
    const rest = await searchOf(db).page({}, 9, first.at(-1));
    expect([...first, ...rest]).toEqual(early.toReversed());
  });

  test('sealed payloads come with the salts that are still there', async () => {
    await empty();
    const salts = [randomBytes(32), randomBytes(32)];
    const seal = (salt: Buffer, text: string) => ({
      commitment: `hmac-sha256:${createHmac('sha256', salt).update(text).digest('hex')}`,
      saltDigest: `sha256:${'a'.repeat(64)}`,
    });
    const intents = salts.map((salt, at) =>
      intentEntry({ crossing: newCrossing(START_MS + at), request: seal(salt, 'q') }),
    );
    const ended = outcomeEntry(intents[0]!, 0, { answer: seal(salts[1]!, 'a') });
    await sinkOf(db).accept([
      settled('t', 0, intents[0], salts[0]),
      settled('t', 1, intents[1]),
      settled('t', 2, ended, Buffer.concat([salts[0]!, salts[1]!])),
    ]);
    const sealed = async (side: 'request' | 'answer') =>
      (await searchOf(db).sealedPayloads(side, { tenant: 'city-demo' }, 9, undefined)).map((each) => [
        each.position.crossing,
        each.salt,
        each.commitment.toString('hex'),
      ]);
    const hexOf = (commitment: string) => commitment.replace('hmac-sha256:', '');
    expect(await sealed('request')).toEqual([
      [intents[1]!.crossing, undefined, hexOf(intents[1]!.request.commitment)],
      [intents[0]!.crossing, salts[0], hexOf(intents[0]!.request.commitment)],
    ]);
    expect(await sealed('answer')).toEqual([
      [intents[0]!.crossing, salts[1], hexOf(ended.answer!.commitment)],
    ]);
  });

  test('while the table is not complete nothing is searched, and an unknown crossing is not denied', async () => {
    await empty();
    const [known] = await project([{ intent: intentEntry(), outcome: undefined }]);
    await sql`update crossing_projection set complete = false`.execute(db);
    const rebuilding = { code: 'crossings_rebuilding' };
    await expect(searchOf(db).page({}, 1, undefined)).rejects.toMatchObject(rebuilding);
    await expect(searchOf(db).get(known!.crossing)).rejects.toMatchObject(rebuilding);
    await expect(searchOf(db).sealedPayloads('request', {}, 1, undefined)).rejects.toMatchObject(rebuilding);
    await expect(indexOf(db).find(newCrossing())).rejects.toMatchObject(rebuilding);
    expect((await indexOf(db).find(known!.crossing))?.intentIndex).toBe(0);
    await sql`update crossing_projection set complete = true`.execute(db);
    expect(await searchOf(db).get(known!.crossing)).toEqual(known);
  });

  test('a search that takes too long, or finds no connection, says so', async () => {
    const { settings, db: own } = await server.freshSettings();
    const slow = connect(settings, silentLog, { connectionsMax: 1, statementTimeoutMs: 50 });
    const search = postgresCrossingSearch(slow, new CrossingTable(slow, silentLog));
    await own.transaction().execute(async (transaction) => {
      await sql`lock table crossing in access exclusive mode`.execute(transaction);
      await expect(search.page({}, 1, undefined)).rejects.toMatchObject({
        code: 'search_timeout',
        detail: { en: String(crossingSearchLimits.statementMs / 1000) },
      });
    });
    expect(await search.page({}, 1, undefined)).toEqual([]);
    await slow.destroy();
  });

  describe('among many', () => {
    const many = 30_000;
    beforeAll(async () => {
      await empty();
      // Enough that a plan is a choice; the rare value of each column is that of one crossing in 3,000.
      await sql`
        insert into crossing
          (crossing, tenant, workspace, subject, started_at, intent_index, outcome_index, result, principal,
           action, data_class, purpose, platform_revision, decision, request_commitment, ended_at, status,
           endpoint, assurance, places, carried_terms, answer_commitment, input_tokens, output_tokens,
           usage_estimated, amount_pico_yen)
        select gen_random_uuid(), case when rare then 'hamlet' else 'city' || n % 100 end, 'w' || n % 20,
           case when rare then 'rare' else 'mini' end, timestamptz '2026-04-01' + n * interval '1 second',
           2 * n, case when rare then null else 2 * n + 1 end,
           case when rare then null when n % 3000 = 1 then 'failed' else 'completed' end,
           case when rare then 'key:rare' else 'key:k' || n % 50 end,
           case when rare then 'train' else 'process' end,
           case when rare then 'my-number' else 'confidentiality-2' end, 'inference', 1,
           case when rare then 'deny' else 'allow' end, sha256(n::text::bytea), now(), 200, 'one', 'declared',
           array['131016'],
           case when n % 3000 = 1 then array['012351', 'JP-01', 'JP', 'endpoint:rare', 'assurance:hardware-attested']
                else array['131016', 'JP-13', 'JP', 'endpoint:one', 'assurance:declared'] end,
           sha256(n::text::bytea), 1, 1, false, 1
        from generate_series(0, ${many}::integer - 1) as n, lateral (select n % 3000 = 0 as rare) as r`.execute(
        db,
      );
      await sql`vacuum analyze crossing`.execute(db);
    }, 60_000);

    const planOf = async (filter: CrossingFilter): Promise<string> => {
      const { sql: text, parameters } = selectCrossings(db, filter, 50, undefined).compile();
      // The values in the text: `explain` takes no parameters over this road.
      let at = 0;
      const filled = text.replaceAll(/\$\d+/g, () => literal(parameters[at++]));
      const { rows } = await sql.raw<Record<string, string>>(`explain ${filled}`).execute(db);
      return rows.map((row) => Object.values(row)[0]).join('\n');
    };
    const literal = (value: unknown): string => {
      if (Buffer.isBuffer(value)) return `'\\x${value.toString('hex')}'::bytea`;
      if (value instanceof Date) return `'${value.toISOString()}'::timestamptz`;
      if (Array.isArray(value)) return `array[${value.map((each) => `'${each}'`).join()}]`;
      return typeof value === 'number' ? String(value) : `'${String(value)}'`;
    };
    const some = `hmac-sha256:${'0'.repeat(64)}`;

    test.each<[CrossingFilter, string]>([
      [{}, 'crossing_by_time'],
      [
        { startedFrom: '2026-04-01T01:00:00.000Z', startedBefore: '2026-04-01T02:00:00.000Z' },
        'crossing_by_time',
      ],
      [{ tenant: 'city1' }, 'crossing_by_tenant'],
      // Few enough to be sorted: the index of workspaces begins with the tenant as well.
      [{ tenant: 'hamlet' }, 'crossing_by_'],
      [{ tenant: 'city11', workspace: 'w11' }, 'crossing_by_workspace'],
      [{ principal: 'key:rare' }, 'crossing_by_principal'],
      [{ subject: 'rare' }, 'crossing_by_subject'],
      [{ action: 'train' }, 'crossing_not_processing'],
      [{ dataClass: 'my-number' }, 'crossing_sensitive'],
      [{ decision: 'deny' }, 'crossing_denied'],
      [{ result: 'failed' }, 'crossing_not_completed'],
      [{ place: 'JP-01' }, 'crossing_by_carried'],
      [{ endpoint: 'rare' }, 'crossing_by_carried'],
      [{ assurance: 'hardware-attested', place: 'JP' }, 'crossing_by_carried'],
      [{ requestCommitment: some }, 'crossing_by_request'],
      [{ answerCommitment: some }, 'crossing_by_answer'],
      // What nearly every crossing has is read off the newest: no index could do better.
      [{ action: 'process', result: 'completed', place: 'JP', decision: 'allow' }, 'crossing_by_time'],
      [{ dataClass: 'confidentiality-2', assurance: 'declared' }, 'crossing_by_time'],
    ])('%j reads %s', async (filter, index) => {
      const plan = await planOf(filter);
      expect(plan).not.toContain('Seq Scan');
      expect(plan).toContain(index);
    });
  });
});
