/**
 * What a workspace may not send does not leave the cell and stands nowhere in it, seen by a model server that
 * repeats whatever it is sent, to the official client.
 */
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import OpenAI, { APIError } from 'openai';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { CellProcess, temporaryHome } from '../harness/cell-process.ts';
import { threeSitePlatform } from '../harness/platforms.ts';

const NUMBER = '123456789018';
const FORMS = [NUMBER, '1234-5678-9018', '１２３４５６７８９０１８'];

let home: Awaited<ReturnType<typeof temporaryHome>>;
let cell: CellProcess;
let server: Server;
const received: string[] = [];

const Asked = z.object({
  stream: z.boolean().optional(),
  messages: z.array(z.object({ content: z.string() })),
});
const usage = { prompt_tokens: 3, completion_tokens: 3, total_tokens: 6 };
const head = { id: 'chatcmpl-echo', created: 1, model: 'stub' };

/** Repeats the last message, in a stream character by character. */
async function startEcho(): Promise<string> {
  server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (bytes: Buffer) => parts.push(bytes));
    request.on('end', () => {
      const body = Buffer.concat(parts).toString('utf8');
      received.push(body);
      const { stream, messages } = Asked.parse(JSON.parse(body));
      const content = messages.at(-1)?.content ?? '';
      if (stream !== true) {
        const choices = [{ index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' }];
        response.setHeader('content-type', 'application/json');
        response.end(JSON.stringify({ ...head, object: 'chat.completion', choices, usage }));
        return;
      }
      response.setHeader('content-type', 'text/event-stream');
      const event = (choices: unknown, more: object = {}): void =>
        void response.write(
          `data: ${JSON.stringify({ ...head, object: 'chat.completion.chunk', choices, ...more })}\n\n`,
        );
      for (const character of content.split('')) {
        event([{ index: 0, delta: { content: character }, finish_reason: null }]);
      }
      event([{ index: 0, delta: {}, finish_reason: 'stop' }]);
      event([], { usage });
      response.end('data: [DONE]\n\n');
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/v1`;
}

beforeAll(async () => {
  home = await temporaryHome();
  const url = await startEcho();
  cell = await CellProcess.start(home.path, { args: ['--no-demo', '--log-level', 'info'] });
  const text = JSON.stringify(threeSitePlatform({ ishikari: url, tokyo: url, overseas: url }));
  const platform = z
    .looseObject({
      tenants: z.array(z.looseObject({ workspaces: z.array(z.looseObject({ id: z.string() })) })),
    })
    .parse(JSON.parse(text));
  for (const workspace of platform.tenants[0]?.workspaces ?? []) {
    if (workspace.id === 'in-hokkaido') workspace['guards'] = [{ guard: 'my-number', action: 'mask' }];
  }
  await cell.admin('POST', '/platform/apply', { platform });
});

afterAll(async () => {
  await cell?.stop();
  server?.close();
  await home?.remove();
});

async function clientOf(workspace: string): Promise<OpenAI> {
  const apiKey = await cell.createKey('ministry', workspace);
  return new OpenAI({ apiKey, baseURL: `${cell.url}/v1`, maxRetries: 0 });
}

function ask(content: string) {
  return { model: 'stub', messages: [{ role: 'user' as const, content }] };
}

test('a workspace without the class refuses each way to write a My Number, and passes a wrong one', async () => {
  const client = await clientOf('in-japan');
  for (const form of FORMS) {
    const refusal: unknown = await client.chat.completions
      .create(ask(`番号は${form}です`))
      .catch((error) => error);
    expect(refusal).toBeInstanceOf(APIError);
    expect(refusal).toMatchObject({ status: 400, code: 'guard_blocked' });
  }
  expect(received).toEqual([]);
  const { choices } = await client.chat.completions.create(ask('番号は123456789012です'));
  expect(choices[0]?.message.content).toBe('番号は123456789012です');
});

test('a workspace that masks gets its answer whole again, also as a stream of single characters', async () => {
  const client = await clientOf('in-hokkaido');
  const { choices } = await client.chat.completions.create(ask(`番号は${NUMBER}です`));
  expect(choices[0]?.message.content).toBe(`番号は${NUMBER}です`);
  let streamed = '';
  for await (const chunk of await client.chat.completions.create({
    ...ask(`番号は${NUMBER}です`),
    stream: true,
  })) {
    streamed += chunk.choices[0]?.delta.content ?? '';
  }
  expect(streamed).toBe(`番号は${NUMBER}です`);
});

test('the number reached no model server, and stands in no file and no log of the cell', async () => {
  expect(received.length).toBeGreaterThan(0);
  for (const body of received) for (const form of FORMS) expect(body).not.toContain(form);
  const outcomes = await cell.admin('GET', '/crossings?limit=50');
  expect(JSON.stringify(outcomes)).not.toContain(NUMBER);
  expect(await cell.stop()).toBe(0);
  expect(cell.output()).not.toContain(NUMBER);
  const holding: string[] = [];
  for (const entry of await readdir(home.path, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const file = join(entry.parentPath, entry.name);
    const bytes = await readFile(file);
    if (FORMS.some((form) => bytes.includes(form))) holding.push(file);
  }
  expect(holding).toEqual([]);
});
