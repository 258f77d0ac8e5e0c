import type { CrossingSummary } from '@sekisho/contract';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeServer } from '../../flows/testing/chat-road.ts';
import { MemoryCrossings } from '../../flows/testing/memory-crossings.ts';
import { edgeServer } from '../testing/edge-server.ts';

let memory: MemoryCrossings;
let cell: Awaited<ReturnType<typeof edgeServer>>;
beforeEach(async () => {
  memory = new MemoryCrossings();
  const model = new FakeServer(() => Promise.reject(new Error('not asked')));
  cell = await edgeServer(model, undefined, memory);
});
afterEach(() => cell.close());

const get = (query = '', accept = '*/*', key = cell.apiKey): Promise<Response> =>
  fetch(`${cell.url}/v1/crossings${query}`, { headers: { authorization: `Bearer ${key}`, accept } });

async function store(count: number): Promise<void> {
  await (await get()).arrayBuffer();
  const { tenant = '', workspace = '' } = memory.asked.at(-1)?.filter ?? {};
  memory.asked.splice(0);
  for (let at = 0; at < count; at++) {
    const summary: CrossingSummary = {
      crossing: `01990000-0000-7000-8000-${String(at).padStart(12, '0')}`,
      tenant,
      workspace,
      principal: 'key:a',
      action: 'process',
      subject: 'mini',
      dataClass: 'my-number',
      purpose: '=HYPERLINK("x")',
      platformRevision: 1,
      decision: 'allow',
      startedAt: new Date(Date.UTC(2026, 3, 1) + at).toISOString(),
      intentIndex: at,
      requestCommitment: `hmac-sha256:${'0'.repeat(64)}`,
    };
    memory.stored.push({ summary }, { summary: { ...summary, workspace: 'another' } });
  }
}

describe('GET /v1/crossings', () => {
  it('asks for the workspace of the key, whatever is asked', async () => {
    expect((await get('?tenant=x')).status).toBe(400);
    expect((await get('?workspace=x')).status).toBe(400);
    expect(memory.asked).toEqual([]);
    await store(3);
    const { crossings } = (await (await get('?limit=2')).json()) as { crossings: CrossingSummary[] };
    expect(crossings.map(({ intentIndex, workspace }) => [intentIndex, workspace])).toEqual([
      [2, memory.asked[0]?.filter.workspace],
      [1, memory.asked[0]?.filter.workspace],
    ]);
  });

  it.each([
    ['?colour=red', 'colour'],
    ['?limit=0', 'limit'],
    ['?limit=1&limit=2', 'limit'],
    ['?place=Tokyo', 'place'],
    ['?cursor=AAAA', 'cursor'],
    ['?__proto__=1', '__proto__'],
  ])('refuses %s by name', async (query, param) => {
    const response = await get(query);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { code: 'invalid_request', param } });
    expect(cell.errors).toEqual([]);
  });

  it('exports every page as JSON Lines and as CSV without formulas', async () => {
    await store(1001);
    const lines = (await (await get('', 'application/x-ndjson')).text()).trimEnd().split('\n');
    expect(lines).toHaveLength(1001);
    expect(memory.asked.map(({ limit }) => limit)).toEqual([1000, 1000, 1000]);
    const response = await get('', 'text/csv');
    expect(response.headers.get('content-type')).toBe('text/csv; charset=utf-8; header=present');
    const csv = await response.text();
    expect(csv.split('\r\n')).toHaveLength(1003);
    expect(csv).not.toMatch(/,"?=/);
  });

  it('says what is wrong before it begins, and breaks off where it fails later', async () => {
    await store(1001);
    memory.failure = { atPage: 1, error: new Error('database') };
    const refused = await get('', 'application/jsonl');
    expect([refused.status, await refused.text()]).toEqual([500, expect.not.stringContaining('database')]);
    memory.asked.splice(0);
    memory.failure = { atPage: 2, error: new Error('database') };
    const broken = await get('', 'application/jsonl');
    expect(broken.status).toBe(200);
    await expect(broken.text()).rejects.toThrow();
  });

  it('takes GET alone', async () => {
    const response = await fetch(`${cell.url}/v1/crossings`, {
      method: 'POST',
      headers: { authorization: `Bearer ${cell.apiKey}` },
    });
    expect(response.status).toBe(405);
  });
});
