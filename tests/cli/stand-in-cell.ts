import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';

export interface Answer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** An object is sent as JSON. */
  readonly body: unknown;
  /** What the next request is answered with; the same again when absent. */
  readonly next?: Answer;
}

const isJson = (type: string | undefined): boolean => type?.startsWith('application/json') === true;

export interface Received {
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly authorization: string | undefined;
  readonly accept: string | undefined;
  readonly body: unknown;
}

/** A server that answers as told, `GET /admin/v1/keys` to an answer, and remembers what it was asked. */
export class StandInCell implements AsyncDisposable {
  readonly received: Received[] = [];
  readonly #answers = new Map<string, Answer>();
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(): Promise<StandInCell> {
    const server = createServer();
    const cell = new StandInCell(server);
    server.on('request', (request, response) => {
      void (async () => {
        const chunks: Buffer[] = [];
        for await (const chunk of request) chunks.push(chunk as Buffer);
        const url = new URL(request.url ?? '/', 'http://cell');
        const text = Buffer.concat(chunks).toString('utf8');
        cell.received.push({
          method: request.method ?? '',
          path: url.pathname,
          query: Object.fromEntries(url.searchParams),
          authorization: request.headers.authorization,
          accept: request.headers.accept,
          // A body that is not JSON stays a text.
          body: isJson(request.headers['content-type']) ? JSON.parse(text) : text || undefined,
        });
        const answer = cell.#answers.get(`${request.method} ${url.pathname}`) ?? { status: 404, body: 'no' };
        if (answer.next !== undefined) cell.#answers.set(`${request.method} ${url.pathname}`, answer.next);
        const isText = typeof answer.body === 'string' || Buffer.isBuffer(answer.body);
        response.writeHead(answer.status ?? 200, {
          'content-type': isText ? 'text/plain' : 'application/json',
          ...answer.headers,
        });
        response.end(isText ? answer.body : JSON.stringify(answer.body));
      })();
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return cell;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Environment under which the command finds this cell. */
  get env(): Readonly<Record<string, string>> {
    return { SEKISHO_URL: this.url, SEKISHO_ADMIN_KEY: 'admin-key-of-the-test' };
  }

  answers(request: string, body: unknown, more: Omit<Answer, 'body'> = {}): void {
    this.#answers.set(request, { body, ...more });
  }

  /** One answer after the other, the last one for ever. */
  answersInTurn(request: string, bodies: readonly unknown[]): void {
    const first = bodies.reduceRight<Answer | undefined>(
      (next, body) => (next === undefined ? { body } : { body, next }),
      undefined,
    );
    if (first !== undefined) this.#answers.set(request, first);
  }

  /** Forgets answers and requests. */
  reset(): void {
    this.#answers.clear();
    this.received.length = 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }
}
