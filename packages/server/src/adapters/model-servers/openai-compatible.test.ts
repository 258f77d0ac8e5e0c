import { ChatCompletionRequest, SekishoError } from '@sekisho/contract';
import { afterEach, describe, expect, it } from 'vitest';
import { TargetUnavailable, type ModelAnswer } from '../../domains/inference/index.ts';
import { OpenAiCompatibleServer } from './openai-compatible.ts';
import { httpAnswer, RawServer, type RawAnswer } from './testing/raw-server.ts';

const open: { close(): Promise<void> }[] = [];

afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
});

async function serverThat(answer: RawAnswer): Promise<RawServer> {
  const server = await RawServer.start(answer);
  open.push(server);
  return server;
}

function clientOf(url: string, firstByteTimeoutMs = 5_000, apiKey?: string): OpenAiCompatibleServer {
  const client = new OpenAiCompatibleServer({ url, apiKey, firstByteTimeoutMs });
  open.push({ close: () => client.close() });
  return client;
}

const never = new AbortController().signal;
const text = '{"model":"mini", "messages":[{"role":"user","content":"関所"}],"temperature":1.0}';

function ask(
  client: OpenAiCompatibleServer,
  options: { body?: string; upstreamModel?: string; signal?: AbortSignal } = {},
): Promise<ModelAnswer> {
  const completion = ChatCompletionRequest.parse(JSON.parse(options.body ?? text));
  const request = { upstreamModel: options.upstreamModel ?? completion.model, completion };
  return client.complete(request, options.signal ?? never);
}

/** `unavailable`, the error's code, or what else was thrown. */
async function refusal(answer: Promise<unknown>): Promise<string> {
  try {
    await answer;
    return 'answered';
  } catch (cause) {
    if (cause instanceof TargetUnavailable) return 'unavailable';
    return cause instanceof SekishoError ? cause.code : String(cause);
  }
}

const good = JSON.stringify({ choices: [], usage: { prompt_tokens: 7, completion_tokens: 5 } });

describe('a whole answer', () => {
  it('comes as the server’s own bytes, with its count', async () => {
    const server = await serverThat((socket) => socket.write(httpAnswer(200, good)));
    const answer = await ask(clientOf(server.url));
    expect(answer).toEqual({
      kind: 'whole',
      status: 200,
      body: Buffer.from(good),
      usage: { inputTokens: 7, outputTokens: 5, estimated: false },
    });
  });

  it('carries what was parsed, each field once, and none of the client’s headers', async () => {
    const server = await serverThat((socket) => socket.write(httpAnswer(200, good)));
    await ask(clientOf(server.url, 5_000, 'server-key'), { body: text.replace('{', '{"model":"other",') });
    expect(server.requests[0]!.body).not.toContain('other');
    expect(JSON.parse(server.requests[0]!.body)).toEqual(JSON.parse(text));
    const [requestLine, ...headers] = server.requests[0]!.head.split('\r\n');
    expect(requestLine).toBe('POST /v1/chat/completions HTTP/1.1');
    expect(headers.map((header) => header.split(':')[0]!.toLowerCase()).sort()).toEqual([
      'authorization',
      'connection',
      'content-length',
      'content-type',
      'host',
    ]);
    expect(headers).toContain('authorization: Bearer server-key');
  });

  it('is asked for under the name that the server knows', async () => {
    const server = await serverThat((socket) => socket.write(httpAnswer(200, good)));
    await ask(clientOf(server.url), { upstreamModel: 'org/model-q8' });
    expect(JSON.parse(server.requests[0]!.body)).toEqual({ ...JSON.parse(text), model: 'org/model-q8' });
    expect(server.requests[0]!.head).not.toMatch(/authorization/i);
  });

  it('comes over connections that are used again, also after a refusal', async () => {
    let turn = 0;
    const server = await serverThat((socket) => socket.write(httpAnswer(turn++ === 1 ? 400 : 200, good)));
    const client = clientOf(server.url);
    for (let i = 0; i < 20; i++) await ask(client);
    expect(server.requests).toHaveLength(20);
    // A connection is free again one turn of the event loop after its answer.
    expect(server.connections).toBeLessThanOrEqual(2);
  });

  it('is waited for behind an interim answer (RFC 9110 section 15.2)', async () => {
    const hints = 'HTTP/1.1 103 Early Hints\r\nlink: </x>; rel=preload\r\n\r\n';
    const server = await serverThat((socket) => socket.write(hints + httpAnswer(200, good)));
    expect(await ask(clientOf(server.url))).toMatchObject({ kind: 'whole', status: 200 });
  });

  it.each([400, 413, 422])('of status %i goes to the client, who can mend it', async (status) => {
    const body = '{"error":{"message":"too long"}}';
    const server = await serverThat((socket) => socket.write(httpAnswer(status, body)));
    expect(await ask(clientOf(server.url))).toMatchObject({
      status,
      body: Buffer.from(body),
      usage: { inputTokens: 0, outputTokens: 0 },
    });
  });
});

describe('a server that did nothing may be passed over', () => {
  it('when nobody listens', async () => {
    const server = await RawServer.start(() => undefined);
    const { url } = server;
    await server.close();
    expect(await refusal(ask(clientOf(url)))).toBe('unavailable');
  });

  it('when its host does not exist', async () => {
    expect(await refusal(ask(clientOf('http://no-such-host.invalid/v1')))).toBe('unavailable');
  });

  it.each([429, 503])('when it says %i', async (status) => {
    const server = await serverThat((socket) => socket.write(httpAnswer(status, '{"error":{}}')));
    expect(await refusal(ask(clientOf(server.url)))).toBe('unavailable');
  });

  it('when it says 503 and never ends saying it', async () => {
    const server = await serverThat((socket) => {
      socket.write('HTTP/1.1 503 Busy\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n');
    });
    expect(await refusal(ask(clientOf(server.url)))).toBe('unavailable');
    await server.abandoned();
  });
});

