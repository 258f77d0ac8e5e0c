/**
 * What a cell says of itself: `/metrics` adds up to what its ledger recorded, and neither metrics nor logs at their
 * most verbose repeat a word of a prompt or an answer, however a request ends.
 */
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { CellProcess, temporaryHome } from '../harness/cell-process.ts';
import { parseExposition, type Exposition } from '../harness/parse-exposition.ts';
import { threeSitePlatform } from '../harness/platforms.ts';

/** Each stands nowhere else; they begin with what is short enough for a parser's message to quote. */
const PROMPT = 'zwq47-purple-walrus 国家機密の問い';
const ANSWER = 'qzh11-golden-heron 国家機密の答え';
const WORDS = ['zwq47', 'walrus', 'qzh11', 'heron', '国家'];

const usage = { prompt_tokens: 11, completion_tokens: 7, total_tokens: 18 };
const head = { id: 'c', created: 1, model: 'stub' };
const event = (value: unknown): string => `data: ${JSON.stringify(value)}\n\n`;

const manners: Readonly<Record<string, (response: ServerResponse, stream: boolean) => void>> = {
  good(response, stream) {
    const message = { role: 'assistant', content: ANSWER };
    if (!stream) {
      const choices = [{ index: 0, message, finish_reason: 'stop' }];
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ ...head, object: 'chat.completion', choices, usage }));
      return;
    }
    const chunk = { ...head, object: 'chat.completion.chunk' };
    response.setHeader('content-type', 'text/event-stream');
    response.write(event({ ...chunk, choices: [{ index: 0, delta: message, finish_reason: null }] }));
    response.write(event({ ...chunk, choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] }));
    response.end(`${event({ ...chunk, choices: [], usage })}data: [DONE]\n\n`);
  },
  'an error': (response) => {
    response.writeHead(500, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ error: { message: `cannot do ${PROMPT} ${ANSWER}` } }));
  },
  'a refusal': (response) => {
    response.writeHead(400, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ error: { message: `bad: ${PROMPT} ${ANSWER}`, code: PROMPT } }));
  },
  'JSON that is none': (response) => {
    response.setHeader('content-type', 'application/json');
    response.end(`{"choices": ${ANSWER}`);
  },
  'JSON of another shape': (response) => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ [ANSWER]: ANSWER, choices: ANSWER }));
  },
  'events that are none': (response) => {
    response.setHeader('content-type', 'text/event-stream');
    response.end(`data: ${ANSWER}\n\ndata: {"${ANSWER}\n\n: ${ANSWER}\n\n`);
  },
};

let home: Awaited<ReturnType<typeof temporaryHome>>;
let cell: CellProcess;
let server: Server;
let apiKey: string;
let manner = 'good';
let platform: unknown;

