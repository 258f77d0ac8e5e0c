import { SekishoError } from '@sekisho/contract';
import { describe, expect, it } from 'vitest';
import { TargetUnavailable, type ModelAnswer } from '../domains/inference/index.ts';
import { RecordedFailure } from './chat-exchange.ts';
import { chatRequest, chatRoad, denied, FakeServer } from './testing/chat-road.ts';

const usage = { inputTokens: 7, outputTokens: 5, estimated: false };
const whole = { kind: 'whole', status: 200, body: Buffer.from('{"ok":true}'), usage } as const;
const never = new AbortController().signal;
const downServer = (): FakeServer =>
  new FakeServer(async () => {
    throw new TargetUnavailable('down');
  });
const goodServer = (): FakeServer => new FakeServer(async () => whole);

/** The code of what was thrown; `recorded:` when the client learns the crossing's id as well. */
async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return 'answered';
  } catch (cause) {
    if (cause instanceof RecordedFailure) return `recorded:${cause.failure.code}`;
    return cause instanceof SekishoError ? cause.code : String(cause);
  }
}

describe('a whole answer', () => {
  it('is given after its outcome is durable, priced, and committed to', async () => {
    const { completeChat, ledger } = chatRoad({ one: goodServer() });
    const answer = await completeChat.run(chatRequest(), never);
    expect(answer).toMatchObject({ kind: 'whole', status: 200, body: whole.body });
    expect(ledger.intents).toHaveLength(1);
    expect(ledger.outcomes).toEqual([
      expect.objectContaining({
        crossing: answer.crossing,
        result: 'completed',
        status: 200,
        carried: expect.objectContaining({ endpoint: 'one', assurance: 'declared' }),
        usage: { ...usage, amountYen: '0.0001075' },
        request: ledger.intents[0]!.request,
      }),
    ]);
    // Both salts are kept outside the tree, in order.
    expect(ledger.attachments.map((salts) => salts?.length)).toEqual([32, 64]);
    expect(ledger.attachments[1]!.subarray(0, 32)).toEqual(ledger.attachments[0]);
  });

  it('that the server refuses for the client’s fault is a failed crossing with the server’s words', async () => {
    const refused: ModelAnswer = { ...whole, status: 400 };
    const { completeChat, ledger } = chatRoad({ one: new FakeServer(async () => refused) });
    expect(await completeChat.run(chatRequest(), never)).toMatchObject({ status: 400 });
    expect(ledger.outcomes).toMatchObject([{ result: 'failed', status: 400, carried: { endpoint: 'one' } }]);
  });

  it('is not given when its outcome cannot be recorded', async () => {
    const { completeChat, ledger } = chatRoad({ one: goodServer() });
    ledger.refuses.add('outcome');
    expect(await codeOf(completeChat.run(chatRequest(), never))).toBe('recorded:ledger_unavailable');
  });

  it('is asked for under the name that the target knows', async () => {
    const server = goodServer();
    await chatRoad({ one: server }).completeChat.run(chatRequest(), never);
    expect(server.lastModel).toBe('one-mini');
  });
});

