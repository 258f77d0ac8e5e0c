/**
 * Searches over crossings of a started cell, and the rebuild of what they read while it serves: no
 * request fails meanwhile, and afterwards every row says what the ledger says.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  CrossingList,
  CrossingRebuild,
  CrossingSummary,
  PayloadFindings,
  type LedgerEntry,
} from '@sekisho/contract';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runInCellDatabase } from '../../packages/server/src/adapters/postgres/testing/cell-database.ts';
import { sekisho } from '../cli/run-command.ts';
import { CellProcess, temporaryHome } from '../harness/cell-process.ts';
import { startLoad, type LoadAnswer } from '../harness/load.ts';
import { readLog } from '../harness/log-folder.ts';
import { threeSitePlatform } from '../harness/platforms.ts';
import { StubModelServer } from '../harness/stub-model-server.ts';

let home: Awaited<ReturnType<typeof temporaryHome>>;
let servers: StubModelServer[] = [];
let cell: CellProcess;
let inJapan: string;
let inHokkaido: string;
const secret = `{"model":"stub-tokyo","messages":[{"role":"user","content":"患者番号 4711 の件"}]}`;

const bearer = (key: string): Record<string, string> => ({ authorization: `Bearer ${key}` });
const ask = (key: string, body: string): Promise<Response> =>
  fetch(`${cell.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...bearer(key) },
    body,
  });
const chat = async (key: string, model: string): Promise<string> => {
  const body = { model, messages: [{ role: 'user', content: 'hello' }] };
  const answer = await ask(key, JSON.stringify(body));
  await answer.arrayBuffer();
  return answer.headers.get('x-sekisho-receipt')!;
};
const search = async (query: string): Promise<readonly string[]> =>
  CrossingList.parse(await cell.admin('GET', `/crossings?${query}`)).crossings.map(
    ({ crossing }) => crossing,
  );
const waitFor = async <T>(look: () => Promise<T | undefined>): Promise<T> => {
  const late = AbortSignal.timeout(30_000);
  for (;;) {
    const seen = await look();
    if (seen !== undefined) return seen;
    late.throwIfAborted();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
};
const rebuilt = () =>
  waitFor(async () => {
    const state = CrossingRebuild.parse(await cell.admin('GET', '/crossings/rebuild'));
    return state.complete && state.rebuild.state !== 'running' ? state : undefined;
  });
/** A receipt waits for the projection, so what is asked afterwards sees everything before. */
const settle = async (crossing: string): Promise<void> => {
  const receipt = await fetch(`${cell.url}/v1/receipts/${crossing}`, { headers: bearer(inJapan) });
  expect(receipt.status).toBe(200);
};
const exported = async (): Promise<CrossingSummary[]> => {
  const response = await fetch(`${cell.url}/admin/v1/crossings`, {
    headers: { ...bearer(await cell.adminKey()), accept: 'application/jsonl' },
  });
  expect(response.headers.get('content-type')).toBe('application/jsonl; charset=utf-8');
  const lines = (await response.text()).trimEnd().split('\n');
  return lines.map((line) => CrossingSummary.parse(JSON.parse(line)));
};

/** What the rows must say by the log alone: written apart from the cell's own projection. */
function summariesOf(entries: readonly LedgerEntry[]): CrossingSummary[] {
  const byId = new Map<string, CrossingSummary>();
  for (const [index, entry] of entries.entries()) {
    if (entry.kind === 'intent') {
      const { crossing, tenant, workspace, principal, action, subject, dataClass, purpose, decision } = entry;
      byId.set(crossing, {
        crossing,
        tenant,
        workspace,
        principal,
        action,
        subject,
        dataClass,
        purpose,
        decision,
        platformRevision: entry.platformRevision,
        startedAt: entry.time,
        intentIndex: index,
        requestCommitment: entry.request.commitment,
      });
    }
    if (entry.kind === 'outcome') {
      const { time: endedAt, result, status, usage, carried, answer } = entry;
      byId.set(entry.crossing, {
        ...byId.get(entry.crossing)!,
        outcome: {
          index,
          endedAt,
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
        },
      });
    }
  }
  const order = ({ startedAt, crossing }: CrossingSummary): string => `${startedAt} ${crossing}`;
  return [...byId.values()].sort((a, b) => (order(a) < order(b) ? 1 : -1));
}

/** Stops the cell, reads its log from the files, and starts it again. */
async function restartReadingLog(): Promise<CrossingSummary[]> {
  expect(await cell.stop()).toBe(0);
  const { entries } = await readLog(home.path, 'ministry');
  cell = await CellProcess.start(home.path, { args: ['--no-demo'] });
  return summariesOf(entries);
}