beforeAll(async () => {
  server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (bytes: Buffer) => parts.push(bytes));
    request.on('end', () =>
      manners[manner]?.(response, Buffer.concat(parts).toString('utf8').includes('"stream":true')),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/v1`;
  home = await temporaryHome();
  cell = await CellProcess.start(home.path, { args: ['--no-demo', '--log-level', 'info'] });
  platform = guarded(threeSitePlatform({ ishikari: url, tokyo: url, overseas: url }));
  await cell.admin('POST', '/platform/apply', { platform });
  apiKey = await cell.createKey('ministry', 'in-hokkaido');
});

afterAll(async () => {
  await cell?.stop();
  server?.close();
  await home?.remove();
});

/** With a guard that reads answers, so that these are parsed. */
function guarded(plain: unknown): unknown {
  const shape = z.looseObject({
    tenants: z.array(z.looseObject({ workspaces: z.array(z.looseObject({ id: z.string() })) })),
  });
  const parsed = shape.parse(JSON.parse(JSON.stringify(plain)));
  for (const { workspaces } of parsed.tenants) {
    for (const one of workspaces) one['guards'] = [{ guard: 'my-number', action: 'block' }];
  }
  return parsed;
}

async function scrape(format: 'prometheus' | 'openmetrics' = 'prometheus'): Promise<Exposition> {
  return parseExposition(await scrapedText(format), format);
}

async function scrapedText(format: 'prometheus' | 'openmetrics'): Promise<string> {
  const headers = {
    authorization: `Bearer ${await cell.adminKey()}`,
    ...(format === 'openmetrics' && {
      accept: 'application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3',
    }),
  };
  const response = await fetch(`${cell.url}/metrics`, { headers });
  expect(response.status).toBe(200);
  const type = response.headers.get('content-type');
  expect(type).toMatch(
    format === 'openmetrics'
      ? /^application\/openmetrics-text; version=1\.0\.0/
      : /^text\/plain; version=0\.0\.4/,
  );
  return response.text();
}

async function ask(body: unknown, key = apiKey): Promise<{ status: number; text: string }> {
  const response = await fetch(`${cell.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  // A stream that fails is cut off.
  return { status: response.status, text: await response.text().catch(() => '') };
}

const messages = [{ role: 'user', content: PROMPT }];
const chat = { model: 'stub', messages };

const Crossings = z.object({
  crossings: z.array(z.looseObject({ outcome: z.looseObject({ result: z.string() }).optional() })),
});

test('the counters add up to what the ledger recorded', async () => {
  const before = await scrape();
  manner = 'good';
  for (const stream of [false, true, false])
    expect((await ask({ ...chat, stream })).text).toContain('golden');
  manner = 'an error';
  expect((await ask(chat)).status).toBe(502);
  expect((await ask({ ...chat, model: 'stub-overseas' })).status).toBe(403);
  expect((await ask({ ...chat, model: 'zwq47-walrus' })).status).toBe(404);
  const after = await scrape('openmetrics');
  const grown = (name: string, labels?: Readonly<Record<string, string>>): number =>
    after.sum(name, labels) - before.sum(name, labels);

  const counted = grown('sekisho_crossings_total');
  const results = async (): Promise<(string | undefined)[]> =>
    Crossings.parse(await cell.admin('GET', '/crossings?limit=100')).crossings.map(
      ({ outcome }) => outcome?.result,
    );
  // What searches read follows the ledger a moment later.
  await expect.poll(async () => (await results()).filter(Boolean).length).toBe(counted);
  const recorded = await results();
  expect(recorded).toHaveLength(5);
  for (const result of ['completed', 'failed', 'denied']) {
    expect(grown('sekisho_crossings_total', { result })).toBe(
      recorded.filter((one) => one === result).length,
    );
  }
  expect(grown('sekisho_crossings_total', { result: 'completed', workspace: 'in-hokkaido' })).toBe(3);
  expect(grown('sekisho_crossings_total', { error_type: 'upstream_failed' })).toBe(1);
  const own = { workspace: 'in-hokkaido', gen_ai_request_model: 'stub' };
  expect(grown('sekisho_tokens_total', { ...own, gen_ai_token_type: 'input' })).toBe(33);
  expect(grown('sekisho_tokens_total', { ...own, gen_ai_token_type: 'output' })).toBe(21);
  expect(grown('gen_ai_server_time_to_first_token_seconds_count')).toBeGreaterThanOrEqual(1);
  expect(after.sum('sekisho_crossings_open')).toBe(0);
  // Two entries each.
  expect(grown('sekisho_ledger_appended_entries_total')).toBeGreaterThanOrEqual(2 * recorded.length);
  // The cell anchors each second: look until nothing is under way.
  await expect
    .poll(async () => {
      const now = await scrape();
      const settled = now.sum('sekisho_ledger_settled_entries_total');
      return [
        settled - now.sum('sekisho_ledger_appended_entries_total'),
        now.sum('sekisho_ledger_unsettled_entries'),
        now.sum('sekisho_ledger_sink_failures_total'),
      ];
    })
    .toEqual([0, 0, 0]);
  expect(grown('http_server_request_duration_seconds_count', { http_response_status_code: '404' })).toBe(1);
  expect(after.sum('sekisho_ledger_wal_bytes')).toBeGreaterThan(0);
  expect(after.sum('sekisho_decisions_total', { source: 'remembered' })).toBeGreaterThanOrEqual(3);
  expect(after.sum('sekisho_ledger_checkpoint_size', { log: 'ministry' })).toBeGreaterThan(0);
  expect(after.sum('sekisho_ledger_checkpoint_time_seconds', { log: 'ministry' })).toBeGreaterThan(
    1_700_000_000,
  );
});

test.each([
  ['a whole answer', 'good', chat],
  ['a stream', 'good', { ...chat, stream: true }],
  ['an error of the model server', 'an error', chat],
  ['an error in place of a stream', 'an error', { ...chat, stream: true }],
  ['a refusal of the model server', 'a refusal', chat],
  ['an answer that is no JSON', 'JSON that is none', chat],
  ['an answer of another shape', 'JSON of another shape', chat],
  ['a malformed stream', 'events that are none', { ...chat, stream: true }],
  ['a stream where none was asked for', 'events that are none', chat],
  [
    'a denied My Number',
    'good',
    { ...chat, messages: [{ role: 'user', content: `${PROMPT} 123456789018` }] },
  ],
  ['an unknown model', 'good', { ...chat, model: 'zwq47-walrus' }],
  ['a model that has no name', 'good', { ...chat, model: PROMPT }],
  ['an unknown parameter', 'good', { ...chat, [PROMPT]: PROMPT }],
  ['a body that is no JSON', 'good', `{"model": "stub", "messages": ${PROMPT}`],
  ['a body that ends early', 'good', `{"model": "${PROMPT}`],
])('%s leaves no word in metrics and logs', async (_name, how, body) => {
  manner = how;
  await ask(body);
  await ask(body, `sk-${Buffer.from(PROMPT).toString('base64url')}`);
  const told = `${await scrapedText('prometheus')}${await scrapedText('openmetrics')}${cell.output()}`;
  for (const word of WORDS) expect(told).not.toContain(word);
  // And they do say something.
  expect(cell.output()).toContain('"event":"crossing_ended"');
});

test.each(['operating.md', 'operating.ja.md'])(
  '%s names every metric, and none that is not there',
  async (page) => {
    manner = 'good';
    await ask({ ...chat, stream: true });
    const text = await readFile(join(import.meta.dirname, '..', '..', 'docs', page), 'utf8');
    const { families } = await scrape();
    const shown = [...families].map(([name, { type }]) => (type === 'counter' ? `${name}_total` : name));
    expect(shown.filter((name) => !text.includes(`\`${name}\``))).toEqual([]);
    const named = [...text.matchAll(/^\| (`.+?) \|/gm)]
      .flatMap(([, names = '']) => [...names.matchAll(/`([a-z0-9_]+)`/g)])
      .map(([, name = '']) => name);
    expect(named.length).toBeGreaterThan(30);
    // Without a policy there are no witnesses.
    expect(named.filter((name) => !shown.includes(name) && !name.startsWith('sekisho_witness'))).toEqual([]);
  },
);

test('needs the admin key', async () => {
  const status = async (headers: Record<string, string>): Promise<number> =>
    (await fetch(`${cell.url}/metrics`, { headers })).status;
  expect(await status({})).toBe(401);
  expect(await status({ authorization: `Bearer ${apiKey}` })).toBe(403);
});

test('a workspace and an endpoint that are gone leave no series', async () => {
  manner = 'good';
  await ask(chat);
  expect((await scrape()).sum('sekisho_crossings_total', { workspace: 'in-hokkaido' })).toBeGreaterThan(0);
  const Fewer = z.looseObject({
    tenants: z.array(z.looseObject({ workspaces: z.array(z.looseObject({ id: z.string() })) })),
  });
  const fewer = Fewer.parse(platform);
  for (const tenant of fewer.tenants) {
    tenant.workspaces = tenant.workspaces.filter(({ id }) => id !== 'in-hokkaido');
  }
  await cell.admin('POST', '/platform/apply', { platform: fewer });
  const { families } = await scrape();
  const labels = [...families.values()].flatMap(({ samples }) =>
    samples.map((one) => Object.values(one.labels)),
  );
  expect(labels.flat()).not.toContain('in-hokkaido');
});
