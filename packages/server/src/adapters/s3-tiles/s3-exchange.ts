import { createHash, createHmac } from 'node:crypto';
import { SignatureV4 } from '@smithy/signature-v4';
import { Pool } from 'undici';
import type { Dispatcher } from 'undici';
import type { Clock } from '../../base/clock.ts';
import type { ParsedS3TileSettings, S3Limits } from './s3-settings.ts';

export interface S3Request {
  readonly method: 'GET' | 'PUT' | 'POST';
  /** Below the bucket; empty is the bucket itself. Needs no escaping: `[A-Za-z0-9._/-]`. */
  readonly key: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  /** SHA-256 of the body, in hex: the store refuses a body that arrives otherwise. */
  readonly bodySha256: string;
  /** Longest body of a good answer. */
  readonly answerBytesMax: number;
}

export interface S3Answer {
  readonly status: number;
  readonly header: (name: string) => string | undefined;
  /** At most `answerBytesMax`, and of an error 64 KiB. */
  readonly body: Buffer;
  /** There was more, which was not read. */
  readonly cutShort: boolean;
}

const ERROR_BYTES_MAX = 64 * 1024;

/**
 * One signed request (AWS Signature Version 4) at a time: no retry, no redirect followed, bounded in
 * time and length. What the store answers is hostile until somebody has looked at it.
 */
export class S3Exchange {
  readonly #signer: SignatureV4;
  readonly #pool: Pool;
  readonly #url: URL;
  readonly #path: string;
  readonly #clock: Clock;
  readonly #limits: S3Limits;
  readonly #closing = new AbortController();

  constructor(settings: ParsedS3TileSettings, limits: S3Limits, clock: Clock) {
    const { endpoint, bucket, pathStyle, accessKeyId, secretAccessKey, sessionToken } = settings;
    this.#url = new URL(endpoint);
    if (!pathStyle) this.#url.hostname = `${bucket}.${this.#url.hostname}`;
    this.#path = pathStyle ? `/${bucket}` : '';
    this.#signer = new SignatureV4({
      service: 's3',
      region: settings.region,
      credentials: {
        accessKeyId,
        secretAccessKey,
        ...(sessionToken === undefined ? {} : { sessionToken }),
      },
      sha256: Sha256,
      uriEscapePath: false,
    });
    this.#pool = new Pool(this.#url.origin, {
      connections: limits.uploadsAtOnce + limits.readsAtOnce,
      connect: { timeout: limits.connectMs },
    });
    this.#limits = limits;
    this.#clock = clock;
  }

  async send(asked: S3Request): Promise<S3Answer> {
    const path = `${this.#path}/${asked.key}`;
    const { headers } = await this.#signer.sign(
      {
        method: asked.method,
        protocol: this.#url.protocol,
        hostname: this.#url.hostname,
        path,
        query: { ...asked.query },
        headers: {
          host: this.#url.host,
          'x-amz-content-sha256': asked.bodySha256,
          ...asked.headers,
        },
      },
      { signingDate: new Date(this.#clock.nowMs()) },
    );
    const query = new URLSearchParams(asked.query).toString();
    const answer = await this.#pool.request({
      path: query === '' ? path : `${path}?${query}`,
      method: asked.method,
      headers,
      body: asked.body ?? null,
      signal: AbortSignal.timeout(this.#limits.attemptMs),
    });
    const bytesMax = answer.statusCode === 200 ? asked.answerBytesMax : ERROR_BYTES_MAX;
    return {
      status: answer.statusCode,
      header: (name) => single(answer.headers[name]),
      ...(await readBounded(answer.body, bytesMax)),
    };
  }

  async close(): Promise<void> {
    const closed = new Error('the object store was closed');
    this.#closing.abort(closed);
    // Rejects what is under way.
    await this.#pool.destroy(closed);
  }

  get closed(): AbortSignal {
    return this.#closing.signal;
  }
}

async function readBounded(
  body: Dispatcher.ResponseData['body'],
  bytesMax: number,
): Promise<Pick<S3Answer, 'body' | 'cutShort'>> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    const buffer = Buffer.from(chunk);
    bytes += buffer.length;
    chunks.push(buffer);
    // Leaving the loop destroys the body and with it the connection.
    if (bytes > bytesMax) break;
  }
  return { body: Buffer.concat(chunks).subarray(0, bytesMax), cutShort: bytes > bytesMax };
}

function single(value: string | readonly string[] | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** What the signer asks of a hash; with a key it is the HMAC. */
class Sha256 {
  readonly #hash;

  constructor(key?: string | ArrayBuffer | ArrayBufferView) {
    this.#hash = key === undefined ? createHash('sha256') : createHmac('sha256', bytesOf(key));
  }

  update(bytes: string | ArrayBuffer | ArrayBufferView): void {
    this.#hash.update(bytesOf(bytes));
  }

  async digest(): Promise<Uint8Array> {
    return this.#hash.digest();
  }

  reset(): void {
    throw new Error('the signer makes a hash for each digest');
  }
}

function bytesOf(value: string | ArrayBuffer | ArrayBufferView): Uint8Array {
  if (typeof value === 'string') return Buffer.from(value, 'utf8');
  return ArrayBuffer.isView(value)
    ? new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
    : new Uint8Array(value);
}