describe('a probe', () => {
  it.each([
    [200, true],
    [401, true],
    [404, true],
    [500, false],
    [503, false],
  ])('of a server that says %i is %s', async (status, isUp) => {
    const server = await serverThat((socket) => socket.write(httpAnswer(status, '{}')));
    expect(await clientOf(server.url).probe()).toBe(isUp);
    expect(server.requests[0]?.head).toMatch(/^GET \/v1\/models /);
  });

  it('of a server that is not there is false', async () => {
    expect(await clientOf('http://127.0.0.1:1/v1').probe()).toBe(false);
  });
});

describe('a server that may have had the data is never repeated elsewhere', () => {
  it.each([301, 307, 401, 404, 418, 500, 502, 504])('when it says %i', async (status) => {
    const server = await serverThat((socket) =>
      socket.write(httpAnswer(status, '{"secret":1}', ['location: http://127.0.0.1:1/'])),
    );
    expect(await refusal(ask(clientOf(server.url)))).toBe('upstream_failed');
    expect(server.requests).toHaveLength(1);
  });

  const usage = (prompt: unknown, completion: unknown): string =>
    JSON.stringify({ choices: [], usage: { prompt_tokens: prompt, completion_tokens: completion } });

  it.each([
    ['is not JSON', 'I am a teapot'],
    ['is JSON and no object', '"hello"'],
    ['is an array', '[]'],
    ['has no usage', '{"choices":[]}'],
    ['has null usage', '{"choices":[],"usage":null}'],
    ['counts below zero', usage(-1, 1)],
    ['counts beyond all reason', usage(1, 1e15)],
    ['counts in halves', usage(1.5, 1)],
    ['counts in text', usage('7', 5)],
  ])('when its 200 %s', async (_name, body) => {
    const server = await serverThat((socket) => socket.write(httpAnswer(200, body)));
    expect(await refusal(ask(clientOf(server.url)))).toBe('upstream_failed');
  });

  it.each([
    ['closes without an answer', (): string => ''],
    ['closes inside its headers', (): string => 'HTTP/1.1 200 OK\r\ncontent-ty'],
    ['closes inside its body', (): string => httpAnswer(200, good).slice(0, -3)],
    ['does not speak HTTP', (): string => 'SSH-2.0-OpenSSH_9.6\r\n'],
    ['says its length twice', (): string => httpAnswer(200, good, ['content-length: 1'])],
    [
      'sends endless headers',
      (): string => `HTTP/1.1 200 OK\r\n${'x-pad: yyyyyyyyyyyyyyy\r\n'.repeat(9_000)}`,
    ],
  ])('when it %s', async (_name, bytes) => {
    const server = await serverThat((socket) => socket.end(bytes()));
    expect(await refusal(ask(clientOf(server.url)))).toBe('upstream_failed');
  });

  it('when it resets the connection inside its body', async () => {
    const server = await serverThat((socket) =>
      socket.write(httpAnswer(200, good).slice(0, -3), () => socket.resetAndDestroy()),
    );
    expect(await refusal(ask(clientOf(server.url)))).toBe('upstream_failed');
  });

  it('when its body is over 32 MiB, of which no more is read', async () => {
    const piece = Buffer.alloc(1024 * 1024, ' ');
    let pieces = 0;
    const server = await serverThat((socket) => {
      socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${1024 * piece.length}\r\n\r\n`);
      const write = (): void => {
        while (!socket.destroyed && pieces++ < 1024) if (!socket.write(piece)) return;
      };
      socket.on('drain', write);
      write();
    });
    expect(await refusal(ask(clientOf(server.url)))).toBe('upstream_failed');
    await server.abandoned();
    expect(pieces).toBeLessThan(64);
  });

  it('when its first byte takes too long', async () => {
    const server = await serverThat(() => undefined);
    expect(await refusal(ask(clientOf(server.url, 100)))).toBe('upstream_failed');
    await server.abandoned();
  });
});

describe('aborting', () => {
  it('before the answer closes the connection', async () => {
    const abort = new AbortController();
    const server = await serverThat(() => abort.abort());
    expect(await refusal(ask(clientOf(server.url), { signal: abort.signal }))).toBe('upstream_failed');
    await server.abandoned();
  });

  it('beforehand sends nothing', async () => {
    const server = await serverThat((socket) => socket.write(httpAnswer(200, good)));
    const client = clientOf(server.url);
    await refusal(ask(client, { signal: AbortSignal.abort() }));
    await ask(client);
    expect(server.requests).toHaveLength(1);
  });

  it('ends the wait for a connection when all are busy, and then nothing is sent', async () => {
    const held: (() => void)[] = [];
    const server = await serverThat((socket) => held.push(() => socket.write(httpAnswer(200, good))));
    const client = clientOf(server.url);
    const busy = Array.from({ length: 256 }, () => ask(client));
    await expect.poll(() => held.length, { timeout: 10_000 }).toBe(256);

    const abort = new AbortController();
    const waiting = refusal(ask(client, { signal: abort.signal }));
    abort.abort();
    expect(await waiting).toBe('upstream_failed');
    for (const answer of held) answer();
    await Promise.all(busy);
    const last = ask(client);
    await expect.poll(() => held.length).toBe(257);
    held.at(-1)!();
    await last;
    expect(server.requests).toHaveLength(257);
  });
});
