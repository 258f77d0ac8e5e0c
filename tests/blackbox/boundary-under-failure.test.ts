/**
 * In-country model servers are killed and started again under load; the overseas one waits with the
 * same model. Nothing may ever reach it.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CellProcess, temporaryHome } from '../harness/cell-process.ts';
import { startLoad, type LoadAnswer } from '../harness/load.ts';
import { threeSitePlatform } from '../harness/platforms.ts';
import { StubModelServer } from '../harness/stub-model-server.ts';

const ROUNDS = process.env['SEKISHO_TEST_FULL'] === '1' ? 20 : 4;

let home: Awaited<ReturnType<typeof temporaryHome>>;
let cell: CellProcess;
let servers: Record<'ishikari' | 'tokyo' | 'overseas', StubModelServer>;
let apiKey: string;

beforeAll(async () => {
  home = await temporaryHome();
  const [ishikari, tokyo, overseas] = await Promise.all([
    StubModelServer.start(),
    StubModelServer.start(),
    StubModelServer.start(),
  ]);
  servers = { ishikari, tokyo, overseas };
  cell = await CellProcess.start(home.path, { args: ['--no-demo'] });
  await cell.admin('POST', '/platform/apply', {
    platform: threeSitePlatform({ ishikari: ishikari.url, tokyo: tokyo.url, overseas: overseas.url }),
  });
  apiKey = await cell.createKey('ministry', 'in-japan');
});

afterAll(async () => {
  await cell?.stop();
  await Promise.all(Object.values(servers ?? {}).map((server) => server.kill()));
  await home?.remove();
});

/** Resolves when `count` further answers satisfy the condition. */
async function answersThat(
  answers: readonly LoadAnswer[],
  count: number,
  wanted: (answer: LoadAnswer) => boolean,
): Promise<void> {
  const from = answers.length;
  await expect
    .poll(() => answers.slice(from).filter(wanted).length, { timeout: 20_000, interval: 10 })
    .toBeGreaterThanOrEqual(count);
}

test('nothing leaves the boundary while its servers die and return under load', async () => {
  const answers: LoadAnswer[] = [];
  const load = startLoad({
    url: cell.url,
    apiKey,
    model: 'stub',
    concurrency: 8,
    onAnswer: (a) => answers.push(a),
  });
  const ok = (answer: LoadAnswer): boolean => answer.status === 200;

  await answersThat(answers, 20, ok);
  for (let round = 0; round < ROUNDS; round++) {
    const [first, second] =
      round % 2 === 0 ? [servers.ishikari, servers.tokyo] : [servers.tokyo, servers.ishikari];
    // One down: the other one in the country serves.
    await first.kill();
    await answersThat(answers, 20, ok);
    // Both down: 503, and never a detour.
    await second.kill();
    await answersThat(answers, 20, (answer) => answer.status === 503);
    await first.restart();
    await answersThat(answers, 20, ok);
    await second.restart();
    await answersThat(answers, 20, ok);
  }
  await load.stop();

  // 502 is a request that a server had when it died: it may not be repeated. Nothing else happens.
  const statuses = new Set(answers.map((answer) => answer.status));
  expect([...statuses].filter((status) => ![200, 502, 503].includes(Number(status)))).toEqual([]);
  expect(statuses.has(503)).toBe(true);

  const overseas = await servers.overseas.counts();
  expect(overseas.requests).toBe(0);
  // The one connection is the one that asks.
  expect(overseas.connections).toBe(1);
}, 180_000);

test('a stream whose client leaves is stopped at the server', async () => {
  const slow = await StubModelServer.start({ chunks: 400, pauseMs: 20 });
  const platform = threeSitePlatform({ ishikari: slow.url, tokyo: slow.url, overseas: servers.overseas.url });
  await cell.admin('POST', '/platform/apply', { platform });
  const abort = new AbortController();
  const response = await fetch(`${cell.url}/v1/chat/completions`, {
    method: 'POST',
    signal: abort.signal,
    headers: { 'content-type': 'application/json', authorization: `Bearer ${apiKey}` },
    body: JSON.stringify({ model: 'stub', stream: true, messages: [{ role: 'user', content: 'go' }] }),
  });
  await response.body!.getReader().read();
  abort.abort();
  await expect.poll(async () => (await slow.counts()).aborted, { timeout: 5_000 }).toBe(1);
  await expect
    .poll(async () => cell.admin('GET', '/crossings?limit=1&result=aborted'), { timeout: 5_000 })
    .toMatchObject({ crossings: [{ outcome: { result: 'aborted' } }] });
  await slow.kill();
});

test('a policy change takes effect on the next request', async () => {
  const ask = async (): Promise<number> => {
    const response = await fetch(`${cell.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${apiKey}` },
      body: JSON.stringify({ model: 'stub-tokyo', messages: [{ role: 'user', content: 'hello' }] }),
    });
    await response.text();
    return response.status;
  };
  const urls = {
    ishikari: servers.ishikari.url,
    tokyo: servers.tokyo.url,
    overseas: servers.overseas.url,
  };
  const wide = threeSitePlatform(urls);
  const narrow = JSON.parse(
    JSON.stringify(wide).replace(
      '"allow":{"process":["JP"],"store":["JP"]}',
      '"allow":{"process":["JP-01"],"store":["JP-01"]}',
    ),
  ) as unknown;
  await cell.admin('POST', '/platform/apply', { platform: wide });
  expect(await ask()).toBe(200);
  await cell.admin('POST', '/platform/apply', { platform: narrow });
  expect(await ask()).toBe(403);
  await cell.admin('POST', '/platform/apply', { platform: wide });
  expect(await ask()).toBe(200);
});
