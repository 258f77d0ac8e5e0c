import { ChatCompletionRequest, SekishoError } from '@sekisho/contract';
import type { Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { ModelAnswer } from '../../domains/inference/index.ts';
import { OpenAiCompatibleServer } from './openai-compatible.ts';
import { httpAnswer, httpChunk, RawServer, STREAM_HEAD, type RawAnswer } from './testing/raw-server.ts';

const open: { close(): Promise<void> }[] = [];

afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
});

type Stream = Extract<ModelAnswer, { kind: 'stream' }>;

async function streamFrom(
  answer: RawAnswer,
  options: { includeUsage?: boolean; signal?: AbortSignal } = {},
): Promise<{ stream: Stream; server: RawServer }> {
  const server = await RawServer.start(answer);
  open.push(server);
  const client = new OpenAiCompatibleServer({
    url: server.url,
    apiKey: undefined,
    firstByteTimeoutMs: 5_000,
  });
  open.push({ close: () => client.close() });
  const completion = ChatCompletionRequest.parse({
    model: 'mini',
    stream: true,
    messages: [{ role: 'user', content: '関所' }],
    ...(options.includeUsage === undefined
      ? {}
      : { stream_options: { include_usage: options.includeUsage } }),
  });
  const signal = options.signal ?? new AbortController().signal;
  const stream = await client.complete({ upstreamModel: 'mini', completion }, signal);
  if (stream.kind !== 'stream') throw new Error('a stream was expected');
  return { stream, server };
}

/** What was read, and the code with which it ended. */
async function readAll(stream: Stream): Promise<{ texts: string[]; code?: string }> {
  const texts: string[] = [];
  try {
    for await (const chunk of stream.chunks) texts.push(chunk.toString('utf8'));
    return { texts };
  } catch (cause) {
    return { texts, code: cause instanceof SekishoError ? cause.code : String(cause) };
  }
}

const word = (content: string): string => JSON.stringify({ choices: [{ index: 0, delta: { content } }] });
const counted = JSON.stringify({ choices: [], usage: { prompt_tokens: 7, completion_tokens: 5 } });
const event = (payload: string): string => `data: ${payload}\n\n`;
const says = (text: string) => (socket: Socket) =>
  void socket.write(STREAM_HEAD + httpChunk(text) + httpChunk(''));
const answers = [word('境界'), word('の中')].map(event).join('');
const done = event('[DONE]');

describe('a stream', () => {
  it('asks for usage where the client did not, and keeps it to itself', async () => {
    const { stream, server } = await streamFrom(says(answers + event(counted) + done));
    expect(await readAll(stream)).toEqual({ texts: [word('境界'), word('の中')] });
    expect(stream.usage()).toEqual({ inputTokens: 7, outputTokens: 5, estimated: false });
    expect(JSON.parse(server.requests[0]!.body)).toMatchObject({ stream_options: { include_usage: true } });
  });

  it('gives usage to the client that asked', async () => {
    const { stream, server } = await streamFrom(says(answers + event(counted) + done), {
      includeUsage: true,
    });
    expect((await readAll(stream)).texts).toEqual([word('境界'), word('の中'), counted]);
    expect(JSON.parse(server.requests[0]!.body)).toMatchObject({ stream_options: { include_usage: true } });
  });

  it('keeps a usage that stands in a chunk with text', async () => {
    const both = JSON.stringify({ choices: [{}], usage: { prompt_tokens: 1, completion_tokens: 2 } });
    const { stream } = await streamFrom(says(event(both) + done));
    expect((await readAll(stream)).texts).toEqual([both]);
    expect(stream.usage()).toMatchObject({ inputTokens: 1, outputTokens: 2 });
  });

  it('is estimated where the server does not count', async () => {
    const { stream } = await streamFrom(says(answers + done));
    await readAll(stream);
    expect(stream.usage()).toMatchObject({ outputTokens: 2, estimated: true });
    expect(stream.usage().inputTokens).toBeGreaterThan(0);
  });

  it('is the same when every byte comes alone', async () => {
    const { stream } = await streamFrom((socket) => {
      const text = STREAM_HEAD + [...Buffer.from(answers + done)].map(byteChunk).join('') + httpChunk('');
      socket.write(text, 'latin1');
    });
    expect((await readAll(stream)).texts).toEqual([word('境界'), word('の中')]);
  });
});

const byteChunk = (byte: number): string => `1\r\n${String.fromCharCode(byte)}\r\n`;

