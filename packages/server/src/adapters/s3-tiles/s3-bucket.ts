import { hash } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { SekishoError } from '@sekisho/contract';
import type { Clock } from '../../base/clock.ts';
import type { Random } from '../../base/random.ts';
import { Gate } from './gate.ts';
import {
  allDeleted,
  encodedBytes,
  errorCode,
  etagContradicts,
  listedKeys,
  md5Base64,
  refusalFault,
  thrownFault,
  tooLong,
  wrongBytes,
} from './s3-answers.ts';
import type { S3Fault } from './s3-answers.ts';
import { S3Exchange } from './s3-exchange.ts';
import type { S3Answer, S3Request } from './s3-exchange.ts';
import type { ParsedS3TileSettings, S3Limits } from './s3-settings.ts';

const EMPTY_SHA256 = hash('sha256', '', 'hex');
const BACKOFF_MS_MAX = 2000;
/** A page of a listing has at most 1000 keys of at most 1024 bytes, and some words about each. */
const LISTING_BYTES_MAX = 2 * 1024 * 1024;

type Outcome<Result> = { readonly done: Result } | { readonly fault: S3Fault };

/**
 * The four requests that a log needs. Each may be sent twice with the effect of once, so each is
 * repeated after a fault that may pass. What fails in the end rejects with SekishoError
 * `object_store_unavailable`, which names bucket and key and no credential.
 */
export class S3Bucket {
  readonly #exchange: S3Exchange;
  readonly #name: string;
  readonly #limits: S3Limits;
  readonly #random: Random;
  readonly #uploads: Gate;
  readonly #reads: Gate;

  constructor(settings: ParsedS3TileSettings, limits: S3Limits, clock: Clock, random: Random) {
    this.#exchange = new S3Exchange(settings, limits, clock);
    this.#name = settings.bucket;
    this.#limits = limits;
    this.#random = random;
    this.#uploads = new Gate(limits.uploadsAtOnce);
    this.#reads = new Gate(limits.readsAtOnce);
  }

  /** Undefined when the store says that there is no such key; a missing bucket is a fault. */
  async get(key: string, bytesMax: number): Promise<Buffer | undefined> {
    const asked: S3Request = { method: 'GET', key, bodySha256: EMPTY_SHA256, answerBytesMax: bytesMax };
    return this.#reads.pass(() =>
      this.#try<Buffer | undefined>(asked, (answer) => {
        if (answer.status === 404 && errorCode(answer) === 'NoSuchKey') return { done: undefined };
        if (answer.status !== 200) return { fault: refusalFault(answer) };
        if ((answer.header('content-encoding') ?? 'identity') !== 'identity') return { fault: encodedBytes };
        // Whoever gives no ETag is no S3, so its length says nothing about what is stored.
        if (answer.cutShort) return { fault: answer.header('etag') === undefined ? wrongBytes : tooLong };
        return etagContradicts(answer, answer.body) ? { fault: wrongBytes } : { done: answer.body };
      }),
    );
  }

  async put(key: string, bytes: Uint8Array, headers: Readonly<Record<string, string>>): Promise<void> {
    const asked: S3Request = {
      method: 'PUT',
      key,
      headers,
      body: bytes,
      bodySha256: hash('sha256', bytes, 'hex'),
      answerBytesMax: 4096,
    };
    return this.#uploads.pass(() =>
      this.#try(asked, (answer) => {
        if (answer.status !== 200) return { fault: refusalFault(answer) };
        return etagContradicts(answer, bytes) ? { fault: wrongBytes } : { done: undefined };
      }),
    );
  }

  /** At most 1000: more is a fault. */
  async list(prefix: string): Promise<readonly string[]> {
    const asked: S3Request = {
      method: 'GET',
      key: '',
      query: { 'list-type': '2', prefix },
      bodySha256: EMPTY_SHA256,
      answerBytesMax: LISTING_BYTES_MAX,
    };
    return this.#reads.pass(() =>
      this.#try(
        asked,
        (answer) => {
          if (answer.status !== 200) return { fault: refusalFault(answer) };
          const keys = listedKeys(answer);
          return keys === undefined ? { fault: notS3 } : { done: keys };
        },
        prefix,
      ),
    );
  }

  /** At most 1000. One that is not there is no error. */
  async delete(keys: readonly string[]): Promise<void> {
    const objects = keys.map((key) => `<Object><Key>${key}</Key></Object>`).join('');
    const body = Buffer.from(`<Delete><Quiet>true</Quiet>${objects}</Delete>`, 'utf8');
    const sha256 = hash('sha256', body, 'buffer');
    const md5 = md5Base64(body);
    const asked: S3Request = {
      method: 'POST',
      key: '',
      query: { delete: '' },
      headers: {
        'content-type': 'application/xml',
        // S3 demands one of them; older stores know only the first.
        ...(md5 === undefined
          ? { 'x-amz-checksum-sha256': sha256.toString('base64') }
          : { 'content-md5': md5 }),
      },
      body,
      bodySha256: sha256.toString('hex'),
      answerBytesMax: LISTING_BYTES_MAX,
    };
    return this.#reads.pass(() =>
      this.#try(
        asked,
        (answer) => {
          if (answer.status !== 200) return { fault: refusalFault(answer) };
          return allDeleted(answer) ? { done: undefined } : { fault: notDeleted };
        },
        keys[0] ?? '',
      ),
    );
  }

  async close(): Promise<void> {
    await this.#exchange.close();
  }

  async #try<Result>(
    asked: S3Request,
    judge: (answer: S3Answer) => Outcome<Result>,
    about: string = asked.key,
  ): Promise<Result> {
    for (let attempt = 1; ; attempt++) {
      const outcome = await this.#attempt(asked, judge);
      if ('done' in outcome) return outcome.done;
      const { fault } = outcome;
      const { closed } = this.#exchange;
      if (!fault.again || attempt >= this.#limits.attempts || closed.aborted) throw this.#error(about, fault);
      try {
        await wait(this.#backoffMs(attempt), undefined, { signal: closed });
      } catch {
        throw this.#error(about, fault);
      }
    }
  }

  async #attempt<Result>(
    asked: S3Request,
    judge: (answer: S3Answer) => Outcome<Result>,
  ): Promise<Outcome<Result>> {
    try {
      return judge(await this.#exchange.send(asked));
    } catch (cause) {
      return { fault: thrownFault(cause) };
    }
  }

  #backoffMs(attempt: number): number {
    const spread = 1 + this.#random.bytes(1).readUInt8() / 255;
    return Math.min(this.#limits.backoffMs * 2 ** (attempt - 1), BACKOFF_MS_MAX) * spread;
  }

  #error(key: string, { reason, cause, corrupt }: S3Fault): SekishoError {
    const object = `s3://${this.#name}/${key}`;
    return new SekishoError(
      corrupt === true ? 'ledger_corrupt' : 'object_store_unavailable',
      { ja: `${object}: ${reason.ja}`, en: `${object}: ${reason.en}` },
      cause === undefined ? {} : { cause },
    );
  }
}

const notS3: S3Fault = {
  again: true,
  reason: { ja: '一覧として読めない応答です。', en: 'Its answer is not a whole listing.' },
};

const notDeleted: S3Fault = {
  again: true,
  reason: { ja: '削除できなかったものがあります。', en: 'It did not remove all of them.' },
};
