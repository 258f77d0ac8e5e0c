import {
  HASH_BYTES,
  NOTE_BYTES_MAX,
  Refusal,
  TILE_WIDTH,
  decodeEntryBundle,
  encodeEntryBundle,
  entriesPath,
  parseCheckpoint,
  parseNote,
  tilePath,
} from '@sekisho/proof';
import type { AuditSource } from '@sekisho/proof';
import { CommandFailure } from '../failure.ts';
import { filesOf, isAddress, unreachable } from './log-files.ts';
import type { LogFiles } from './log-files.ts';
import { ReadAhead } from './read-ahead.ts';

/** A full bundle of the longest entries. */
const BUNDLE_BYTES_MAX = TILE_WIDTH * (2 + 65_535);
/** Of what is read before it is asked for, together. */
const AHEAD_BYTES_MAX = 16 * 1024 * 1024;

/**
 * One log (C2SP tlog-tiles): a folder, or an address such as `https://cell.example/ledger/city`. Reads ahead.
 * Throws `file_unreadable` or `log_unreachable` where it cannot tell what is there, or where what is there is
 * no log at all.
 */
export async function openLogCopy(
  place: string,
  apiKey: string | undefined,
  demandsWitnesses: boolean,
): Promise<AuditSource> {
  const files = filesOf(place, apiKey);
  // The one that is older by nature comes first: a log that grows meanwhile never looks smaller than it was.
  const witnessed = await readWitnessed(files, demandsWitnesses);
  const bytes = await files.read('checkpoint', NOTE_BYTES_MAX);
  if (bytes === undefined) {
    throw new CommandFailure('file_unreadable', (texts) => texts.audit.noCheckpoint(place));
  }
  const checkpoint = textOf(bytes);
  refuseWebPage(checkpoint, place);
  const size = sizeOf(checkpoint);
  const widthOf = (bundle: number): number => Math.min(TILE_WIDTH, size - bundle * TILE_WIDTH);
  const bundles = new ReadAhead(
    (index) => readBundle(files, index, widthOf(index)),
    Math.ceil(size / TILE_WIDTH),
    (last) => aheadOf(last, files.concurrency),
  );
  const leafTiles = new ReadAhead(
    (index) => readTile(files, 0, index, widthOf(index)),
    Math.ceil(size / TILE_WIDTH),
    () => files.concurrency,
  );
  return {
    checkpoint,
    witnessed: witnessed === undefined ? undefined : textOf(witnessed),
    readBundle: (index) => bundles.get(index),
    readTile: (level, index, width) =>
      level === 0 ? leafTiles.get(index) : readTile(files, level, index, width),
  };
}

/** Few logs have one, and some servers refuse what is not there: that stops only who asks for witnesses. */
async function readWitnessed(files: LogFiles, demanded: boolean): Promise<Uint8Array | undefined> {
  try {
    return await files.read('checkpoint.witnessed', NOTE_BYTES_MAX);
  } catch (error) {
    if (!demanded && error instanceof CommandFailure && error.code === 'log_unreachable') return undefined;
    throw error;
  }
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('utf8');
}

/** A page that answers in place of the log (a login, a wrong path) says nothing about the log. */
function refuseWebPage(checkpoint: string, place: string): void {
  if (!/^\s*<(?:!doctype|html|\?xml)/i.test(checkpoint)) return;
  if (isAddress(place)) throw unreachable(`${place}/checkpoint`, 'HTML');
  throw new CommandFailure('file_unreadable', (texts) => texts.audit.noCheckpoint(place));
}

/** 0 where the note cannot be read: the audit says so, and reads nothing else. */
function sizeOf(checkpoint: string): number {
  try {
    return parseCheckpoint(parseNote(checkpoint).body).size;
  } catch (error) {
    if (error instanceof Refusal) return 0;
    throw error;
  }
}

/** Bundles of ordinary entries come in numbers, giant ones singly. */
function aheadOf(last: Uint8Array | undefined, concurrency: number): number {
  const fitting = Math.floor(AHEAD_BYTES_MAX / Math.max(1, last?.length ?? 0));
  return last === undefined ? 0 : Math.min(concurrency, fitting);
}

async function readBundle(files: LogFiles, index: number, width: number): Promise<Uint8Array | undefined> {
  const asked = await files.read(entriesPath(index, width), BUNDLE_BYTES_MAX);
  if (asked !== undefined || width === TILE_WIDTH) return asked;
  const wider = await readWider(files, (other) => entriesPath(index, other), width, BUNDLE_BYTES_MAX);
  return wider && firstEntries(wider.bytes, wider.width, width);
}

async function readTile(
  files: LogFiles,
  level: number,
  index: number,
  width: number,
): Promise<Uint8Array | undefined> {
  const bytesMax = TILE_WIDTH * HASH_BYTES;
  const asked = await files.read(tilePath(level, index, width), bytesMax);
  if (asked !== undefined || width === TILE_WIDTH) return asked;
  const wider = await readWider(files, (other) => tilePath(level, index, other), width, bytesMax);
  return wider?.bytes.subarray(0, width * HASH_BYTES);
}

/** A log that grew while it was copied has the full tile, or a wider part, where its checkpoint knows a part of it. */
async function readWider(
  files: LogFiles,
  pathOf: (width: number) => string,
  width: number,
  bytesMax: number,
): Promise<{ readonly bytes: Uint8Array; readonly width: number } | undefined> {
  const widths = (await files.partialWidths(pathOf(width))).filter((other) => other > width);
  for (const other of [TILE_WIDTH, ...widths.toSorted((a, b) => a - b)]) {
    if (other > TILE_WIDTH) continue;
    const bytes = await files.read(pathOf(other), bytesMax);
    if (bytes !== undefined) return { bytes, width: other };
  }
  return undefined;
}

function firstEntries(bundle: Uint8Array, has: number, width: number): Uint8Array {
  try {
    return encodeEntryBundle(decodeEntryBundle(bundle, has).slice(0, width));
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return bundle; // Not a bundle of that width either: the audit says so.
  }
}
