/**
 * The official client, as OpenAI's and as Azure OpenAI's, with all that is more than text: seen by a model server that
 * keeps what it receives.
 */
import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import OpenAI, { APIError, APIUserAbortError, AzureOpenAI } from 'openai';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { CellProcess, temporaryHome } from '../harness/cell-process.ts';
import { threeSitePlatform } from '../harness/platforms.ts';

const NUMBER = '123456789018';
const WEATHER = { city: '札幌', days: 2, note: 'a "quoted" one\n' };

let home: Awaited<ReturnType<typeof temporaryHome>>;
let cell: CellProcess;
let server: Server;
let apiKey: string;
let maskingKey: string;
let received: Record<string, unknown>[] = [];
let heldOpen: ServerResponse[] = [];

const Asked = z.looseObject({
  stream: z.boolean().optional(),
  tools: z.array(z.unknown()).optional(),
  n: z.int().optional(),
  messages: z.array(z.looseObject({ role: z.string(), content: z.unknown().optional() })),
});
const head = { id: 'chatcmpl-stub', created: 1, model: 'stub' };
const usage = { prompt_tokens: 3, completion_tokens: 3, total_tokens: 6 };

/** Calls both of its tools with what it was told, or answers in JSON; in a stream by characters. */
function answer(body: z.infer<typeof Asked>, response: ServerResponse): void {
  const last = body.messages.at(-1)?.content;
  const said = typeof last === 'string' ? last : '';
  if (said === 'wait') return void heldOpen.push(response);
  const callsOf = (text: string) =>
    ['call_1', 'call_2'].map((id) => ({
      id,
      type: 'function',
      function: { name: 'weather', arguments: text },
    }));
  const toolText = JSON.stringify({ ...WEATHER, said });
  const isCalling = body.tools !== undefined && body.messages.at(-1)?.role === 'user';
  if (body.stream !== true) {
    const message = isCalling
      ? { role: 'assistant', content: null, tool_calls: callsOf(toolText) }
      : { role: 'assistant', content: JSON.stringify({ said }) };
    const choices = Array.from({ length: body.n ?? 1 }, (_, index) => ({
      index,
      message,
      logprobs: { content: [{ token: 'x', logprob: -0.5, bytes: [120], top_logprobs: [] }], refusal: null },
      finish_reason: isCalling ? 'tool_calls' : 'stop',
    }));
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ ...head, object: 'chat.completion', choices, usage }));
    return;
  }
  response.setHeader('content-type', 'text/event-stream');
  const event = (choices: unknown, more: object = {}): void =>
    void response.write(
      `data: ${JSON.stringify({ ...head, object: 'chat.completion.chunk', choices, ...more })}\n\n`,
    );
  const delta = (value: object, finish: string | null = null): void =>
    event([{ index: 0, delta: value, finish_reason: finish }]);
  delta({ role: 'assistant', content: null });
  for (const [index, call] of callsOf('').entries()) {
    delta({ tool_calls: [{ index, ...call }] });
    for (const unit of toolText.split('')) delta({ tool_calls: [{ index, function: { arguments: unit } }] });
  }
  delta({}, 'tool_calls');
  event([], { usage });
  response.end('data: [DONE]\n\n');
}

