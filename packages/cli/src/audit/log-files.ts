import { constants } from 'node:fs';
import { open, readdir } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { dirname, join } from 'node:path';
import { reasonOf } from '../bounded-file.ts';
import { isLoopback } from '../cell-address.ts';
import { CommandFailure } from '../failure.ts';

/** A server that says nothing for so long is away. */
const REQUEST_TIMEOUT_MS = 30_000;
const ATTEMPTS = 4;
const RETRY_DELAY_MS = 250;
const CONCURRENT_REQUESTS = 16;
const CONCURRENT_READS = 4;

/** The files of one log, by their paths in C2SP tlog-tiles. */
export interface LogFiles {
  /** Undefined where there is none. Throws what says that it cannot tell. */
  read(path: string, bytesMax: number): Promise<Uint8Array | undefined>;
  /** Widths in which a partial tile is there, where that can be listed: `tile/0/001.p/5` has 5. */
  partialWidths(path: string): Promise<readonly number[]>;
  /** Useful at once. */
  readonly concurrency: number;
}

export function isAddress(place: string): boolean {
  return /^https?:\/\//.test(place);
}

export function filesOf(
  place: string,
  apiKey: string | undefined,
  requestTimeoutMs: number = REQUEST_TIMEOUT_MS,
): LogFiles {
  if (!isAddress(place)) return folderFiles(place);
  if (apiKey !== undefined) refuseClearText(place);
  return addressFiles(place, apiKey, requestTimeoutMs);
}

function folderFiles(folder: string): LogFiles {
  return {
    concurrency: CONCURRENT_READS,
    read: (path, bytesMax) => readWhole(join(folder, path), bytesMax),
    partialWidths: async (path) => {
      try {
        return (await readdir(join(folder, dirname(path)))).map(Number).filter(Number.isSafeInteger);
      } catch (error) {
        if (isAbsent(error)) return [];
        throw error;
      }
    },
  };
}

/**
 * As `readBounded`, with one buffer of the file's size: an audit reads gigabytes, and what is thrown away
 * counts until it is collected. Throws `file_unreadable` and `file_too_large`.
 */
async function readWhole(file: string, bytesMax: number): Promise<Uint8Array | undefined> {
  try {
    // A pipe in place of a file would let the audit wait for ever.
    await using handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK);
    const stats = await handle.stat();
    if (!stats.isFile()) throw Object.assign(new Error('no file'), { code: 'EISDIR' });
    const { size } = stats;
    if (size > bytesMax) {
      throw new CommandFailure('file_too_large', (texts) => texts.failures.fileTooLarge(file, bytesMax));
    }
    const buffer = Buffer.allocUnsafeSlow(size);
    let bytes = 0;
    while (bytes < size) {
      const { bytesRead } = await handle.read(buffer, bytes, size - bytes, bytes);
      if (bytesRead === 0) break; // It was cut meanwhile: what is there is what there is.
      bytes += bytesRead;
    }
    return buffer.subarray(0, bytes);
  } catch (error) {
    if (error instanceof CommandFailure) throw error;
    if (isAbsent(error)) return undefined;
    throw new CommandFailure(
      'file_unreadable',
      (texts) => texts.failures.fileUnreadable(file, reasonOf(error)),
      { cause: error },
    );
  }
}

/** `ENOTDIR` where a copy has a file in place of a folder: what would be in it is not there. */
function isAbsent(error: unknown): boolean {
  return ['ENOENT', 'ENOTDIR'].includes(reasonOf(error));
}

/** Any width is served that the tree reaches, so none must be looked for. */
function addressFiles(address: string, apiKey: string | undefined, timeoutMs: number): LogFiles {
  const base = address.replace(/\/+$/, '');
  /** Only who has answered before is asked again: an address where nobody is fails at once. */
  let answered = false;
  const readOnce = async (url: string, bytesMax: number): Promise<Uint8Array | undefined> => {
    const bytes = await readUrl(url, bytesMax, apiKey, timeoutMs);
    answered = true;
    return bytes;
  };
  return {
    concurrency: CONCURRENT_REQUESTS,
    partialWidths: async () => [],
    read: async (path, bytesMax) => {
      const url = `${base}/${path}`;
      for (let attempt = 1; ; attempt++) {
        try {
          return await readOnce(url, bytesMax);
        } catch (error) {
          if (!(error instanceof Unread)) throw error;
          if (!answered || !error.passing || attempt === ATTEMPTS) throw unreachable(url, error.reason);
          await delay(RETRY_DELAY_MS * 2 ** attempt);
        }
      }
    },
  };
}

class Unread extends Error {
  readonly reason: string;
  /** Whether another attempt may have more luck. */
  readonly passing: boolean;

  constructor(reason: string, passing: boolean) {
    super(reason);
    this.reason = reason;
    this.passing = passing;
  }
}

async function readUrl(
  url: string,
  bytesMax: number,
  apiKey: string | undefined,
  timeoutMs: number,
): Promise<Uint8Array | undefined> {
  try {
    const answer = await fetch(url, {
      // A redirect would carry the key to wherever the answer points.
      redirect: 'error',
      signal: AbortSignal.timeout(timeoutMs),
      // Bundles compress well, and fetch bounds nothing itself: what is counted below is what came out.
      headers: {
        'accept-encoding': 'gzip',
        ...(apiKey !== undefined && { authorization: `Bearer ${apiKey}` }),
      },
    });
    if (answer.status === 404) {
      await answer.body?.cancel();
      return undefined;
    }
    if (!answer.ok) {
      await answer.body?.cancel();
      const passing = answer.status === 429 || answer.status >= 500;
      throw new Unread(`HTTP ${answer.status}`, passing);
    }
    const chunks: Uint8Array[] = [];
    let bytes = 0;
    for await (const chunk of answer.body ?? []) {
      bytes += chunk.length;
      if (bytes > bytesMax) throw new Unread(`> ${bytesMax} bytes`, false);
      chunks.push(chunk);
    }
    return Buffer.concat(chunks);
  } catch (error) {
    if (error instanceof Unread) throw error;
    throw new Unread(reasonOf(error instanceof Error && error.cause ? error.cause : error), true);
  }
}

/** A key in clear text would be everybody's on the way. Throws `insecure_url`. */
function refuseClearText(place: string): void {
  const url = URL.parse(place);
  if (url?.protocol !== 'http:' || isLoopback(url.hostname)) return;
  throw new CommandFailure('insecure_url', (texts) => texts.audit.insecureUrl(url.host));
}

export function unreachable(url: string, reason: string): CommandFailure {
  return new CommandFailure('log_unreachable', (texts) => texts.audit.unreachable(url, reason));
}
