/** What the inference edge refuses, in OpenAI's error shape and before any crossing begins. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { FakeServer } from '../../flows/testing/chat-road.ts';
import { edgeServer } from '../testing/edge-server.ts';

let cell: Awaited<ReturnType<typeof edgeServer>>;
const usage = { inputTokens: 7, outputTokens: 5, estimated: false };

beforeAll(async () => {
  cell = await edgeServer(
    new FakeServer(async () => ({ kind: 'whole', status: 200, body: Buffer.from('{"ok":1}'), usage })),
  );
});

afterAll(async () => cell.close());

const OpenAiError = z.strictObject({
  error: z.strictObject({
    message: z.string().min(1),
    type: z.enum(['authentication_error', 'permission_error', 'invalid_request_error', 'server_error']),
    param: z.string().nullable(),
    code: z.string(),
    sekisho: z.strictObject({
      message: z.strictObject({ ja: z.string().min(1), en: z.string().min(1) }),
      faults: z.array(
        z.strictObject({
          path: z.string(),
          message: z.strictObject({ ja: z.string().min(1), en: z.string().min(1) }),
        }),
      ),
    }),
  }),
});

function post(body: string | Buffer, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${cell.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${cell.apiKey}`, ...headers },
    body,
  });
}

/** The refusal, which must have the shape and must not have begun a crossing. */
async function refused(answer: Promise<Response>) {
  const intents = cell.ledger.intents.length;
  const response = await answer;
  const text = await response.text();
  expect(cell.ledger.intents).toHaveLength(intents);
  expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8');
  const { error } = OpenAiError.parse(JSON.parse(text));
  return {
    status: response.status,
    code: error.code,
    type: error.type,
    param: error.param,
    paths: error.sekisho.faults.map((fault) => fault.path),
    message: error.message,
    bytes: text.length,
  };
}

const messages = [{ role: 'user', content: 'x' }];
const request = (fields: object): string => JSON.stringify({ model: 'mini', messages, ...fields });

describe('a request is answered', () => {
  it.each([
    ['with a charset', { 'content-type': 'application/json; charset=utf-8' }],
    [
      'with a data class and a purpose',
      { 'x-sekisho-data-class': 'special-care', 'x-sekisho-purpose': 'A-1 (b)' },
    ],
  ])('%s', async (_name, headers) => {
    const response = await post(request({}), headers);
    expect(response.status).toBe(200);
    expect(response.headers.get('x-sekisho-receipt')).toBe(cell.ledger.outcomes.at(-1)!.crossing);
  });

  it('at 4 MiB', async () => {
    const frame = request({ messages: [{ role: 'user', content: '' }] });
    const content = 'x'.repeat(4 * 1024 * 1024 - frame.length);
    expect((await post(request({ messages: [{ role: 'user', content }] }))).status).toBe(200);
    expect(
      await refused(post(request({ messages: [{ role: 'user', content: `${content}x` }] }))),
    ).toMatchObject({
      status: 413,
      code: 'request_too_large',
    });
  });
});

