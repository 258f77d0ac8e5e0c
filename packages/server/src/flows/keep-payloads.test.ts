import { SekishoError, type Retention } from '@sekisho/contract';
import { describe, expect, it } from 'vitest';
import { decodeIntentAttachment, decodeOutcomeAttachment } from '../domains/crossings/index.ts';
import { TargetUnavailable, type ModelAnswer } from '../domains/inference/index.ts';
import { RecordedFailure } from './chat-exchange.ts';
import { chatRequest, chatRoad, denied, FakeServer } from './testing/chat-road.ts';

const both: Retention = { payloads: { 'confidentiality-2': { keep: ['request', 'answer'], days: 30 } } };
const usage = { inputTokens: 7, outputTokens: 5, estimated: false };
const whole = { kind: 'whole', status: 200, body: Buffer.from('{"ok":true}'), usage } as const;
const never = new AbortController().signal;

const wholeServer = (): FakeServer => new FakeServer(async () => whole);
function streamServer(chunks: readonly string[], failure?: Error): FakeServer {
  return new FakeServer(async (): Promise<ModelAnswer> => ({
    kind: 'stream',
    chunks: (async function* () {
      for (const chunk of chunks) yield Buffer.from(chunk);
      if (failure !== undefined) throw failure;
    })(),
    usage: () => usage,
  }));
}

function keepingRoad(server: FakeServer, retention = both) {
  const road = chatRoad({ one: server }, undefined, retention);
  return {
    ...road,
    keptOf: (): unknown => decodeOutcomeAttachment(road.ledger.attachments.at(-1)!).kept,
    failAt(kind: 'request' | 'answer', write: number) {
      let writes = 0;
      road.payloads.beforeWrite = (name) => {
        if (name.kind === kind && ++writes >= write) throw new Error('no space left on device');
      };
    },
  };
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return 'answered';
  } catch (cause) {
    return cause instanceof RecordedFailure ? cause.failure.code : String(cause);
  }
}

async function pull(chunks: AsyncIterable<Buffer>, atMost = Infinity): Promise<string[]> {
  const pulled: string[] = [];
  for await (const chunk of chunks) {
    pulled.push(chunk.toString());
    if (pulled.length >= atMost) break;
  }
  return pulled;
}