describe('no record, no access', () => {
  it('carries nothing when the intent cannot be recorded', async () => {
    const server = goodServer();
    const { completeChat, ledger } = chatRoad({ one: server });
    ledger.refuses.add('intent');
    expect(await codeOf(completeChat.run(chatRequest(), never))).toBe('ledger_unavailable');
    expect(server.asked).toBe(0);
    expect(ledger.entries).toEqual([]);
  });

  it('carries nothing before the intent is durable', async () => {
    const server = goodServer();
    const { completeChat, ledger } = chatRoad({ one: server });
    let askedWhileRecording = -1;
    ledger.beforeDurable = async (entry) => {
      await new Promise((resolve) => setImmediate(resolve));
      if (entry.kind === 'intent') askedWhileRecording = server.asked;
    };
    await completeChat.run(chatRequest(), never);
    expect(askedWhileRecording).toBe(0);
  });

  it('records a denial, which carries nothing', async () => {
    const server = goodServer();
    const { completeChat, ledger } = chatRoad({ one: server }, () => denied('one'));
    expect(await codeOf(completeChat.run(chatRequest(), never))).toBe('recorded:residency_denied');
    expect(server.asked).toBe(0);
    expect(ledger.intents).toMatchObject([{ decision: 'deny', targets: [] }]);
    expect(ledger.outcomes).toMatchObject([{ result: 'denied', status: 403, usage: { amountYen: '0' } }]);
    expect(ledger.outcomes[0]).not.toHaveProperty('carried');
    expect(ledger.outcomes[0]).not.toHaveProperty('answer');
  });

  it('records a denial as one, also when nobody waits for it', async () => {
    const abort = new AbortController();
    const { completeChat, ledger } = chatRoad({ one: goodServer() }, () => denied('one'));
    ledger.beforeDurable = () => abort.abort();
    expect(await codeOf(completeChat.run(chatRequest(), abort.signal))).toBe('recorded:residency_denied');
    expect(ledger.outcomes).toMatchObject([{ result: 'denied', status: 403 }]);
  });
});

describe('refused before anything is recorded', () => {
  it.each([
    ['an unknown model', { completion: { ...chatRequest().completion, model: 'other' } }, 'model_not_found'],
    ['the operator’s key', { principal: { kind: 'operator', name: 'operator:admin' } }, 'not_permitted'],
    [
      'a workspace that is gone',
      { principal: { kind: 'workspace-key', name: 'key:a', tenant: 'city', workspace: 'gone' } },
      'invalid_api_key',
    ],
  ] as const)('%s', async (_name, overrides, code) => {
    const { completeChat, ledger } = chatRoad({ one: goodServer() });
    expect(await codeOf(completeChat.run(chatRequest(overrides), never))).toBe(code);
    expect(ledger.entries).toEqual([]);
  });

  it('a parameter that no allowed target supports', async () => {
    const servers = { one: goodServer(), two: goodServer() };
    servers.one.unsupported = ['presence_penalty'];
    servers.two.unsupported = ['presence_penalty'];
    const { completeChat, ledger } = chatRoad(servers);
    expect(await codeOf(completeChat.run(chatRequest(), never))).toBe('unsupported_parameter');
    expect(ledger.entries).toEqual([]);
  });
});

describe('targets', () => {
  it('that do not support a parameter are not tried where another does', async () => {
    const servers = { one: goodServer(), two: goodServer() };
    servers.one.unsupported = ['presence_penalty'];
    const { completeChat, ledger } = chatRoad(servers);
    for (let i = 0; i < 4; i++) await completeChat.run(chatRequest(), never);
    expect([servers.one.asked, servers.two.asked]).toEqual([0, 4]);
    expect(ledger.outcomes.every((outcome) => outcome.carried?.endpoint === 'two')).toBe(true);
  });

  it('that did nothing are passed over for others of the same decision, each tried once', async () => {
    const servers = { one: downServer(), two: downServer(), three: goodServer(), outside: goodServer() };
    const road = chatRoad(servers);
    const { policy } = road.inForce.current;
    const decision = policy.decide({} as never);
    if (decision.decision === 'deny') throw new Error('allowed');
    const targets = decision.targets.filter(({ endpoint }) => endpoint !== 'outside');
    (policy as { decide: unknown }).decide = () => ({ ...decision, targets });
    expect(await codeOf(road.completeChat.run(chatRequest(), never))).toBe('answered');
    expect(road.ledger.outcomes).toMatchObject([{ result: 'completed', carried: { endpoint: 'three' } }]);
    expect(servers.outside.asked).toBe(0);
    expect(Math.max(servers.one.asked, servers.two.asked)).toBeLessThanOrEqual(1);
  });

  it('that are declared otherwise since the decision get nothing', async () => {
    const server = goodServer();
    const { completeChat, ledger, platform, directory } = chatRoad({ one: server });
    ledger.beforeDurable = () => {
      const moved = structuredClone(platform);
      moved.endpoints[0]!.copies[0]!.site = 'overseas';
      directory.declared = moved;
    };
    expect(await codeOf(completeChat.run(chatRequest(), never))).toBe('recorded:no_target_available');
    expect(server.asked).toBe(0);
    expect(ledger.outcomes[0]).not.toHaveProperty('carried');
  });

  it('that are all down make a failed crossing that was carried nowhere', async () => {
    const { completeChat, ledger } = chatRoad({ one: downServer(), two: downServer() });
    expect(await codeOf(completeChat.run(chatRequest(), never))).toBe('recorded:no_target_available');
    expect(ledger.outcomes).toMatchObject([{ result: 'failed', status: 503, usage: { amountYen: '0' } }]);
    expect(ledger.outcomes[0]).not.toHaveProperty('carried');
  });

  it.each([
    ['with its code', new SekishoError('upstream_failed'), 'upstream_failed', 502],
    ['with anything else', new TypeError('x is undefined'), 'internal_error', 500],
  ])(
    'that fail %s may have had the data: they are named, and nobody else is asked',
    async (_n, cause, code, status) => {
      const failing = (): FakeServer =>
        new FakeServer(async () => {
          throw cause;
        });
      const servers = { one: failing(), two: failing() };
      const { completeChat, ledger } = chatRoad(servers);
      expect(await codeOf(completeChat.run(chatRequest(), never))).toBe(`recorded:${code}`);
      expect(servers.one.asked + servers.two.asked).toBe(1);
      const asked = servers.one.asked === 1 ? 'one' : 'two';
      expect(ledger.outcomes).toMatchObject([{ result: 'failed', status, carried: { endpoint: asked } }]);
      expect(ledger.outcomes[0]).not.toHaveProperty('answer');
    },
  );
});