beforeAll(async () => {
  home = await temporaryHome();
  server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (bytes: Buffer) => parts.push(bytes));
    request.on('end', () => {
      if (request.method === 'GET') return void response.end('{"object":"list","data":[]}');
      const body = Asked.parse(JSON.parse(Buffer.concat(parts).toString('utf8')));
      received.push(body);
      answer(body, response);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/v1`;
  cell = await CellProcess.start(home.path, { args: ['--no-demo'] });
  const platform = z
    .looseObject({
      tenants: z.array(z.looseObject({ workspaces: z.array(z.looseObject({ id: z.string() })) })),
    })
    .parse(threeSitePlatform({ ishikari: url, tokyo: url, overseas: url }));
  for (const workspace of platform.tenants[0]?.workspaces ?? []) {
    if (workspace.id === 'in-hokkaido') workspace['guards'] = [{ guard: 'my-number', action: 'mask' }];
  }
  await cell.admin('POST', '/platform/apply', { platform });
  apiKey = await cell.createKey('ministry', 'in-japan');
  maskingKey = await cell.createKey('ministry', 'in-hokkaido');
});

beforeEach(() => {
  received = [];
  heldOpen = [];
});

afterAll(async () => {
  await cell?.stop();
  server?.closeAllConnections();
  server?.close();
  await home?.remove();
});

const clients = {
  OpenAI: (key: string) => new OpenAI({ apiKey: key, baseURL: `${cell.url}/v1`, maxRetries: 0 }),
  AzureOpenAI: (key: string) =>
    new AzureOpenAI({ apiKey: key, endpoint: cell.url, apiVersion: '2024-10-21', maxRetries: 0 }),
  'OpenAI on Azure v1': (key: string) =>
    new OpenAI({ apiKey: key, baseURL: `${cell.url}/openai/v1`, maxRetries: 0 }),
};

const tools: OpenAI.ChatCompletionTool[] = [
  {
    type: 'function',
    function: {
      name: 'weather',
      description: '天気を調べる',
      parameters: {
        type: 'object',
        properties: {
          city: { type: 'string', enum: ['札幌', '石狩'] },
          days: { type: 'integer', maximum: 7 },
        },
        required: ['city'],
        additionalProperties: false,
      },
      strict: true,
    },
  },
];
const user = (content: string): OpenAI.ChatCompletionMessageParam[] => [{ role: 'user', content }];

async function refusal(call: Promise<unknown>): Promise<APIError> {
  const error = await call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(APIError);
  return error as APIError;
}

describe.each(Object.entries(clients))('%s', (_name, clientOf) => {
  test('calls tools, whole, and sends their results', async () => {
    const request = { model: 'stub', messages: user('天気'), tools, parallel_tool_calls: true };
    const { choices } = await clientOf(apiKey).chat.completions.create({
      ...request,
      tool_choice: 'required',
    });
    const calls = choices[0]!.message.tool_calls!;
    expect(calls.map((call) => call.type === 'function' && JSON.parse(call.function.arguments))).toEqual([
      { ...WEATHER, said: '天気' },
      { ...WEATHER, said: '天気' },
    ]);
    expect(received).toEqual([{ ...request, tool_choice: 'required' }]);

    const messages = [
      ...request.messages,
      choices[0]!.message,
      ...calls.map(({ id }) => ({ role: 'tool' as const, tool_call_id: id, content: '晴れ' })),
    ];
    const last = await clientOf(apiKey).chat.completions.create({ ...request, messages });
    expect(last.choices[0]!.message.content).toBe('{"said":"晴れ"}');
    expect(received[1]).toEqual({ ...request, messages });
  });

  test('calls tools in a stream that its own helper puts together', async () => {
    const stream = clientOf(apiKey).chat.completions.stream({
      model: 'stub',
      messages: user('天気'),
      tools: [
        {
          ...tools[0]!,
          function: { ...(tools[0] as OpenAI.ChatCompletionFunctionTool).function, strict: false },
        },
      ],
    });
    const { choices } = await stream.finalChatCompletion();
    expect(
      choices[0]!.message.tool_calls!.map(
        (call) => call.type === 'function' && JSON.parse(call.function.arguments),
      ),
    ).toEqual([
      { ...WEATHER, said: '天気' },
      { ...WEATHER, said: '天気' },
    ]);
  });

  test('asks for JSON by a schema, several choices, probabilities, an image', async () => {
    const request = {
      model: 'stub',
      messages: [
        {
          role: 'user' as const,
          content: [
            { type: 'text' as const, text: '何' },
            {
              type: 'image_url' as const,
              image_url: { url: 'data:image/png;base64,eHg=', detail: 'low' as const },
            },
          ],
        },
      ],
      response_format: {
        type: 'json_schema' as const,
        json_schema: {
          name: 'said',
          strict: true,
          schema: { type: 'object', properties: { said: { type: 'string' } } },
        },
      },
      n: 3,
      logprobs: true,
      top_logprobs: 2,
      logit_bias: { '50256': -100 },
      reasoning_effort: 'low' as const,
      prompt_cache_key: 'a-conversation',
    };
    const answered = await clientOf(apiKey).chat.completions.create(request);
    expect(answered.choices).toHaveLength(3);
    expect(answered.choices[2]!.logprobs!.content).toMatchObject([{ token: 'x', logprob: -0.5 }]);
    expect(received).toEqual([request]);
  });

  test('is masked in tools, calls and results, and what it gets back is whole and JSON', async () => {
    const messages: OpenAI.ChatCompletionMessageParam[] = [
      {
        role: 'assistant',
        tool_calls: [
          { id: 'a', type: 'function', function: { name: 'weather', arguments: `{"n":${NUMBER}}` } },
        ],
      },
      { role: 'tool', tool_call_id: 'a', content: `番号 ${NUMBER}` },
      { role: 'user', content: `番号は${NUMBER}` },
    ];
    const about = structuredClone(tools);
    (about[0] as OpenAI.ChatCompletionFunctionTool).function.parameters!['examples'] = [`n ${NUMBER}`];
    const request = { model: 'stub', messages, tools: about };
    const client = clientOf(maskingKey);
    const whole = await client.chat.completions.create(request);
    const pieces = new Map<number, string>();
    for await (const chunk of await client.chat.completions.create({ ...request, stream: true })) {
      for (const call of chunk.choices[0]?.delta.tool_calls ?? [])
        pieces.set(call.index, (pieces.get(call.index) ?? '') + (call.function?.arguments ?? ''));
    }
    expect(JSON.stringify(received)).not.toContain(NUMBER);
    expect(JSON.stringify(received[0])).toContain('[[my-number-1]]');
    const wanted = { ...WEATHER, said: `番号は${NUMBER}` };
    const calls = whole.choices[0]!.message.tool_calls!;
    for (const call of calls)
      expect(call.type === 'function' && JSON.parse(call.function.arguments)).toEqual(wanted);
    expect([...pieces.values()].map((text) => JSON.parse(text) as unknown)).toEqual([wanted, wanted]);
  });

  test('is refused by name what would leave the boundary, and what is not kept', async () => {
    const client = clientOf(apiKey);
    const fetched = [{ type: 'image_url' as const, image_url: { url: 'https://example.com/a.png' } }];
    expect(
      await refusal(
        client.chat.completions.create({ model: 'stub', messages: [{ role: 'user', content: fetched }] }),
      ),
    ).toMatchObject({
      status: 400,
      code: 'unsupported_parameter',
      param: 'messages.0.content.0.image_url.url',
    });
    expect(
      await refusal(client.chat.completions.create({ model: 'stub', messages: user('x'), store: true })),
    ).toMatchObject({ status: 400, code: 'unsupported_parameter', param: 'store' });
    expect(received).toEqual([]);
  });

  test('leaves, and the server is left alone', async () => {
    const abort = new AbortController();
    const call = clientOf(apiKey).chat.completions.create(
      { model: 'stub', messages: user('wait') },
      { signal: abort.signal },
    );
    await expect.poll(() => heldOpen.length, { timeout: 10_000 }).toBe(1);
    const gone = once(heldOpen[0]!, 'close');
    abort.abort();
    await expect(call).rejects.toBeInstanceOf(APIUserAbortError);
    await gone;
    expect(heldOpen[0]!.writableFinished).toBe(false);
  });

  test('lists models', async () => {
    const { data } = await clientOf(apiKey).models.list();
    expect(data.map(({ id }) => id)).toContain('stub');
  });
});

describe('AzureOpenAI', () => {
  test('takes its deployment from itself, and a key as a token', async () => {
    const client = new AzureOpenAI({
      endpoint: cell.url,
      azureADTokenProvider: async () => apiKey,
      deployment: 'stub',
      apiVersion: '2025-04-01-preview',
      maxRetries: 0,
    });
    const { choices } = await client.chat.completions.create({ model: 'gpt-4o', messages: user('x') });
    expect(choices[0]!.message.content).toBe('{"said":"x"}');
    expect(received).toMatchObject([{ model: 'stub' }]);
  });

  test('is told no in the shape of its own', async () => {
    const ask = (key: string, model: string, text: string, apiVersion = '2024-10-21') =>
      refusal(
        new AzureOpenAI({
          apiKey: key,
          endpoint: cell.url,
          apiVersion,
          maxRetries: 0,
        }).chat.completions.create({
          model,
          messages: user(text),
        }),
      );
    expect(await ask('wrong', 'stub', 'x')).toMatchObject({ status: 401, code: '401' });
    expect(await ask(apiKey, 'gpt-9', 'x')).toMatchObject({ status: 404, code: 'DeploymentNotFound' });
    expect(await ask(apiKey, 'stub-overseas', 'x')).toMatchObject({ status: 403, code: 'residency_denied' });
    expect(await ask(apiKey, 'stub', 'x', '2031-01-01')).toMatchObject({ code: 'unsupported_parameter' });
    const filtered = await ask(apiKey, 'stub', NUMBER);
    expect(filtered).toMatchObject({ status: 400, code: 'content_filter' });
    expect(filtered.headers!.get('x-sekisho-receipt')).toMatch(/^[0-9a-f-]{36}$/);
    expect(received).toEqual([]);
  });
});
