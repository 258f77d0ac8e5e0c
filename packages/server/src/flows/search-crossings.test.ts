import { createHmac, randomBytes } from 'node:crypto';
import type { PayloadQuery } from '@sekisho/contract';
import { crossingSearchLimits, type CrossingSummary } from '@sekisho/contract';
import { beforeEach, describe, expect, it } from 'vitest';
import { SearchCrossings, withinWorkspace } from './search-crossings.ts';
import { MemoryCrossings } from './testing/memory-crossings.ts';

const START_MS = Date.parse('2026-04-01T00:00:00.000Z');
const noCommitment = `hmac-sha256:${'0'.repeat(64)}`;

let memory: MemoryCrossings;
let search: SearchCrossings;
beforeEach(() => {
  memory = new MemoryCrossings();
  search = new SearchCrossings(memory);
});

const commitmentOf = (salt: Buffer, text: string): string =>
  `hmac-sha256:${createHmac('sha256', salt).update(text).digest('hex')}`;

/** One crossing a second, oldest first. */
function store(
  count: number,
  more: (at: number) => Partial<CrossingSummary> & { requestSalt?: Buffer } = () => ({}),
): readonly string[] {
  return Array.from({ length: count }, (_, at) => {
    const { requestSalt, ...over } = more(at);
    const crossing = `01990000-0000-7000-8000-${String(at).padStart(12, '0')}`;
    const summary: CrossingSummary = {
      crossing,
      tenant: 'city',
      workspace: 'desk',
      principal: 'key:a',
      action: 'process',
      subject: 'mini',
      dataClass: 'my-number',
      purpose: 'inference',
      platformRevision: 1,
      decision: 'allow',
      startedAt: new Date(START_MS + 1000 * at).toISOString(),
      intentIndex: at,
      requestCommitment: noCommitment,
      ...over,
    };
    memory.stored.push({ summary, ...(requestSalt === undefined ? {} : { requestSalt }) });
    return crossing;
  });
}
async function drain(pages: AsyncIterable<readonly CrossingSummary[]>): Promise<CrossingSummary[]> {
  const all: CrossingSummary[] = [];
  for await (const page of pages) all.push(...page);
  return all;
}
const idsOf = (list: readonly CrossingSummary[]) => list.map(({ crossing }) => crossing);

describe('a list', () => {
  it('goes on by its cursors to the end, and has none there', async () => {
    const ids = store(7);
    const first = await search.list({ limit: 3 });
    const second = await search.list({ limit: 3, cursor: first.nextCursor! });
    const third = await search.list({ limit: 3, cursor: second.nextCursor! });
    expect([first, second, third].flatMap(({ crossings }) => idsOf(crossings))).toEqual(ids.toReversed());
    expect(third.nextCursor).toBeUndefined();
    expect((await search.list({ limit: 7 })).nextCursor).toBeUndefined();
    expect((await search.list({})).crossings).toHaveLength(7);
  });

  it('refuses a cursor of other filters, and reads nothing', async () => {
    store(3);
    const { nextCursor } = await search.list({ limit: 1, tenant: 'city' });
    memory.asked.splice(0);
    await expect(search.list({ limit: 1, tenant: 'town', cursor: nextCursor! })).rejects.toMatchObject({
      code: 'invalid_request',
    });
    expect(memory.asked).toEqual([]);
  });

  it.each([
    ['a day is that of Japan', { from: '2026-04-01' }, '2026-03-31T15:00:00.000Z', undefined],
    ['and as an end the whole of it', { to: '2026-04-01' }, undefined, '2026-04-01T15:00:00.000Z'],
    [
      'a time is exact, in any zone',
      { from: '2026-04-01T09:00:00+09:00', to: '2026-04-01T00:00:00.500Z' },
      '2026-04-01T00:00:00.000Z',
      '2026-04-01T00:00:00.500Z',
    ],
  ])('%s', async (_name, query, startedFrom, startedBefore) => {
    await search.list(query);
    expect(memory.asked[0]?.filter).toMatchObject({ startedFrom, startedBefore });
  });
});

describe('an export', () => {
  it('holds all pages and reads each only when the last was taken', async () => {
    const ids = store(2 * crossingSearchLimits.pageMax + 1);
    const seen: string[] = [];
    for await (const page of await search.export({})) {
      seen.push(...idsOf(page));
      expect(memory.asked.length).toBeLessThanOrEqual(Math.ceil(seen.length / crossingSearchLimits.pageMax));
    }
    expect(seen).toEqual(ids.toReversed());
  });

  it('ends at its limit', async () => {
    store(9);
    expect(await drain(await search.export({ limit: 4 }))).toHaveLength(4);
  });

  it('fails before it begins, or breaks off where a page fails', async () => {
    store(crossingSearchLimits.pageMax + 1);
    const error = new Error('no');
    memory.failure = { atPage: 1, error };
    await expect(search.export({})).rejects.toBe(error);
    memory.failure = { atPage: 3, error };
    await expect(drain(await search.export({}))).rejects.toBe(error);
  });
});

