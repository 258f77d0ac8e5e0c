import { createHmac } from 'node:crypto';
import { SekishoError } from '@sekisho/contract';
import { describe, expect, it } from 'vitest';
import type { ModelAnswer } from '../domains/inference/index.ts';
import { RecordedFailure, type ChatAnswer } from './chat-exchange.ts';
import { chatRequest, chatRoad, FakeServer } from './testing/chat-road.ts';

const never = new AbortController().signal;
const request = chatRequest({ stream: true });

/** A server that streams these chunks, then ends or fails; notes when its stream is let go. */
function streaming(chunks: readonly string[], failure?: unknown) {
  const state = { letGo: false, sent: 0 };
  async function* source(): AsyncGenerator<Buffer, void, undefined> {
    try {
      for (const chunk of chunks) {
        state.sent++;
        yield Buffer.from(chunk);
      }
      if (failure !== undefined) throw failure;
    } finally {
      state.letGo = true;
    }
  }
  const server = new FakeServer(async (): Promise<ModelAnswer> => {
    const usage = () => ({ inputTokens: 7, outputTokens: state.sent, estimated: false });
    return { kind: 'stream', chunks: source(), usage };
  });
  return { server, state };
}

async function chunksOf(answer: Promise<ChatAnswer>): Promise<AsyncIterator<Buffer>> {
  const given = await answer;
  if (given.kind !== 'stream') throw new Error('a stream was expected');
  return given.chunks[Symbol.asyncIterator]();
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return 'went on';
  } catch (cause) {
    if (cause instanceof RecordedFailure) return `recorded:${cause.failure.code}`;
    return cause instanceof SekishoError ? cause.code : String(cause);
  }
}

describe('the outcome of a stream', () => {
  it('is durable before the stream ends, and commits to its chunks', async () => {
    const { server } = streaming(['{"a":1}', '{"b":2}']);
    const { completeChat, ledger } = chatRoad({ one: server });
    const chunks = await chunksOf(completeChat.run(request, never));
    await chunks.next();
    await chunks.next();
    expect(ledger.outcomes).toEqual([]);
    expect(await chunks.next()).toMatchObject({ done: true });
    expect(ledger.outcomes).toMatchObject([
      { result: 'completed', status: 200, carried: { endpoint: 'one' }, usage: { outputTokens: 2 } },
    ]);
    const salt = ledger.attachments[1]!.subarray(32);
    const expected = createHmac('sha256', salt).update('{"a":1}\n{"b":2}\n').digest('hex');
    expect(ledger.outcomes[0]!.answer!.commitment).toBe(`hmac-sha256:${expected}`);
  });

  it('is completed, without an answer, for a stream of nothing', async () => {
    const { completeChat, ledger } = chatRoad({ one: streaming([]).server });
    await (await chunksOf(completeChat.run(request, never))).next();
    expect(ledger.outcomes).toMatchObject([{ result: 'completed' }]);
    expect(ledger.outcomes[0]).not.toHaveProperty('answer');
  });

  it('is aborted when the consumer leaves, counts what was produced, and lets the server go', async () => {
    const { server, state } = streaming(['a', 'b', 'c']);
    const { completeChat, ledger } = chatRoad({ one: server });
    const chunks = await chunksOf(completeChat.run(request, never));
    await chunks.next();
    await chunks.return!();
    expect(state.letGo).toBe(true);
    expect(ledger.outcomes).toMatchObject([{ result: 'aborted', status: 499, usage: { outputTokens: 1 } }]);
  });

  it('is aborted, not failed, when the signal ends the server’s stream', async () => {
    const abort = new AbortController();
    const { server } = streaming(['a'], new Error('aborted'));
    const { completeChat, ledger, warnings } = chatRoad({ one: server });
    const chunks = await chunksOf(completeChat.run(request, abort.signal));
    await chunks.next();
    abort.abort();
    expect(await chunks.next()).toMatchObject({ done: true });
    expect(ledger.outcomes).toMatchObject([{ result: 'aborted', status: 499 }]);
    expect(warnings).toEqual([]);
  });

  it.each([
    ['with a code', new SekishoError('upstream_failed'), 'recorded:upstream_failed'],
    ['with anything', new Error('socket'), 'recorded:internal_error'],
  ])(
    'is failed when the server fails %s, and is recorded before that is told',
    async (_name, failure, code) => {
      const { completeChat, ledger } = chatRoad({ one: streaming(['a'], failure).server });
      const chunks = await chunksOf(completeChat.run(request, never));
      await chunks.next();
      let recordedAtFailure = 0;
      const end = chunks.next().catch((cause: unknown) => {
        recordedAtFailure = ledger.outcomes.length;
        throw cause;
      });
      expect(await codeOf(end)).toBe(code);
      expect(recordedAtFailure).toBe(1);
      expect(ledger.outcomes).toMatchObject([
        { result: 'failed', status: 502, carried: { endpoint: 'one' } },
      ]);
      expect(await chunks.next()).toMatchObject({ done: true });
    },
  );

  it.each(['ends', 'fails', 'is left'])(
    'that cannot be recorded is never hidden: the stream %s',
    async (how) => {
      const { server } = streaming(['a'], how === 'fails' ? new Error('socket') : undefined);
      const { completeChat, ledger } = chatRoad({ one: server });
      const chunks = await chunksOf(completeChat.run(request, never));
      await chunks.next();
      ledger.refuses.add('outcome');
      const end = how === 'is left' ? chunks.return!() : chunks.next();
      expect(await codeOf(end)).toBe('ledger_unavailable');
      expect(ledger.outcomes).toEqual([]);
    },
  );
});

describe('exactly one outcome', () => {
  it('however a stream ends, whatever is called afterwards', async () => {
    for (const end of ['read', 'return', 'throw'] as const) {
      const { completeChat, ledger } = chatRoad({ one: streaming(['a', 'b']).server });
      const chunks = await chunksOf(completeChat.run(request, never));
      await chunks.next();
      if (end === 'read') while ((await chunks.next()).done !== true);
      if (end === 'return') await chunks.return!();
      if (end === 'throw') await chunks.throw!(new Error('x')).catch(() => undefined);
      await chunks.next();
      await chunks.return!();
      expect(ledger.intents).toHaveLength(1);
      expect(ledger.outcomes).toHaveLength(1);
    }
  });
});