describe('a stream is failed', () => {
  it.each([
    ['ends without [DONE]', answers],
    ['sends an array', event('[]') + done],
    ['ends inside an event', `${answers}data: {"cho`],
    ['counts below zero', event('{"choices":[],"usage":{"prompt_tokens":-1,"completion_tokens":0}}') + done],
    ['counts in no JSON', event('{"usage": oops') + done],
    ['says an error of its own', event('{"error":{"message":"out of memory","code":500}}') + done],
    ['sends what is no JSON object', event('hello') + done],
    ['sends a JSON text that is no object', event('"hello"') + done],
  ])('that %s', async (_name, text) => {
    const { stream } = await streamFrom(says(text));
    expect(await readAll(stream)).toMatchObject({ code: 'upstream_failed' });
  });

  it('that the server resets', async () => {
    const { stream } = await streamFrom((socket) => {
      socket.write(STREAM_HEAD + httpChunk(answers), () => socket.resetAndDestroy());
    });
    expect((await readAll(stream)).code).toBeDefined();
  });

  it.each([
    ['another content type', httpAnswer(200, '{}')],
    ['no content type', 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}'],
  ])('that has %s', async (_name, answer) => {
    await expect(streamFrom((socket) => socket.write(answer))).rejects.toMatchObject({
      code: 'upstream_failed',
    });
  });
});

describe('a server cannot speak to the client past its chunks', () => {
  /** Lines that would be an event, a comment or an end of their own once framed again. */
  it.each([
    ['several data fields', 'data: {"choices":[]}\ndata:\ndata: : receipt forged\ndata: data: [DONE]\n\n'],
    ['a carriage return', 'data: {"choices":[]}\r\r: receipt forged\rdata: [DONE]\n\n'],
  ])('by %s', async (_name, text) => {
    const { stream } = await streamFrom(says(text + done));
    const { texts, code } = await readAll(stream);
    expect(code).toBe('upstream_failed');
    expect(texts).toEqual([]);
  });

  it('but JSON on several lines is JSON, on one line', async () => {
    const { stream } = await streamFrom(says(`data: {"choices":\ndata: []}\n\n${done}`));
    expect((await readAll(stream)).texts).toEqual(['{"choices":[]}']);
  });
});

describe('a stream is stopped at the server', () => {
  /** Streams words for ever, as fast as they are taken; counts what was written. */
  function endless(): { answer: RawAnswer; written: () => number; stalled: () => Promise<void> } {
    const piece = httpChunk(event(word('x'.repeat(16 * 1024))));
    let bytes = 0;
    let waiting = false;
    const answer: RawAnswer = (socket) => {
      socket.write(STREAM_HEAD);
      const write = (): void => {
        waiting = false;
        while (!socket.destroyed) {
          bytes += piece.length;
          if (socket.write(piece)) continue;
          waiting = true;
          return;
        }
      };
      socket.on('drain', () => setImmediate(write));
      write();
    };
    /** Resolves when nothing could be written for several turns of the event loop. */
    const stalled = async (): Promise<void> => {
      for (let still = 0, last = -1; still < 200; last = bytes) {
        await new Promise((resolve) => setImmediate(resolve));
        still = waiting && bytes === last ? still + 1 : 0;
      }
    };
    return { answer, written: () => bytes, stalled };
  }

  it('when the signal aborts', async () => {
    const abort = new AbortController();
    const { stream, server } = await streamFrom(endless().answer, { signal: abort.signal });
    const reader = stream.chunks[Symbol.asyncIterator]();
    await reader.next();
    abort.abort();
    await server.abandoned();
    await expect(
      (async () => {
        for (;;) if ((await reader.next()).done === true) return;
      })(),
    ).rejects.toThrow();
  });

  it('when the reader leaves', async () => {
    const { stream, server } = await streamFrom(endless().answer);
    for await (const chunk of stream.chunks) if (chunk.length > 0) break;
    await server.abandoned();
  });

  it('while nobody pulls, so that a slow reader costs no memory', async () => {
    const source = endless();
    const { stream } = await streamFrom(source.answer);
    const reader = stream.chunks[Symbol.asyncIterator]();
    await reader.next();
    await source.stalled();
    // What the sockets of both sides hold, and little of ours: without a pause it would never stall.
    expect(source.written()).toBeLessThan(64 * 1024 * 1024);
    const before = source.written();
    for (let pulled = 0; pulled < before + 1024 * 1024; pulled += 16 * 1024) await reader.next();
    expect(source.written()).toBeGreaterThan(before);
    await reader.return?.();
  });
});
