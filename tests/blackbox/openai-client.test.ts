/**
 * The official OpenAI client against a started cell with its demo platform: only the base URL
 * differs from what its users already have.
 */
import { verifyReceipt, parseVerifierKeys, checkPayload } from '@sekisho/proof';
import OpenAI, { APIError, APIUserAbortError } from 'openai';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CellProcess, temporaryHome } from '../harness/cell-process.ts';

let home: Awaited<ReturnType<typeof temporaryHome>>;
let cell: CellProcess;
let demo: Awaited<ReturnType<CellProcess['demo']>>;
let ministry: OpenAI;
let city: OpenAI;

const clientWith = (apiKey: string): OpenAI =>
  new OpenAI({ apiKey, baseURL: `${cell.url}/v1`, maxRetries: 0 });

beforeAll(async () => {
  home = await temporaryHome();
  cell = await CellProcess.start(home.path);
  demo = await cell.demo();
  ministry = clientWith(demo.apiKeys['policy-drafting']!);
  city = clientWith(demo.apiKeys['resident-services']!);
});

afterAll(async () => {
  await cell?.stop();
  await home?.remove();
});

const hello = { model: 'sekisho-mini', messages: [{ role: 'user' as const, content: 'こんにちは' }] };

async function receiptOf(id: string, apiKey: string): Promise<Uint8Array> {
  const response = await fetch(`${cell.url}/v1/receipts/${id}`, {
    headers: { authorization: `Bearer ${apiKey}` },
  });
  expect(response.status).toBe(200);
  return new Uint8Array(await response.arrayBuffer());
}

function verified(receipt: Uint8Array) {
  const verdict = verifyReceipt(receipt, parseVerifierKeys(demo.verifierKeys.join('\n')));
  if (verdict.verdict !== 'valid') throw new Error(`${verdict.code} at ${verdict.where}`);
  return verdict.receipt;
}

async function refusal(call: Promise<unknown>): Promise<APIError> {
  const error = await call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(APIError);
  return error as APIError;
}