describe('a key of a workspace', () => {
  it('searches its workspace, and no word of the query changes that', () => {
    const principal = { kind: 'api-key', name: 'key:a', tenant: 'city', workspace: 'desk' } as never;
    const query = { tenant: 'town', workspace: 'tax', model: 'mini' };
    expect(withinWorkspace(principal, query)).toEqual({ model: 'mini', tenant: 'city', workspace: 'desk' });
    expect(() => withinWorkspace({ kind: 'operator', name: 'operator:admin' } as never, {})).toThrow(
      expect.objectContaining({ code: 'not_permitted' }),
    );
  });
});

describe('a search for a payload', () => {
  const query: PayloadQuery = { side: 'request', tenant: 'city', from: '2026-04-01', to: '2026-04-30' };
  const text = '{"messages":[]}';
  const salted = (wanted: (at: number) => boolean) => (at: number) => {
    const requestSalt = randomBytes(32);
    return { requestSalt, requestCommitment: commitmentOf(requestSalt, wanted(at) ? text : `${text} `) };
  };

  it('finds the crossings that committed to these bytes, and no other', async () => {
    const ids = store(
      50,
      salted((at) => at === 7 || at === 31),
    );
    const findings = await search.findPayload(query, Buffer.from(text));
    expect(idsOf(findings.found)).toEqual([ids[31], ids[7]]);
    expect(findings).toMatchObject({ tested: 50, untestable: 0 });
    expect(findings.nextCursor).toBeUndefined();
    expect((await search.findPayload(query, Buffer.from(`${text}\n`))).found).toEqual([]);
    expect((await search.findPayload({ ...query, side: 'answer' }, Buffer.from(text))).tested).toBe(0);
  });

  it('counts what cannot be tested any more', async () => {
    store(10, (at) => (at < 4 ? {} : salted(() => false)(at)));
    expect(await search.findPayload(query, Buffer.from(text))).toEqual({
      found: [],
      tested: 6,
      untestable: 4,
    });
  });

  it('does a bounded part at a time, and comes to the end by its cursors', async () => {
    const ids = store(
      700,
      salted((at) => at % 100 === 0),
    );
    // So long that one answer tests 63 of them.
    const large = Buffer.alloc(4 * 1024 * 1024, 'x');
    const one = await search.findPayload(query, large);
    expect(one.tested).toBe(Math.floor(crossingSearchLimits.payloadHashedBytesMax / (large.length + 2048)));
    expect(one.nextCursor).toBeDefined();

    const found: string[] = [];
    let tested = 0;
    let cursor: string | undefined;
    do {
      const some = await search.findPayload({ ...query, cursor }, Buffer.from(text));
      found.push(...idsOf(some.found));
      tested += some.tested;
      cursor = some.nextCursor;
    } while (cursor !== undefined);
    expect(found).toEqual(ids.filter((_, at) => at % 100 === 0).toReversed());
    expect(tested).toBe(700);
  });

  it('of a text that is everywhere comes in parts, each crossing once', async () => {
    const ids = store(
      250,
      salted(() => true),
    );
    const found: string[] = [];
    let cursor: string | undefined;
    let answers = 0;
    do {
      const some = await search.findPayload({ ...query, cursor }, Buffer.from(text));
      expect(some.found.length).toBeLessThanOrEqual(100);
      found.push(...idsOf(some.found));
      cursor = some.nextCursor;
      answers++;
    } while (cursor !== undefined);
    expect(found).toEqual(ids.toReversed());
    expect(answers).toBe(3);
  });

  it('lets others run between its slices', async () => {
    store(
      300,
      salted(() => false),
    );
    let turns = 0;
    const ticking = setInterval(() => turns++, 0);
    await search.findPayload(query, Buffer.alloc(256 * 1024));
    clearInterval(ticking);
    expect(turns).toBeGreaterThan(3);
  });

  it.each([
    ['a period without an end', { from: '2026-04-01', to: '2027-12-31' }],
    ['a period that ends before it begins', { from: '2026-04-02', to: '2026-04-01' }],
  ])('refuses %s', async (_name, period) => {
    await expect(search.findPayload({ ...query, ...period }, Buffer.from(text))).rejects.toMatchObject({
      code: 'invalid_request',
      faults: [expect.objectContaining({ path: 'to' })],
    });
    expect(memory.asked).toEqual([]);
  });

  it('does not take the cursor of the other side', async () => {
    store(
      150,
      salted(() => true),
    );
    const { nextCursor } = await search.findPayload(query, Buffer.from(text));
    await expect(
      search.findPayload({ ...query, side: 'answer', cursor: nextCursor! }, Buffer.from(text)),
    ).rejects.toMatchObject({ code: 'invalid_request' });
  });
});
