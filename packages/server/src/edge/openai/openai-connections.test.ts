/** Connections that break, stall, pipeline or send too much: no crossing may be left open by them. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { ModelAnswer } from '../../domains/inference/index.ts';
import { FakeServer } from '../../flows/testing/chat-road.ts';
import { edgeServer, RawClient, rawPost } from '../testing/edge-server.ts';

let close: (() => Promise<void>) | undefined;

afterEach(async () => {
  await close?.();
  close = undefined;
});

const usage = { inputTokens: 7, outputTokens: 5, estimated: false };
const wholeServer = (): FakeServer =>
  new FakeServer(async () => ({ kind: 'whole', status: 200, body: Buffer.from('{"ok":1}'), usage }));

/** Answers nothing until the signal aborts. */
const silentServer = (): FakeServer =>
  new FakeServer(
    (_request, signal) =>
      new Promise<ModelAnswer>((_resolve, reject) =>
        signal.addEventListener('abort', () => reject(new Error('aborted'))),
      ),
  );

/** Streams as fast as it is pulled, until it is let go. */
function endlessServer() {
  const state = { pulled: 0, letGo: false };
  async function* words(): AsyncGenerator<Buffer, void, undefined> {
    try {
      for (;;) {
        await new Promise((resolve) => setImmediate(resolve));
        state.pulled++;
        yield Buffer.from(`{"word":"${'x'.repeat(16 * 1024)}"}`);
      }
    } finally {
      state.letGo = true;
    }
  }
  const server = new FakeServer(async () => ({ kind: 'stream', chunks: words(), usage: () => usage }));
  return { server, state };
}

async function cell(server: FakeServer) {
  const started = await edgeServer(server);
  close = started.close;
  return started;
}

const text = JSON.stringify({ model: 'mini', messages: [{ role: 'user', content: 'x' }] });
const streamed = JSON.stringify({ model: 'mini', messages: [{ role: 'user', content: 'x' }], stream: true });

describe('a client that disconnects', () => {
  it('while the model works ends the crossing', async () => {
    const { port, apiKey, ledger } = await cell(silentServer());
    const client = await RawClient.to(port);
    client.socket.write(rawPost(apiKey, text));
    await expect.poll(() => ledger.intents.length).toBe(1);
    client.socket.destroy();
    await expect.poll(() => ledger.outcomes).toMatchObject([{ result: 'aborted', status: 499 }]);
  });

  it('while its pipelined second request is at work ends both crossings', async () => {
    const { port, apiKey, ledger } = await cell(silentServer());
    const client = await RawClient.to(port);
    client.socket.write(rawPost(apiKey, text) + rawPost(apiKey, text));
    await expect.poll(() => ledger.intents.length).toBe(2);
    client.socket.destroy();
    await expect.poll(() => ledger.outcomes.length).toBe(2);
  });

  it('while a pipelined stream waits behind another answer ends that stream', async () => {
    const endless = endlessServer();
    let turn = 0;
    const silent = silentServer();
    const mixed = new FakeServer((request, signal) =>
      turn++ === 0 ? silent.complete(request, signal) : endless.server.complete(request, signal),
    );
    const { port, apiKey, ledger } = await cell(mixed);
    const client = await RawClient.to(port);
    client.socket.write(rawPost(apiKey, text) + rawPost(apiKey, streamed));
    await expect.poll(() => ledger.intents.length).toBe(2);
    await expect.poll(() => endless.state.pulled).toBeGreaterThan(0);
    client.socket.destroy();
    await expect.poll(() => ledger.outcomes.length).toBe(2);
    expect(endless.state.letGo).toBe(true);
  });

  it('inside a stream ends it at the model server', async () => {
    const { server, state } = endlessServer();
    const { port, apiKey, ledger } = await cell(server);
    const client = await RawClient.to(port);
    client.socket.write(rawPost(apiKey, streamed));
    await expect.poll(() => client.received.length).toBeGreaterThan(100_000);
    client.socket.destroy();
    await expect.poll(() => ledger.outcomes).toMatchObject([{ result: 'aborted', status: 499 }]);
    expect(state.letGo).toBe(true);
  });

  it('inside its own request makes no crossing, and no error for the operator', async () => {
    const { port, apiKey, ledger, errors } = await cell(wholeServer());
    const client = await RawClient.to(port);
    client.socket.write(rawPost(apiKey, text.slice(0, 10), ['content-length: 1000']));
    await new Promise((resolve) => setImmediate(resolve));
    client.socket.destroy();
    const next = await RawClient.to(port);
    next.socket.write(rawPost(apiKey, text));
    await expect.poll(() => next.received).toContain('{"ok":1}');
    expect(ledger.intents).toHaveLength(1);
    expect(errors).toEqual([]);
    next.socket.destroy();
  });
});