describe('a chat completion', () => {
  test('is answered inside the boundary, with a receipt that verifies offline', async () => {
    const { data, response } = await city.chat.completions
      .create({ ...hello, max_tokens: 40 })
      .withResponse();
    expect(data.choices[0]!.message.content).not.toBe('');
    expect(data.usage!.completion_tokens).toBeGreaterThan(0);

    const id = response.headers.get('x-sekisho-receipt')!;
    const { statement } = verified(await receiptOf(id, demo.apiKeys['resident-services']!));
    expect(statement).toMatchObject({
      crossing: id,
      tenant: 'demo-city',
      workspace: 'resident-services',
      dataClass: 'confidentiality-2',
      result: 'completed',
      status: 200,
    });
    expect(statement.carried!.assurance).toBe('declared');
    expect(statement.carried!.copies.map((copy) => copy.place)).toEqual(['012351', '012351', '012351']);
    expect(statement.usage.inputTokens).toBe(data.usage!.prompt_tokens);
    expect(statement.usage.outputTokens).toBe(data.usage!.completion_tokens);
  });

  test('binds the request and the answer to its receipt without holding their text', async () => {
    const request = JSON.stringify({ ...hello, max_tokens: 12 });
    const response = await fetch(`${cell.url}/v1/chat/completions`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        authorization: `Bearer ${demo.apiKeys['policy-drafting']}`,
      },
      body: request,
    });
    const answer = Buffer.from(await response.arrayBuffer());
    const bytes = await receiptOf(
      response.headers.get('x-sekisho-receipt')!,
      demo.apiKeys['policy-drafting']!,
    );
    const receipt = verified(bytes);
    expect(checkPayload(receipt, { request: Buffer.from(request), answer })).toMatchObject({
      request: 'matches',
      answer: 'matches',
    });
    expect(checkPayload(receipt, { request: Buffer.from(`${request} `) })).toMatchObject({
      request: 'differs',
    });
    expect(Buffer.from(bytes).toString('utf8')).not.toContain('こんにちは');
  });

  test('streams, and carries the receipt id in a comment that the client passes over', async () => {
    const { data: stream, response } = await ministry.chat.completions
      .create({ ...hello, stream: true, stream_options: { include_usage: true } })
      .withResponse();
    let text = '';
    let usage: OpenAI.CompletionUsage | null | undefined;
    for await (const chunk of stream) {
      text += chunk.choices[0]?.delta.content ?? '';
      usage = chunk.usage ?? usage;
    }
    expect(text).not.toBe('');
    expect(usage!.completion_tokens).toBeGreaterThan(0);
    const receipt = verified(
      await receiptOf(response.headers.get('x-sekisho-receipt')!, demo.apiKeys['policy-drafting']!),
    );
    expect(receipt.statement).toMatchObject({ result: 'completed' });
    expect(receipt.statement.usage.outputTokens).toBe(usage!.completion_tokens);
  });

  test('ends a stream with the receipt id in the last event', async () => {
    const response = await fetch(`${cell.url}/v1/chat/completions`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        authorization: `Bearer ${demo.apiKeys['resident-services']}`,
      },
      body: JSON.stringify({ ...hello, stream: true }),
    });
    const events = (await response.text()).trimEnd().split('\n\n');
    expect(events.at(-1)).toBe(`: receipt ${response.headers.get('x-sekisho-receipt')}\ndata: [DONE]`);
    const chunks = events.slice(0, -1).map((event) => event.replace(/^data: /, ''));
    expect(chunks.some((chunk) => chunk.includes('"usage"'))).toBe(false);

    // The committed answer of a stream is its JSON texts, each followed by a line feed.
    const receipt = verified(
      await receiptOf(response.headers.get('x-sekisho-receipt')!, demo.apiKeys['resident-services']!),
    );
    const answer = Buffer.from(chunks.map((chunk) => `${chunk}\n`).join(''));
    expect(checkPayload(receipt, { answer })).toMatchObject({ answer: 'matches' });
  });

  test('that the client aborts is stopped, metered and recorded', async () => {
    const { data: stream, response } = await city.chat.completions
      .create({
        model: 'sekisho-mini',
        stream: true,
        messages: [{ role: 'user', content: 'Explain Sekisho in detail.' }],
      })
      .withResponse();
    const chunks = stream[Symbol.asyncIterator]();
    for (let seen = 0; seen < 3; seen++) await chunks.next();
    stream.controller.abort();

    const id = response.headers.get('x-sekisho-receipt')!;
    await expect
      .poll(
        async () => {
          const status = await fetch(`${cell.url}/v1/receipts/${id}`, {
            headers: { authorization: `Bearer ${demo.apiKeys['resident-services']}` },
          });
          return status.status;
        },
        { timeout: 10_000 },
      )
      .toBe(200);
    const { statement } = verified(await receiptOf(id, demo.apiKeys['resident-services']!));
    // A short answer may have been finished before the abort arrived.
    expect(['aborted', 'completed']).toContain(statement.result);
    expect(statement.usage.inputTokens).toBeGreaterThan(0);
    expect(statement.usage.outputTokens).toBeGreaterThan(0);
    expect(statement.usage.amountYen).not.toBe('0');
  });

  test('that is aborted before it answers raises the client’s own abort error', async () => {
    const abort = new AbortController();
    const call = city.chat.completions.create({ ...hello, stream: true }, { signal: abort.signal });
    abort.abort();
    await expect(call).rejects.toBeInstanceOf(APIUserAbortError);
  });
});

