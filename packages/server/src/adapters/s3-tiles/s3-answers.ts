import { hash } from 'node:crypto';
import type { Bilingual } from '@sekisho/contract';
import type { S3Answer } from './s3-exchange.ts';

/** What an attempt came to, when it is not what was asked for. */
export interface S3Fault {
  /** Whether the same request may go well a moment later. */
  readonly again: boolean;
  readonly reason: Bilingual;
  readonly cause?: unknown;
  /** What is stored is no file of a log: repeating does not help, and the store did nothing wrong. */
  readonly corrupt?: true;
}

/** The error code of an S3 error body. The text is the store's: only letters and digits of it pass. */
export function errorCode(answer: S3Answer): string | undefined {
  return /<Error>[^]{0,2000}?<Code>([A-Za-z0-9]{1,64})<\/Code>/.exec(answer.body.toString('latin1'))?.[1];
}

/** These say that the bytes did not arrive as they were sent. */
const CORRUPTED_ON_THE_WAY = new Set([
  'BadDigest',
  'XAmzContentSHA256Mismatch',
  'IncompleteBody',
  'RequestTimeout',
]);

export function refusalFault(answer: S3Answer): S3Fault {
  const { status } = answer;
  const code = errorCode(answer);
  if (status >= 300 && status < 400) {
    return {
      again: false,
      reason: {
        ja: `別の場所への転送 (HTTP ${status}) には従いません。endpoint と region を確認してください。`,
        en: `It points elsewhere (HTTP ${status}), which is not followed. Check endpoint and region.`,
      },
    };
  }
  const again =
    status >= 500 ||
    status === 408 ||
    status === 429 ||
    (code !== undefined && CORRUPTED_ON_THE_WAY.has(code));
  const words = `HTTP ${status}${code === undefined ? '' : ` ${code}`}`;
  return { again, reason: { ja: `${words} で拒否されました。`, en: `It answered ${words}.` } };
}

/** Of what `S3Exchange.send` rejected with. */
export function thrownFault(cause: unknown): S3Fault {
  const timedOut =
    cause instanceof Error &&
    ['TimeoutError', 'ConnectTimeoutError', 'HeadersTimeoutError'].includes(cause.name);
  return {
    again: true,
    reason: timedOut
      ? { ja: '時間内に応答がありません。', en: 'It did not answer in time.' }
      : { ja: '接続できないか、途中で切れました。', en: 'The connection failed or broke.' },
    cause,
  };
}

export const tooLong: S3Fault = {
  again: false,
  corrupt: true,
  reason: { ja: '台帳のファイルとしては長すぎます。', en: 'It is longer than any file of a ledger.' },
};

export const wrongBytes: S3Fault = {
  again: true,
  reason: {
    ja: '応答が送受信した内容と一致しません（ETag）。',
    en: 'Its ETag is not that of the bytes that went over the line.',
  },
};

export const encodedBytes: S3Fault = {
  again: false,
  reason: {
    ja: 'Content-Encoding の付いた写しです。変換せずに複製してください。',
    en: 'The object has a Content-Encoding: it was not copied as it is.',
  },
};

/**
 * Whether an ETag speaks for other bytes than these. It is the MD5 of what was uploaded in one
 * piece, but for stores that encrypt (they say so) or that make ETags of another form.
 */
export function etagContradicts(answer: S3Answer, bytes: Uint8Array): boolean {
  const etag = answer.header('etag');
  // Every S3 store gives one; who answers without is something in between.
  if (etag === undefined) return true;
  const [, md5] = /^"?([0-9a-f]{32})"?$/.exec(etag) ?? [];
  if (md5 === undefined || encrypts(answer)) return false;
  const own = md5Hex(bytes);
  return own !== undefined && own !== md5;
}

function encrypts(answer: S3Answer): boolean {
  return (
    answer.header('x-amz-server-side-encryption') !== undefined ||
    answer.header('x-amz-server-side-encryption-customer-algorithm') !== undefined
  );
}

/** Undefined where OpenSSL runs in FIPS mode, which has no MD5. */
function md5Hex(bytes: Uint8Array): string | undefined {
  try {
    return hash('md5', bytes, 'hex');
  } catch {
    return undefined;
  }
}

export function md5Base64(bytes: Uint8Array): string | undefined {
  const hex = md5Hex(bytes);
  return hex === undefined ? undefined : Buffer.from(hex, 'hex').toString('base64');
}

/** Keys of a ListObjectsV2 answer; undefined when it is not one, or is not all. Ours need no unescaping. */
export function listedKeys(answer: S3Answer): readonly string[] | undefined {
  const text = answer.body.toString('latin1');
  const whole = !answer.cutShort && text.includes('<IsTruncated>false</IsTruncated>');
  if (!whole || !/<ListBucketResult[\s>]/.test(text)) return undefined;
  return [...text.matchAll(/<Key>([A-Za-z0-9._/-]{1,1024})<\/Key>/g)].map((match) => match[1] ?? '');
}

/** Whether a DeleteObjects answer says that all are gone. In quiet mode it names only what failed. */
export function allDeleted(answer: S3Answer): boolean {
  const text = answer.body.toString('latin1');
  return !answer.cutShort && /<DeleteResult[\s/>]/.test(text) && !/<Error[\s>]/.test(text);
}