describe('a client that does not read', () => {
  it('is not read for: little is pulled from the model server', async () => {
    const { server, state } = endlessServer();
    const { port, apiKey } = await cell(server);
    const client = await RawClient.to(port);
    client.socket.pause();
    client.socket.write(rawPost(apiKey, streamed));
    let last = -1;
    await expect
      .poll(() => {
        const still = state.pulled > 0 && state.pulled === last;
        last = state.pulled;
        return still;
      })
      .toBe(true);
    // What the sockets of the kernel hold, and no more.
    expect(state.pulled * 16 * 1024).toBeLessThan(64 * 1024 * 1024);
    client.socket.destroy();
    await expect.poll(() => state.letGo).toBe(true);
  });
});

describe('a client that never reads', () => {
  afterEach(() => void vi.useRealTimers());

  it('is cut off after a minute, and its crossing ends', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const { server, state } = endlessServer();
    const { port, apiKey, ledger } = await cell(server);
    const client = await RawClient.to(port);
    client.socket.pause();
    client.socket.write(rawPost(apiKey, streamed));
    await expect.poll(() => vi.getTimerCount()).toBeGreaterThan(0);
    let last = -1;
    await expect
      .poll(() => {
        const still = state.pulled === last;
        last = state.pulled;
        return still;
      })
      .toBe(true);
    vi.advanceTimersByTime(59_000);
    expect(ledger.outcomes).toEqual([]);
    vi.advanceTimersByTime(2_000);
    await expect.poll(() => ledger.outcomes).toMatchObject([{ result: 'aborted' }]);
    expect(state.letGo).toBe(true);
    client.socket.destroy();
  });
});

describe('a connection', () => {
  it('serves pipelined requests in their order and stays open, also after an error', async () => {
    const { port, apiKey } = await cell(wholeServer());
    const client = await RawClient.to(port);
    const bad = text.replace('mini', 'unknown');
    client.socket.write(rawPost(apiKey, text) + rawPost(apiKey, bad) + rawPost(apiKey, text));
    await expect
      .poll(() => client.received.match(/HTTP\/1\.1 \d+/g))
      .toEqual(['HTTP/1.1 200', 'HTTP/1.1 404', 'HTTP/1.1 200']);
    expect(client.ended).toBe(false);
    client.socket.destroy();
  });

  it.each([
    ['declared', ['content-length: 4194305'], ''],
    ['undeclared', ['transfer-encoding: chunked'], '500000\r\n'],
  ])('is closed after a refusal whose body was %s too long and not read', async (_name, headers, start) => {
    const { port, apiKey, ledger } = await cell(wholeServer());
    const client = await RawClient.to(port);
    client.socket.write(rawPost(apiKey, start, headers));
    if (start !== '') client.socket.write(Buffer.alloc(5 * 1024 * 1024, ' '));
    await expect.poll(() => client.received).toContain('request_too_large');
    expect(client.received).toMatch(/^HTTP\/1\.1 413 /);
    expect(client.received.toLowerCase()).toContain('connection: close');
    await expect.poll(() => client.ended).toBe(true);
    expect(ledger.intents).toEqual([]);
  });

  it('is closed after a refusal that came before the body', async () => {
    const { port } = await cell(wholeServer());
    const client = await RawClient.to(port);
    client.socket.write(rawPost('wrong-key', '', ['content-length: 1000']));
    await expect.poll(() => client.ended).toBe(true);
    expect(client.received).toMatch(/^HTTP\/1\.1 401 /);
  });

  it('tells a client that sends 16 MiB at once why it is refused', async () => {
    const { url, apiKey } = await cell(wholeServer());
    const response = await fetch(`${url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${apiKey}` },
      body: Buffer.alloc(16 * 1024 * 1024, ' '),
    });
    expect(response.status).toBe(413);
  });
});