beforeAll(async () => {
  home = await temporaryHome();
  servers = await Promise.all([StubModelServer.start(), StubModelServer.start(), StubModelServer.start()]);
  cell = await CellProcess.start(home.path, { args: ['--no-demo'] });
  const [ishikari, tokyo, overseas] = servers.map(({ url }) => url);
  const platform = threeSitePlatform({ ishikari: ishikari!, tokyo: tokyo!, overseas: overseas! });
  await cell.admin('POST', '/platform/apply', { platform });
  inJapan = await cell.createKey('ministry', 'in-japan');
  inHokkaido = await cell.createKey('ministry', 'in-hokkaido');
});

afterAll(async () => {
  await cell?.stop();
  await Promise.all(servers.map((server) => server.kill()));
  await home?.remove();
});

describe('a search', () => {
  test('finds crossings by place with all inside it, by key, by result, and by page', async () => {
    const hokkaido = await chat(inHokkaido, 'stub-ishikari');
    const denied = await chat(inHokkaido, 'stub-tokyo');
    const tokyo = await chat(inJapan, 'stub-tokyo');
    await settle(tokyo);
    expect(await search('place=JP-13')).toEqual([tokyo]);
    expect(await search('place=131016')).toEqual([tokyo]);
    expect(await search('place=JP-01')).toEqual([hokkaido]);
    expect(await search('place=JP')).toEqual([tokyo, hokkaido]);
    expect(await search('place=US')).toEqual([]);
    expect(await search('decision=deny&workspace=in-hokkaido')).toEqual([denied]);
    expect(await search('result=denied&model=stub-tokyo')).toEqual([denied]);
    const { crossings, nextCursor } = CrossingList.parse(await cell.admin('GET', '/crossings?limit=2'));
    expect(crossings.map(({ crossing }) => crossing)).toEqual([tokyo, denied]);
    expect(await search(`limit=2&cursor=${nextCursor!}`)).toEqual([hokkaido]);
    const { requestCommitment, principal } = crossings[0]!;
    expect(await search(`requestCommitment=${requestCommitment}`)).toEqual([tokyo]);
    expect(await search(`principal=${principal}`)).toEqual([tokyo]);
    expect(CrossingSummary.parse(await cell.admin('GET', `/crossings/${tokyo}`))).toEqual(crossings[0]);
  });

  test.each([
    ['cursor=abc', 'cursor'],
    ['place=Tokyo', 'place'],
    ['colour=red', 'colour'],
    ['tenant=a&tenant=b', 'tenant'],
  ])('by %s is refused by name', async (query, path) => {
    for (const [url, key] of [
      ['/admin/v1/crossings', await cell.adminKey()],
      ['/v1/crossings', inJapan],
    ] as const) {
      const response = await fetch(`${cell.url}${url}?${query}`, { headers: bearer(key) });
      expect(response.status).toBe(400);
      expect(JSON.stringify(await response.json())).toContain(`"path":"${path}"`);
    }
  });

  test('with the key of a workspace sees that workspace, in every form', async () => {
    const get = async (key: string, query = '', accept = '*/*') => {
      const response = await fetch(`${cell.url}/v1/crossings${query}`, {
        headers: { ...bearer(key), accept },
      });
      return [response.status, await response.text()] as const;
    };
    const listed = CrossingList.parse(JSON.parse((await get(inHokkaido))[1])).crossings;
    expect(listed.map(({ workspace }) => workspace)).toEqual(['in-hokkaido', 'in-hokkaido']);
    expect((await get(inHokkaido, '?workspace=in-japan'))[0]).toBe(400);
    expect((await get(await cell.adminKey()))[0]).toBe(403);
    expect((await get('sk-nobody'))[0]).toBe(401);
    const [, lines] = await get(inHokkaido, '?place=JP-01', 'application/jsonl');
    expect(CrossingSummary.parse(JSON.parse(lines))).toEqual(listed[1]);
    const [, csv] = await get(inHokkaido, '', 'text/csv');
    expect(csv.split('\r\n')).toHaveLength(4);
  });

  test('for a text that somebody holds finds its crossing, and the text is written nowhere', async () => {
    const answer = await ask(inJapan, secret);
    const crossing = answer.headers.get('x-sekisho-receipt')!;
    const answered = Buffer.from(await answer.arrayBuffer());
    await settle(crossing);
    const hourMs = 3_600_000;
    const at = (offsetMs: number): string => new Date(Date.now() + offsetMs).toISOString();
    const find = async (side: string, body: string | Buffer): Promise<PayloadFindings> => {
      const query = `side=${side}&tenant=ministry&from=${at(-hourMs)}&to=${at(hourMs)}`;
      const response = await fetch(`${cell.url}/admin/v1/crossings/find-payload?${query}`, {
        method: 'POST',
        headers: { ...bearer(await cell.adminKey()), 'content-type': 'application/octet-stream' },
        body: typeof body === 'string' ? body : Buffer.from(body),
      });
      return PayloadFindings.parse(await response.json());
    };
    const found = await find('request', secret);
    expect(found.found.map((each) => each.crossing)).toEqual([crossing]);
    expect([found.tested, found.untestable]).toEqual([4, 0]);
    expect((await find('request', `${secret} `)).found).toEqual([]);
    expect((await find('answer', answered)).found.map((each) => each.crossing)).toContain(crossing);
    expect(cell.output()).not.toContain('4711');

    // The same by the command.
    const file = join(home.path, '..', 'request.json');
    await writeFile(file, secret);
    const period = ['--from', at(-24 * hourMs).slice(0, 10), '--to', at(24 * hourMs).slice(0, 10)];
    const args = ['crossings', 'find', '--request', file, '--tenant', 'ministry', ...period, '--json'];
    const done = await sekisho(args, { env: { SEKISHO_URL: cell.url, SEKISHO_HOME: home.path } });
    expect(done).toMatchObject({ code: 0, stderr: '' });
    expect(PayloadFindings.parse(JSON.parse(done.stdout)).found[0]?.crossing).toBe(crossing);
  });
});

