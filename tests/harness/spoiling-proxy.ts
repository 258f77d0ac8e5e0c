import { once } from 'node:events';
import { type IncomingMessage, type ServerResponse, createServer, request } from 'node:http';

export interface Spoiling {
  /** What arrives at the server instead of the body that was sent. */
  readonly body?: (bytes: Buffer) => Buffer;
  /** The server has answered, and the client gets a broken connection instead. */
  readonly loseAnswer?: true;
}

/** Stands before a real server and spoils what passes, as a bad network does. One HTTP exchange at a time each. */
export class SpoilingProxy {
  /** For the requests to come, one each; undefined lets one pass. */
  readonly spoilings: (Spoiling | undefined)[] = [];
  /** For every request once `spoilings` is empty. */
  always: Spoiling | undefined;
  readonly #target: URL;
  readonly #server = createServer((incoming, outgoing) => void this.#pass(incoming, outgoing));

  private constructor(target: string) {
    this.#target = new URL(target);
  }

  static async start(target: string): Promise<SpoilingProxy> {
    const proxy = new SpoilingProxy(target);
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  get url(): string {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    return `http://127.0.0.1:${address.port}`;
  }

  async stop(): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }

  async #pass(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const spoiling = this.spoilings.length > 0 ? this.spoilings.shift() : this.always;
    const sent = await wholeOf(incoming);
    const { method, url, headers } = incoming;
    const { hostname, port } = this.#target;
    // The headers stay, the host among them: it is signed.
    const onward = request({ hostname, port, method, path: url, headers, agent: false });
    onward.end(spoiling?.body?.(sent) ?? sent);
    try {
      const [answer] = await once(onward, 'response');
      const body = await wholeOf(answer);
      if (spoiling?.loseAnswer === true) return void outgoing.destroy();
      outgoing.writeHead(answer.statusCode, answer.headers).end(body);
    } catch {
      outgoing.destroy();
    }
  }
}

async function wholeOf(stream: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}
