/** Azure OpenAI's API: what its clients send is answered by the same road, and refused in its shape. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { FakeServer } from '../../flows/testing/chat-road.ts';
import { edgeServer } from '../testing/edge-server.ts';

let cell: Awaited<ReturnType<typeof edgeServer>>;
let asked: object[] = [];
const usage = { inputTokens: 7, outputTokens: 5, estimated: false };

beforeAll(async () => {
  cell = await edgeServer(
    new FakeServer(async ({ completion }) => {
      asked.push(completion);
      return { kind: 'whole', status: 200, body: Buffer.from('{"choices":[]}'), usage };
    }),
  );
});

afterAll(async () => cell.close());

const AzureError = z.strictObject({
  error: z.strictObject({
    code: z.string(),
    message: z.string().min(1),
    param: z.string().nullable(),
    type: z.null(),
    innererror: z.strictObject({ code: z.string(), content_filter_result: z.strictObject({}) }).optional(),
    sekisho: z.strictObject({
      code: z.string(),
      message: z.strictObject({ ja: z.string().min(1), en: z.string().min(1) }),
      faults: z.array(z.unknown()),
    }),
  }),
});

const dated = (deployment: string, version = '?api-version=2024-10-21'): string =>
  `/openai/deployments/${deployment}/chat/completions${version}`;
const V1 = '/openai/v1/chat/completions';
const messages = [{ role: 'user', content: 'x' }];

function post(path: string, fields: object, headers?: Record<string, string>): Promise<Response> {
  asked = [];
  return fetch(`${cell.url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(headers ?? { 'api-key': cell.apiKey }) },
    body: JSON.stringify({ messages, ...fields }),
  });
}

async function refused(answer: Promise<Response>) {
  const intents = cell.ledger.intents.length;
  const response = await answer;
  expect(cell.ledger.intents).toHaveLength(intents);
  const { error } = AzureError.parse(await response.json());
  return { status: response.status, code: error.code, ours: error.sekisho.code, param: error.param };
}

describe('a chat completion', () => {
  it.each<[string, string, object]>([
    ['of the deployment in the path', dated('mini'), {}],
    ['of that one, whatever the body says', dated('mini'), { model: 'gpt-4o' }],
    ['of an escaped one', dated('%6dini'), {}],
    ['under the newest preview', dated('mini', '?api-version=2025-04-01-preview'), {}],
    ['under v1, which has no version', V1, { model: 'mini' }],
    ['under v1 and preview', `${V1}?api-version=preview`, { model: 'mini' }],
    ['under v1 and latest', `${V1}?api%2Dversion=latest`, { model: 'mini' }],
  ])('%s', async (_name, path, fields) => {
    const response = await post(path, fields);
    expect(response.status).toBe(200);
    expect(asked).toMatchObject([{ model: 'mini', messages }]);
    expect(response.headers.get('x-sekisho-receipt')).toBe(cell.ledger.outcomes.at(-1)!.crossing);
  });

  it('with the key in either header, or in both', async () => {
    const bearer = { authorization: `Bearer ${cell.apiKey}` };
    for (const headers of [bearer, { ...bearer, 'api-key': cell.apiKey }]) {
      expect((await post(dated('mini'), {}, headers)).status).toBe(200);
    }
  });
});

describe('is refused', () => {
  it.each<[string, Record<string, string>, string]>([
    ['no key', {}, 'authentication_required'],
    ['an empty one', { 'api-key': '' }, 'invalid_api_key'],
    ['a wrong one', { 'api-key': 'x' }, 'invalid_api_key'],
    ['a wrong one of two', { authorization: 'Bearer x' }, 'invalid_api_key'],
  ])('%s', async (name, headers, ours) => {
    const sent = name.endsWith('two') ? { ...headers, 'api-key': cell.apiKey } : headers;
    expect(await refused(post(dated('mini'), {}, sent))).toMatchObject({ status: 401, code: '401', ours });
  });

  it('the key of another beside a good one', async () => {
    const headers = { 'api-key': cell.apiKey, authorization: 'Bearer sk-sekisho-admin-test' };
    expect(await refused(post(dated('mini'), {}, headers))).toMatchObject({ ours: 'invalid_api_key' });
  });

  it.each<[string, string, number, string, string | null]>([
    ['no version', dated('mini', ''), 400, 'invalid_request', 'api-version'],
    [
      'one of the future',
      dated('mini', '?api-version=2031-01-01'),
      400,
      'unsupported_parameter',
      'api-version',
    ],
    ['v1 with a date', `${V1}?api-version=2024-10-21`, 400, 'unsupported_parameter', 'api-version'],
    [
      'dates with preview',
      dated('mini', '?api-version=preview'),
      400,
      'unsupported_parameter',
      'api-version',
    ],
    [
      'two versions',
      dated('mini', '?api-version=2024-10-21&api-version=2024-06-01'),
      400,
      'unsupported_parameter',
      'api-version',
    ],
    ['another parameter', dated('mini', '?api-version=2024-10-21&x=1'), 400, 'unsupported_parameter', null],
    ['a deployment that is none', dated('gpt-9'), 404, 'DeploymentNotFound', null],
    ['no name', dated('..%2f..%2fx%00'), 404, 'DeploymentNotFound', null],
    ['a broken escape', dated('%zz'), 404, 'DeploymentNotFound', null],
    ['another path', '/openai/deployments/mini/completions?api-version=2024-10-21', 404, 'not_found', null],
    ['v1 without a model', V1, 400, 'invalid_request', 'model'],
  ])('%s', async (_name, path, status, code, param) => {
    expect(await refused(post(path, {}))).toMatchObject({ status, code, param });
  });

  it('a field that is not carried, and one that is malformed', async () => {
    expect(await refused(post(dated('mini'), { data_sources: [] }))).toMatchObject({
      code: 'unsupported_parameter',
      param: 'data_sources',
    });
    expect(await refused(post(dated('mini'), { n: 9 }))).toMatchObject({
      code: 'invalid_request',
      param: 'n',
    });
  });

  it('what a guard does not let pass, as a content filter does', async () => {
    const response = await post(
      dated('mini'),
      {},
      {
        'api-key': cell.apiKey,
        'x-sekisho-purpose': 'for 123456789018',
      },
    );
    expect(response.status).toBe(400);
    expect(AzureError.parse(await response.json()).error).toMatchObject({
      code: 'content_filter',
      param: 'prompt',
      innererror: { code: 'ResponsibleAIPolicyViolation' },
      sekisho: { code: 'guard_blocked' },
    });
  });

  it('the wrong method', async () => {
    const headers = { 'api-key': cell.apiKey };
    expect(await refused(fetch(`${cell.url}${V1}`, { headers }))).toMatchObject({ status: 405 });
    expect(await refused(fetch(`${cell.url}/openai/v1/models`, { method: 'POST', headers }))).toMatchObject({
      status: 405,
    });
  });
});

it('lists the models as OpenAI does', async () => {
  const list = (path: string, headers: Record<string, string>): Promise<string> =>
    fetch(`${cell.url}${path}`, { headers }).then((response) => response.text());
  const ours = await list('/v1/models', { authorization: `Bearer ${cell.apiKey}` });
  expect(JSON.parse(ours)).toMatchObject({ data: [{ id: 'mini' }] });
  const azure = { 'api-key': cell.apiKey };
  expect(await list('/openai/v1/models', azure)).toBe(ours);
  expect(await list('/openai/models?api-version=2024-10-21', azure)).toBe(ours);
  expect(await list('/openai/models', azure)).toContain('invalid_request');
});