describe('what searches read', { timeout: 120_000 }, () => {
  /** Runs `work` under load and asserts that every request was answered, whole. */
  async function underLoad(work: (acknowledged: () => number) => Promise<void>): Promise<void> {
    const failed: LoadAnswer[] = [];
    let last = '';
    let good = 0;
    const onAnswer = (answer: LoadAnswer): void => {
      if (answer.status !== 200 || !answer.complete) failed.push(answer);
      else {
        good++;
        last = answer.crossing ?? last;
      }
    };
    const load = startLoad({ url: cell.url, apiKey: inJapan, model: 'stub', concurrency: 8, onAnswer });
    await waitFor(async () => (good > 300 ? true : undefined));
    await work(() => good);
    await load.stop();
    expect(failed).toEqual([]);
    await settle(last);
  }

  test('is rebuilt under load, and then says row by row what the ledger says', async () => {
    await underLoad(async (acknowledged) => {
      // The old one stands until then: damage it, so that a new one is seen.
      await runInCellDatabase(home.path, "update crossing set subject = 'altered' where outcome_index < 300");
      const began = acknowledged();
      const started = CrossingRebuild.parse(await cell.admin('POST', '/crossings/rebuild'));
      expect(started).toMatchObject({ complete: true, rebuild: { state: 'running' } });
      expect((await rebuilt()).rebuild).toMatchObject({ state: 'finished' });
      await waitFor(async () => (acknowledged() > began + 50 ? true : undefined));
    });
    const rows = await exported();
    expect(rows.length).toBeGreaterThan(300);
    expect(rows).toEqual(await restartReadingLog());
  });

  test('can be dropped by hand while the cell serves: it comes back by itself, with every salt', async () => {
    const salts = 'select count(*) as salts from commitment_opening where request_salt is not null';
    await underLoad(async () => {
      await runInCellDatabase(home.path, 'drop table crossing');
      await waitFor(async () => {
        const { complete, rebuild } = CrossingRebuild.parse(await cell.admin('GET', '/crossings/rebuild'));
        return complete && rebuild.state === 'finished' ? true : undefined;
      });
    });
    const rows = await exported();
    expect(await runInCellDatabase(home.path, salts)).toEqual([{ salts: String(rows.length) }]);
    expect(rows).toEqual(await restartReadingLog());
  });

  test('stays as it was when the cell is killed in the middle of a rebuild', async () => {
    const before = await exported();
    const started = CrossingRebuild.parse(await cell.admin('POST', '/crossings/rebuild'));
    await cell.kill();
    expect(started.rebuild.state).toBe('running');
    cell = await CellProcess.start(home.path, { args: ['--no-demo'] });
    expect(CrossingRebuild.parse(await cell.admin('GET', '/crossings/rebuild'))).toEqual({
      complete: true,
      rebuild: { state: 'none' },
    });
    expect(await exported()).toEqual(before);
    const half = "select from pg_tables where tablename = 'crossing_next'";
    expect(await runInCellDatabase(home.path, half)).toEqual([]);
  });

  test('dropped and killed in the middle, comes back at the start, which then closes the orphans', async () => {
    const load = startLoad({
      url: cell.url,
      apiKey: inJapan,
      model: 'stub',
      concurrency: 16,
      onAnswer: () => undefined,
    });
    await runInCellDatabase(home.path, 'drop table crossing');
    await waitFor(async () => {
      const state = CrossingRebuild.parse(await cell.admin('GET', '/crossings/rebuild'));
      return state.rebuild.state === 'none' ? undefined : true;
    });
    await cell.kill();
    await load.stop();
    cell = await CellProcess.start(home.path, { args: ['--no-demo'] });
    await rebuilt();
    // Orphans are closed once the rebuilt table can name them.
    await waitFor(async () => ((await exported()).every(({ outcome }) => outcome) ? true : undefined));
    const rows = await exported();
    expect(rows).toEqual(await restartReadingLog());
    expect(
      await runInCellDatabase(home.path, "select from pg_tables where tablename = 'crossing_next'"),
    ).toEqual([]);
  });
});
