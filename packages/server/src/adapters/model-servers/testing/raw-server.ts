import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';

/** What a connection may do with a whole request: headers and body as they came. */
export type RawAnswer = (socket: Socket, request: { readonly head: string; readonly body: string }) => void;

/** A model server that writes exactly the bytes a test wants, and breaks off where the test wants. */
export class RawServer {
  /** Whole requests, in the order in which they came. */
  readonly requests: { readonly head: string; readonly body: string }[] = [];
  connections = 0;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(answer: RawAnswer): Promise<RawServer> {
    const server = createServer();
    const raw = new RawServer(server);
    server.on('connection', (socket) => raw.#serve(socket, answer));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return raw;
  }

  get url(): string {
    const address = this.#server.address();
    if (typeof address !== 'object' || address === null) throw new Error('not listening');
    return `http://127.0.0.1:${address.port}/v1`;
  }

  /** Resolves when the client has closed every connection. */
  async abandoned(): Promise<void> {
    const closed = (socket: Socket): Promise<void> =>
      new Promise((resolve) => socket.once('close', () => resolve()));
    await Promise.all([...this.#sockets].map(closed));
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    if (!this.#server.listening) return;
    this.#server.close();
    await once(this.#server, 'close');
  }

  #serve(socket: Socket, answer: RawAnswer): void {
    this.connections++;
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket));
    // A reset is what many of these tests are about.
    socket.on('error', () => undefined);
    let received = Buffer.alloc(0);
    socket.on('data', (bytes: Buffer) => {
      received = Buffer.concat([received, bytes]);
      for (;;) {
        const headEnd = received.indexOf('\r\n\r\n');
        if (headEnd === -1) return;
        const head = received.subarray(0, headEnd).toString('latin1');
        const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0);
        const end = headEnd + 4 + length;
        if (received.length < end) return;
        const request = { head, body: received.subarray(headEnd + 4, end).toString('utf8') };
        received = received.subarray(end);
        this.requests.push(request);
        answer(socket, request);
      }
    });
  }
}

/** An answer with a declared length. */
export function httpAnswer(status: number, body: string, headers: readonly string[] = []): string {
  return [
    `HTTP/1.1 ${status} Any`,
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(body)}`,
    ...headers,
    '',
    body,
  ].join('\r\n');
}

export const STREAM_HEAD =
  'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n';

/** One chunk of HTTP's chunked coding; an empty one ends the body. */
export function httpChunk(text: string): string {
  return `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;
}