describe('a client that leaves', () => {
  it('while the target works: the crossing is aborted and names the target', async () => {
    const abort = new AbortController();
    const server = new FakeServer(async (_request, signal) => {
      abort.abort();
      throw signal.reason;
    });
    const { completeChat, ledger } = chatRoad({ one: server });
    expect(await codeOf(completeChat.run(chatRequest(), abort.signal))).toBe(
      'recorded:client_closed_request',
    );
    expect(ledger.outcomes).toMatchObject([
      { result: 'aborted', status: 499, carried: { endpoint: 'one' }, usage: { estimated: true } },
    ]);
  });

  it('while the intent is recorded: nothing is carried, named or charged', async () => {
    const abort = new AbortController();
    const server = goodServer();
    const { completeChat, ledger } = chatRoad({ one: server });
    ledger.beforeDurable = () => abort.abort();
    expect(await codeOf(completeChat.run(chatRequest(), abort.signal))).toBe(
      'recorded:client_closed_request',
    );
    expect(server.asked).toBe(0);
    expect(ledger.outcomes).toMatchObject([{ result: 'aborted', status: 499, usage: { amountYen: '0' } }]);
    expect(ledger.outcomes[0]).not.toHaveProperty('carried');
  });

  it('while a target says that it did nothing: that target is not named', async () => {
    const abort = new AbortController();
    const leaving = new FakeServer(async () => {
      abort.abort();
      throw new TargetUnavailable('down');
    });
    const { completeChat, ledger } = chatRoad({ one: leaving });
    expect(await codeOf(completeChat.run(chatRequest(), abort.signal))).toBe(
      'recorded:client_closed_request',
    );
    expect(ledger.outcomes).toMatchObject([{ result: 'aborted', usage: { amountYen: '0' } }]);
    expect(ledger.outcomes[0]).not.toHaveProperty('carried');
  });

  it('while the ledger fails the outcome: the failure is the ledger’s, and told once', async () => {
    const abort = new AbortController();
    const { completeChat, ledger } = chatRoad({ one: goodServer() });
    ledger.beforeDurable = (entry) => {
      if (entry.kind !== 'outcome') return;
      abort.abort();
      ledger.refuses.add('outcome');
    };
    expect(await codeOf(completeChat.run(chatRequest(), abort.signal))).toBe('recorded:ledger_unavailable');
  });
});
