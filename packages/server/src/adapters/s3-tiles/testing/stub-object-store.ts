import { hash } from 'node:crypto';
import { once } from 'node:events';
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';

export interface SeenRequest {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

/**
 * What happens to one request instead of an answer: it gets the stored objects, and may let the
 * request have its effect with `carry` before it spoils the answer.
 */
export type Fault = (
  seen: SeenRequest,
  response: ServerResponse,
  carry: () => Answer,
) => void | Promise<void>;

export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer | string;
}

/**
 * A little S3 in memory with one bucket, for faults that a real one does not make on demand. It checks
 * the digest of a body as S3 does, and of the signature only that there is one: that is a real
 * store's business.
 */
export class StubObjectStore {
  readonly objects = new Map<
    string,
    { readonly bytes: Buffer; readonly headers: IncomingMessage['headers'] }
  >();
  readonly seen: SeenRequest[] = [];
  /** For the requests to come, one each. */
  readonly faults: Fault[] = [];
  /** For every request once `faults` is empty. */
  always: Fault | undefined;
  /** Most requests that were under way at once. */
  busiest = 0;
  readonly bucket = 'tiles';
  #busy = 0;
  readonly #server = createServer((request, response) => void this.#serve(request, response));

  async start(): Promise<string> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    return `http://127.0.0.1:${address.port}`;
  }

  async stop(): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.busiest = Math.max(this.busiest, ++this.#busy);
    response.once('close', () => this.#busy--);
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(Buffer.from(chunk));
    const { method = '', url = '', headers } = request;
    const seen = { method, url, headers, body: Buffer.concat(chunks) };
    this.seen.push(seen);
    const fault = this.faults.shift() ?? this.always;
    const carry = (): Answer => this.#carry(seen);
    if (fault !== undefined) await fault(seen, response, carry);
    else send(response, carry());
  }

  #carry({ method, url, headers, body }: SeenRequest): Answer {
    const { pathname, searchParams } = new URL(url, 'http://stub');
    const [, bucket, ...parts] = pathname.split('/');
    const key = parts.join('/');
    if (headers.authorization?.startsWith('AWS4-HMAC-SHA256 Credential=') !== true)
      return refusal(403, 'AccessDenied');
    if (bucket !== this.bucket) return refusal(404, 'NoSuchBucket');
    if (headers['x-amz-content-sha256'] !== hash('sha256', body, 'hex')) {
      return refusal(400, 'XAmzContentSHA256Mismatch');
    }
    if (method === 'PUT') {
      this.objects.set(key, { bytes: body, headers });
      return { status: 200, headers: { etag: etagOf(body) } };
    }
    if (method === 'POST') return this.#delete(body.toString('utf8'), headers['content-md5'], body);
    if (searchParams.has('list-type')) return this.#list(searchParams.get('prefix') ?? '');
    const object = this.objects.get(key);
    if (object === undefined) return refusal(404, 'NoSuchKey');
    return { status: 200, headers: { etag: etagOf(object.bytes) }, body: object.bytes };
  }

  #list(prefix: string): Answer {
    const keys = [...this.objects.keys()].filter((key) => key.startsWith(prefix));
    const contents = keys.map((key) => `<Contents><Key>${key}</Key></Contents>`).join('');
    return {
      status: 200,
      body: `<ListBucketResult><IsTruncated>false</IsTruncated>${contents}</ListBucketResult>`,
    };
  }

  #delete(text: string, md5: unknown, body: Buffer): Answer {
    if (md5 !== hash('md5', body, 'base64')) return refusal(400, 'InvalidRequest');
    for (const [, key = ''] of text.matchAll(/<Key>([^<]*)<\/Key>/g)) this.objects.delete(key);
    return { status: 200, body: '<DeleteResult></DeleteResult>' };
  }
}

export function send(response: ServerResponse, { status, headers = {}, body = '' }: Answer): void {
  response.writeHead(status, { 'content-length': Buffer.byteLength(body), ...headers });
  response.end(body);
}

export function refusal(status: number, code: string): Answer {
  return { status, body: `<?xml version="1.0"?><Error><Code>${code}</Code><Message>x</Message></Error>` };
}

export function etagOf(bytes: Uint8Array): string {
  return `"${hash('md5', bytes, 'hex')}"`;
}