describe('a body is refused', () => {
  it.each([
    ['empty', ''],
    ['no JSON', '{"model":'],
    ['with a byte order mark', `\uFEFF${request({})}`],
    ['nested without end', '['.repeat(100_000)],
    ['no UTF-8', Buffer.from(request({ user: 'caf\u00e9' }), 'latin1')],
    ['an array', '[]'],
    ['null', 'null'],
    ['a text', '"hello"'],
  ])('%s', async (_name, body) => {
    expect(await refused(post(body))).toMatchObject({ status: 400, code: 'invalid_request' });
  });

  it.each([
    ['at the top', request({ store: true }), 'unsupported_parameter', ['store']],
    [
      'several',
      request({ metadata: {}, functions: [], service_tier: 'auto' }),
      'unsupported_parameter',
      ['metadata', 'functions', 'service_tier'],
    ],
    [
      'named __proto__',
      request({}).replace('{', '{"__proto__":{"a":1},'),
      'unsupported_parameter',
      ['__proto__'],
    ],
    ['named constructor', request({ constructor: 1 }), 'unsupported_parameter', ['constructor']],
    [
      'in a message',
      request({ messages: [{ role: 'user', content: 'x', cache: 1 }] }),
      'invalid_request',
      ['messages.0.cache'],
    ],
    [
      'named __proto__ in a message',
      '{"model":"mini","messages":[{"role":"user","content":"x","__proto__":{}}]}',
      'invalid_request',
      ['messages.0.__proto__'],
    ],
    ['in an option', request({ stream_options: { x: 1 } }), 'invalid_request', ['stream_options.x']],
    [
      'a part that is no text',
      request({ messages: [{ role: 'user', content: [{ type: 'image_url', image_url: {} }] }] }),
      'invalid_request',
      ['messages.0.content'],
    ],
    [
      'a role that does not exist',
      request({ messages: [{ role: 'root', content: 'x' }] }),
      'invalid_request',
      ['messages.0.role'],
    ],
    ['n above eight', request({ n: 9 }), 'invalid_request', ['n']],
    ['temperature', request({ temperature: 2.1 }), 'invalid_request', ['temperature']],
    ['five stops', request({ stop: ['a', 'b', 'c', 'd', 'e'] }), 'invalid_request', ['stop']],
    [
      'several fields',
      request({ n: 0, top_p: 7, stream: 'yes' }),
      'invalid_request',
      ['stream', 'top_p', 'n'],
    ],
  ])('for a field that it cannot carry: %s', async (_name, body, code, paths) => {
    const refusal = await refused(post(body));
    expect(refusal).toMatchObject({ status: 400, code, type: 'invalid_request_error' });
    for (const path of paths) expect(refusal.paths.join(' ')).toContain(path);
    expect(refusal.message).toContain(paths[0]!);
  });

  const tool = (fields: object = {}): object => ({ type: 'function', function: { name: 'find', ...fields } });
  const calling = (call: object): object[] => [
    { role: 'assistant', content: null, tool_calls: [{ id: 'a', type: 'function', ...call }] },
  ];
  const nested = (levels: number): object => (levels === 1 ? {} : { a: nested(levels - 1) });
  const image = (url: string): object[] => [
    { role: 'user', content: [{ type: 'image_url', image_url: { url } }] },
  ];

  it.each<[string, object, string]>([
    ['no tool at all', { tools: [] }, 'tools'],
    ['129 tools', { tools: Array.from({ length: 129 }, (_, i) => tool({ name: `t${i}` })) }, 'tools'],
    ['one name twice', { tools: [tool(), tool()] }, 'tools'],
    ['a tool that is no function', { tools: [{ type: 'custom', custom: {} }] }, 'tools.0.type'],
    ['a name with a space', { tools: [tool({ name: 'a b' })] }, 'tools.0.function.name'],
    ['a tool with an unknown field', { tools: [tool({ x: 1 })] }, 'tools.0.function.x'],
    ['a schema that is a list', { tools: [tool({ parameters: [] })] }, 'tools.0.function.parameters'],
    ['33 levels', { tools: [tool({ parameters: nested(33) })] }, 'tools.0.function.parameters'],
    [
      'too many values',
      { tools: [tool({ parameters: { enum: Array.from({ length: 10_000 }, () => 1) } })] },
      'tools.0.function.parameters',
    ],
    [
      'too long a schema',
      { tools: [tool({ parameters: { title: 'x'.repeat(256 * 1024 + 1) } })] },
      'tools.0.function.parameters',
    ],
    [
      'a schema with __proto__',
      { tools: [tool({ parameters: JSON.parse('{"a":{"__proto__":{}}}') })] },
      'tools.0.function.parameters',
    ],
    ['a choice without tools', { tool_choice: 'required' }, 'tool_choice'],
    ['parallel calls without tools', { parallel_tool_calls: false }, 'parallel_tool_calls'],
    [
      'the choice of a tool that is not there',
      { tools: [tool()], tool_choice: tool({ name: 'other' }) },
      'tool_choice.function.name',
    ],
    ['a choice that does not exist', { tools: [tool()], tool_choice: 'always' }, 'tool_choice'],
    [
      'a call without arguments',
      { messages: calling({ function: { name: 'a' } }) },
      'messages.0.tool_calls.0.function.arguments',
    ],
    [
      'a tool message without a call',
      { messages: [{ role: 'tool', content: 'x' }] },
      'messages.0.tool_call_id',
    ],
    [
      'an image in a system message',
      { messages: [{ role: 'system', content: [{ type: 'image_url', image_url: { url: 'data:' } }] }] },
      'messages.0.content',
    ],
    ['a format that does not exist', { response_format: { type: 'xml' } }, 'response_format.type'],
    [
      'a schema of an answer without a name',
      { response_format: { type: 'json_schema', json_schema: { schema: {} } } },
      'response_format.json_schema.name',
    ],
    ['top_logprobs alone', { top_logprobs: 2 }, 'top_logprobs'],
    ['21 top_logprobs', { logprobs: true, top_logprobs: 21 }, 'top_logprobs'],
    ['a bias of a word', { logit_bias: { word: 1 } }, 'logit_bias.word'],
    ['a bias over 100', { logit_bias: { 5: 101 } }, 'logit_bias.5'],
    ['an effort that does not exist', { reasoning_effort: 'heroic' }, 'reasoning_effort'],
    ['an empty cache key', { prompt_cache_key: '' }, 'prompt_cache_key'],
  ])('with %s', async (_name, fields, path) => {
    const refusal = await refused(post(request(fields)));
    expect(refusal).toMatchObject({ status: 400, code: 'invalid_request' });
    expect(refusal.paths.join(' ')).toContain(path);
  });

  it.each([
    'https://example.jp/a.png',
    'http://169.254.169.254/latest',
    'file:///etc/passwd',
    'data:text/plain;base64,eA==',
    'data:image/svg+xml;base64,eA==',
    'data:image/png,x',
    'data:image/png;base64,',
    'data:image/png;base64,e A',
    'DATA:image/png;base64,eA==',
  ])('with an image that is not in the request itself: %s', async (url) => {
    expect(await refused(post(request({ messages: image(url) })))).toMatchObject({
      status: 400,
      code: 'unsupported_parameter',
      param: 'messages.0.content.0.image_url.url',
    });
  });

  it.each<[string, object]>([
    ['an image that is', { messages: image('data:image/png;base64,eHg=') }],
    ['32 levels', { tools: [tool({ parameters: nested(32) })], tool_choice: 'auto' }],
    ['eight choices', { n: 8 }],
    ['no choice and no tools', { tool_choice: 'none' }],
    [
      'a call and its result',
      {
        messages: [
          ...calling({ function: { name: 'a', arguments: 'no JSON' } }),
          { role: 'tool', content: 'x', tool_call_id: 'a' },
        ],
      },
    ],
  ])('but not with %s', async (_name, fields) => {
    expect((await post(request(fields))).status).toBe(200);
  });

  it('with hundreds of thousands of unknown fields in an answer of bounded size', async () => {
    const keys = Array.from({ length: 100_000 }, (_, i) => `"k${i}":0`).join(',');
    expect((await refused(post(`{${keys}}`))).bytes).toBeLessThan(512 * 1024);
    const long = await refused(post(request({ ['k'.repeat(1_000_000)]: 1 })));
    expect(long.bytes).toBeLessThan(4096);
  });

  it.each(['text/plain', 'application/x-www-form-urlencoded', 'application/jsonx', ''])(
    'of type "%s"',
    async (type) => {
      expect(await refused(post(request({}), { 'content-type': type }))).toMatchObject({
        status: 415,
        code: 'unsupported_media_type',
      });
    },
  );
});