describe('is refused, in OpenAI’s shape', () => {
  test('without a key, with a wrong key', async () => {
    expect(await refusal(clientWith('sk-sekisho-wrong').chat.completions.create(hello))).toMatchObject({
      status: 401,
      code: 'invalid_api_key',
    });
    const bare = await fetch(`${cell.url}/v1/models`);
    expect(bare.status).toBe(401);
    expect(await bare.json()).toMatchObject({ error: { code: 'authentication_required' } });
  });

  test('with the admin key, which cannot use data', async () => {
    expect(await refusal(clientWith(demo.adminKey).chat.completions.create(hello))).toMatchObject({
      status: 403,
      code: 'not_permitted',
    });
  });

  test('for an unknown model', async () => {
    const error = await refusal(ministry.chat.completions.create({ ...hello, model: 'gpt-9' }));
    expect(error).toMatchObject({ status: 404, code: 'model_not_found' });
  });

  test('for a parameter that is not supported, by name', async () => {
    const error = await refusal(ministry.chat.completions.create({ ...hello, logit_bias: { 50256: -100 } }));
    expect(error).toMatchObject({ status: 400, code: 'unsupported_parameter', param: 'logit_bias' });
    expect(error.message).toContain('logit_bias');
  });

  test('for a parameter that the only allowed target does not support', async () => {
    const error = await refusal(city.chat.completions.create({ ...hello, presence_penalty: 1 }));
    expect(error).toMatchObject({ status: 400, code: 'unsupported_parameter', param: 'presence_penalty' });
  });

  test('for every malformed field at once', async () => {
    const error = await refusal(
      ministry.chat.completions.create({ model: 'sekisho-mini', messages: [], temperature: 9 }),
    );
    expect(error).toMatchObject({ status: 400, code: 'invalid_request' });
    expect(error.message).toContain('messages');
    expect(error.message).toContain('temperature');
  });

  test('by residency policy, with the reasons, and recorded', async () => {
    const error = await refusal(
      ministry.chat.completions.create({ ...hello, model: 'sekisho-mini-overseas' }),
    );
    expect(error).toMatchObject({ status: 403, code: 'residency_denied' });
    expect(error.message).toContain('processing in US');
    const id = error.headers!.get('x-sekisho-receipt')!;
    const { statement } = verified(await receiptOf(id, demo.apiKeys['policy-drafting']!));
    expect(statement).toMatchObject({ result: 'denied', status: 403 });
    expect(statement.carried).toBeUndefined();
  });

  test('for a data class that the workspace does not allow', async () => {
    const error = await refusal(
      ministry.chat.completions.create(hello, { headers: { 'x-sekisho-data-class': 'my-number' } }),
    );
    expect(error).toMatchObject({ status: 403, code: 'residency_denied' });
  });
});

test('models are those that the boundary allows', async () => {
  const names = async (client: OpenAI): Promise<string[]> =>
    (await client.models.list()).data.map(({ id }) => id);
  expect(await names(ministry)).toEqual(['sekisho-mini', 'sekisho-mini-tokyo']);
  expect(await names(city)).toEqual(['sekisho-mini']);
});

test('a receipt of another workspace looks like one that does not exist', async () => {
  const { response } = await ministry.chat.completions.create({ ...hello, max_tokens: 4 }).withResponse();
  const id = response.headers.get('x-sekisho-receipt')!;
  const other = await fetch(`${cell.url}/v1/receipts/${id}`, {
    headers: { authorization: `Bearer ${demo.apiKeys['resident-services']}` },
  });
  expect(other.status).toBe(404);
});

test('a revoked key is refused from the next request on', async () => {
  const secret = await cell.createKey('demo-city', 'resident-services');
  const client = clientWith(secret);
  await client.models.list();
  const keyId = secret.split('-')[2]!;
  await cell.admin('POST', `/keys/${keyId}/revoke`);
  expect(await refusal(client.chat.completions.create(hello))).toMatchObject({ code: 'invalid_api_key' });
});

test('the overseas model server has seen nothing of all this', async () => {
  const counts = await (await fetch(demo.overseasCountsUrl)).json();
  expect(counts).toEqual({ connections: 0, bytesReceived: 0, requests: 0 });
});
