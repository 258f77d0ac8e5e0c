import { formatAddCheckpoint } from '@sekisho/proof';
import { Agent, request } from 'undici';
import type { Dispatcher } from 'undici';
import type { WitnessAnswer, WitnessClient } from '../../domains/ledger/index.ts';

/** Sixteen signatures of ML-DSA-44, and more. */
const ANSWER_BYTES_MAX = 64 * 1024;

export interface HttpWitnessClientLimits {
  readonly connectMs: number;
  /** The whole exchange. */
  readonly answerMs: number;
}

const defaultLimits: HttpWitnessClientLimits = { connectMs: 3000, answerMs: 5000 };

/**
 * Speaks C2SP tlog-witness. A witness's bytes are hostile: bounded in length and time, never
 * followed elsewhere, and of an answer that means nothing only that is said.
 */
export function httpWitnessClient(limits: HttpWitnessClientLimits = defaultLimits): WitnessClient {
  const dispatcher = new Agent({ connect: { timeout: limits.connectMs }, connections: 2 });
  return {
    async addCheckpoint(url, submission) {
      const answer = await request(addCheckpointUrl(url), {
        dispatcher,
        method: 'POST',
        headers: { 'content-type': 'text/plain; charset=utf-8' },
        body: formatAddCheckpoint(submission),
        signal: AbortSignal.timeout(limits.answerMs),
      });
      const bytes = await readBounded(answer.body);
      return readAnswer(answer.statusCode, answer.headers['content-type'], bytes);
    },
    async close() {
      await dispatcher.destroy();
    },
  };
}

/** `<submission prefix>/add-checkpoint`; a prefix may end in a slash. */
function addCheckpointUrl(prefix: string): string {
  return `${prefix.replace(/\/+$/, '')}/add-checkpoint`;
}

function readAnswer(
  status: number,
  contentType: string | readonly string[] | undefined,
  bytes: Buffer,
): WitnessAnswer {
  if (status === 200) return { kind: 'cosigned', lines: bytes.toString('utf8') };
  if (status === 409) {
    const [, size] = /^(0|[1-9]\d{0,15})\n$/.exec(bytes.toString('latin1')) ?? [];
    if (
      mediaType(contentType) !== 'text/x.tlog.size' ||
      size === undefined ||
      !Number.isSafeInteger(Number(size))
    ) {
      throw new Error('the witness names no size');
    }
    return { kind: 'conflict', size: Number(size) };
  }
  // Too many requests, or a fault of its own: not a word about the checkpoint.
  if (status === 429 || status >= 500 || status < 400) throw new Error(`HTTP ${status}`);
  return { kind: 'refused', status };
}

function mediaType(contentType: string | readonly string[] | undefined): string | undefined {
  return typeof contentType === 'string' ? contentType.split(';', 1)[0]?.trim() : undefined;
}

async function readBounded(body: Dispatcher.ResponseData['body']): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    const buffer = Buffer.from(chunk);
    bytes += buffer.length;
    // Leaving the loop destroys the body and with it the connection.
    if (bytes > ANSWER_BYTES_MAX) throw new Error('the answer is too long');
    chunks.push(buffer);
  }
  return Buffer.concat(chunks);
}
