import { join } from 'node:path';
import {
  HASH_BYTES,
  NOTE_BYTES_MAX,
  Refusal,
  TILE_WIDTH,
  decodeEntryBundle,
  encodeEntryBundle,
  entriesPath,
  tilePath,
} from '@sekisho/proof';
import type { AuditSource } from '@sekisho/proof';
import { readBounded, reasonOf } from './bounded-file.ts';
import { isLoopback } from './cell-address.ts';
import type { CommandContext } from './command-context.ts';
import { CommandFailure } from './failure.ts';

/** A full bundle of the longest entries. */
const BUNDLE_BYTES_MAX = TILE_WIDTH * (2 + 65_535);
const REQUEST_TIMEOUT_MS = 60_000;

/** Bytes of one file of a log, by its path in C2SP tlog-tiles; undefined where there is none. */
type ReadFile = (path: string, bytesMax: number) => Promise<Uint8Array | undefined>;

/**
 * One log (C2SP tlog-tiles): a folder, or an address such as `https://cell.example/ledger/city`.
 * Throws `file_unreadable` or `cell_unreachable` where it cannot tell what is there.
 */
export async function openLogCopy(
  place: string,
  apiKey: string | undefined,
  context: CommandContext,
): Promise<AuditSource> {
  if (apiKey !== undefined) refuseClearText(place);
  const read: ReadFile = /^https?:\/\//.test(place)
    ? (path, bytesMax) => readUrl(`${place.replace(/\/$/, '')}/${path}`, bytesMax, apiKey)
    : (path, bytesMax) => readLogFile(join(place, path), bytesMax, context);
  const note = await read('checkpoint', NOTE_BYTES_MAX);
  if (note === undefined) {
    throw new CommandFailure('file_unreadable', (texts) => texts.audit.noCheckpoint(place));
  }
  return {
    checkpoint: Buffer.from(note).toString('utf8'),
    readBundle: async (index, width) =>
      (await read(entriesPath(index, width), BUNDLE_BYTES_MAX)) ??
      (width === TILE_WIDTH
        ? undefined
        : firstEntries(await read(entriesPath(index), BUNDLE_BYTES_MAX), width)),
    readTile: async (level, index, width) =>
      (await read(tilePath(level, index, width), TILE_WIDTH * HASH_BYTES)) ??
      (width === TILE_WIDTH
        ? undefined
        : (await read(tilePath(level, index), TILE_WIDTH * HASH_BYTES))?.subarray(0, width * HASH_BYTES)),
  };
}

/** A key in clear text would be everybody's on the way. Throws `insecure_url`. */
function refuseClearText(place: string): void {
  const url = URL.parse(place);
  if (url?.protocol !== 'http:' || isLoopback(url.hostname)) return;
  throw new CommandFailure('insecure_url', (texts) => texts.audit.insecureUrl(url.host));
}

/** A log that grew while it was copied has the full bundle where its checkpoint knows a part of it. */
function firstEntries(bundle: Uint8Array | undefined, width: number): Uint8Array | undefined {
  if (bundle === undefined) return undefined;
  try {
    return encodeEntryBundle(decodeEntryBundle(bundle, TILE_WIDTH).slice(0, width));
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return bundle; // Not a full bundle either: the audit says so.
  }
}

async function readLogFile(
  file: string,
  bytesMax: number,
  { stdin }: CommandContext,
): Promise<Uint8Array | undefined> {
  try {
    return await readBounded(file, bytesMax, stdin);
  } catch (error) {
    if (error instanceof CommandFailure && reasonOf(error.cause) === 'ENOENT') return undefined;
    throw error;
  }
}

async function readUrl(
  url: string,
  bytesMax: number,
  apiKey: string | undefined,
): Promise<Uint8Array | undefined> {
  try {
    const answer = await fetch(url, {
      // A redirect would carry the key to wherever the answer points.
      redirect: 'error',
      signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
      headers: apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` },
    });
    if (answer.status === 404) {
      await answer.body?.cancel();
      return undefined;
    }
    if (!answer.ok) throw unreachable(url, `HTTP ${answer.status}`);
    const chunks: Uint8Array[] = [];
    let bytes = 0;
    for await (const chunk of answer.body ?? []) {
      bytes += chunk.length;
      if (bytes > bytesMax) throw unreachable(url, `> ${bytesMax} bytes`);
      chunks.push(chunk);
    }
    return Buffer.concat(chunks);
  } catch (error) {
    if (error instanceof CommandFailure) throw error;
    throw unreachable(url, reasonOf(error instanceof Error && error.cause ? error.cause : error));
  }
}

function unreachable(url: string, reason: string): CommandFailure {
  return new CommandFailure('log_unreachable', (texts) => texts.audit.unreachable(url, reason));
}