describe('a header is refused', () => {
  it.each([
    ['x-sekisho-data-class', 'secret'],
    ['x-sekisho-data-class', ''],
    ['x-sekisho-data-class', 'confidentiality-1, special-care'],
    ['x-sekisho-purpose', ''],
    ['x-sekisho-purpose', 'x'.repeat(101)],
    ['x-sekisho-purpose', 'caf\u00e9'],
    ['x-sekisho-purpose', 'a\tb'],
  ])('%s: %s', async (name, value) => {
    expect(await refused(post(request({}), { [name]: value }))).toMatchObject({
      code: 'invalid_request',
      param: name,
    });
  });
});

describe('a path', () => {
  const ask = (method: string, path: string, key: string | undefined = cell.apiKey): Promise<Response> =>
    fetch(`${cell.url}${path}`, { method, headers: key === '' ? {} : { authorization: `Bearer ${key}` } });

  it.each([
    ['GET', '/v1/chat/completions', 405, 'method_not_allowed'],
    ['OPTIONS', '/v1/chat/completions', 405, 'method_not_allowed'],
    ['POST', '/v1/models', 405, 'method_not_allowed'],
    ['GET', '/v1/', 404, 'not_found'],
    ['GET', '/v1/embeddings', 404, 'not_found'],
    ['GET', '/v1/models/', 404, 'not_found'],
    ['GET', '/v1/receipts/', 404, 'not_found'],
    ['GET', '/v1/receipts/..%2f..%2fadmin.key', 404, 'not_found'],
    ['GET', '/v1/receipts/00000000-0000-4000-8000-000000000000', 404, 'not_found'],
    ['GET', `/v1/receipts/${'a'.repeat(5000)}`, 404, 'not_found'],
  ])('%s %s', async (method, path, status, code) => {
    const refusal = await refused(ask(method, path));
    expect(refusal).toMatchObject({ status, code });
    expect(refusal.bytes).toBeLessThan(4096);
  });

  it('needs a key before anything else is said about it', async () => {
    for (const path of ['/v1/nowhere', '/v1/chat/completions', '/v1/receipts/x']) {
      expect(await refused(ask('GET', path, ''))).toMatchObject({ code: 'authentication_required' });
      expect(await refused(ask('GET', path, 'x'.repeat(300)))).toMatchObject({ code: 'invalid_api_key' });
    }
  });

  it('answers HEAD without a body', async () => {
    const head = await ask('HEAD', '/v1/models');
    expect(head.status).toBe(405);
    expect(await head.text()).toBe('');
  });
});

describe('the message', () => {
  it.each([
    ['ja', 'ja'],
    ['JA-JP,en;q=0.5', 'ja'],
    ['en,ja;q=0.5', 'en'],
    ['jam', 'en'],
    ['', 'en'],
  ])('under Accept-Language %s is %s', async (accepted, language) => {
    const { message } = await refused(post(request({ n: 9 }), { 'accept-language': accepted }));
    expect(/[ぁ-ん]/.test(message)).toBe(language === 'ja');
  });

  it('never repeats a value of the request', async () => {
    const secret = 'marunouchi-4711';
    const refusal = await refused(
      post(request({ user: [secret], temperature: secret, model: `${secret} ` })),
    );
    expect(refusal.message).not.toContain(secret);
  });
});