describe('payloads of a class with a rule', () => {
  it('are kept whole before the answer is given, under a key beside the intent', async () => {
    const road = keepingRoad(wholeServer());
    const request = chatRequest();
    const { crossing } = await road.completeChat.run(request, never);
    expect([...road.payloads.finished]).toEqual([
      [`${crossing}.request`, request.body],
      [`${crossing}.answer`, whole.body],
    ]);
    expect(decodeIntentAttachment(road.ledger.attachments[0]!).payloadKey).toHaveLength(32);
    expect(road.keptOf()).toEqual({ request: request.body.length, answer: whole.body.length });
  });

  it('of a stream are its texts as they are committed to, durable before the stream ends', async () => {
    const road = keepingRoad(streamServer(['{"a":1}', '{"b":2}']));
    road.ledger.beforeDurable = (entry) => {
      if (entry.kind === 'outcome') expect(road.payloads.finished.size).toBe(2);
    };
    const answer = await road.completeChat.run(chatRequest(), never);
    if (answer.kind !== 'stream') throw new Error('not a stream');
    expect(await pull(answer.chunks)).toHaveLength(2);
    expect(road.payloads.finished.get(`${answer.crossing}.answer`)?.toString()).toBe('{"a":1}\n{"b":2}\n');
    expect(road.ledger.outcomes).toMatchObject([{ result: 'completed' }]);
  });

  it('are those that the rule names, and of another class none', async () => {
    const onlyAnswers: Retention = { payloads: { 'special-care': { keep: ['answer'], days: 1 } } };
    const road = keepingRoad(wholeServer(), onlyAnswers);
    const kept = await road.completeChat.run(chatRequest({ dataClass: 'special-care' }), never);
    expect([...road.payloads.finished.keys()]).toEqual([`${kept.crossing}.answer`]);
    await road.completeChat.run(chatRequest({ dataClass: 'confidentiality-2' }), never);
    expect(road.payloads.finished.size).toBe(1);
    // Without a rule there is no key, and nothing is said to be kept.
    expect(road.ledger.attachments.slice(2).map((bytes) => bytes?.length)).toEqual([32, 64]);
  });

  it('that cannot be kept of a request stop it before anything is carried', async () => {
    for (const write of [1, 2, 3]) {
      const server = wholeServer();
      const road = keepingRoad(server);
      road.failAt('request', write);
      expect(await codeOf(road.completeChat.run(chatRequest(), never))).toBe('payload_unkeepable');
      expect(server.asked).toBe(0);
      expect(road.ledger.outcomes).toMatchObject([{ result: 'failed', status: 503 }]);
      expect(road.ledger.outcomes[0]).not.toHaveProperty('carried');
      expect(road.keptOf()).toBeUndefined();
      expect([...road.payloads.begun]).toEqual([]);
    }
  });

  it('that cannot be kept of a whole answer make it a failure, and what is there stays listed', async () => {
    for (const write of [1, 2, 3]) {
      const road = keepingRoad(wholeServer());
      road.failAt('answer', write);
      const request = chatRequest();
      expect(await codeOf(road.completeChat.run(request, never))).toBe('payload_unkeepable');
      expect(road.ledger.outcomes).toMatchObject([
        { result: 'failed', status: 503, carried: { endpoint: 'one' } },
      ]);
      const answer = [undefined, 0, whole.body.length][write - 1];
      expect(road.keptOf()).toEqual({
        request: request.body.length,
        ...(answer === undefined ? {} : { answer }),
      });
    }
  });

  it('that cannot be kept of a stream end it with an error, and the target is not blamed', async () => {
    // Writes: create; two for each text, with its line feed; and the end.
    for (const write of [1, 3, 6]) {
      const road = keepingRoad(streamServer(['{"a":1}', '{"b":2}']));
      road.failAt('answer', write);
      const answer = await road.completeChat.run(chatRequest(), never);
      if (answer.kind !== 'stream') throw new Error('not a stream');
      expect(await codeOf(pull(answer.chunks))).toBe('payload_unkeepable');
      expect(road.ledger.outcomes).toMatchObject([{ result: 'failed', status: 503 }]);
      expect(road.warnings).toEqual([]);
    }
  });

  it('of a client who leaves are what was produced', async () => {
    const road = keepingRoad(streamServer(['{"a":1}', '{"b":2}']));
    const answer = await road.completeChat.run(chatRequest(), never);
    if (answer.kind !== 'stream') throw new Error('not a stream');
    await pull(answer.chunks, 1);
    expect(road.ledger.outcomes).toMatchObject([{ result: 'aborted', status: 499 }]);
    expect(road.payloads.finished.get(`${answer.crossing}.answer`)?.toString()).toBe('{"a":1}\n');
  });

  it('are not kept where nothing was carried', async () => {
    const down = keepingRoad(
      new FakeServer(async () => {
        throw new TargetUnavailable('down');
      }),
    );
    expect(await codeOf(down.completeChat.run(chatRequest(), never))).toBe('no_target_available');
    expect([...down.payloads.begun]).toEqual([]);
    expect(down.keptOf()).toBeUndefined();

    const refused = chatRoad({ one: wholeServer() }, () => denied('one'), both);
    expect(await codeOf(refused.completeChat.run(chatRequest(), never))).toBe('residency_denied');
    expect([...refused.payloads.begun]).toEqual([]);
    expect(refused.ledger.attachments.map((bytes) => bytes?.length)).toEqual([32, 32]);
  });

  it('that cannot be removed again stay listed', async () => {
    const road = keepingRoad(
      new FakeServer(async () => {
        throw new TargetUnavailable('down');
      }),
    );
    road.payloads.beforeRemove = () => {
      throw new SekishoError('internal_error');
    };
    const request = chatRequest();
    expect(await codeOf(road.completeChat.run(request, never))).toBe('no_target_available');
    expect(road.keptOf()).toEqual({ request: request.body.length });
  });
});
