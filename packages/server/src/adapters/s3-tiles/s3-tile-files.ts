import { SekishoError, Slug } from '@sekisho/contract';
import { TILE_WIDTH, parseTilePath } from '@sekisho/proof';
import type { Clock } from '../../base/clock.ts';
import type { Random } from '../../base/random.ts';
import type { LogName, TileFiles } from '../../domains/ledger/index.ts';
import { S3Bucket } from './s3-bucket.ts';
import { defaultS3Limits, parseS3TileSettings } from './s3-settings.ts';
import type { S3Limits, S3TileSettings } from './s3-settings.ts';

const HASH_BYTES = 32;
const ENTRY_BYTES_MAX = 2 + 65_535;
/** The copy of the checkpoint that readers get. */
const CHECKPOINT = 'checkpoint';
const CHECKPOINT_BYTES_MAX = 64 * 1024;

/** Its name says what is in it: it never changes. Who may keep it is for whoever serves it to say. */
const immutable = {
  'content-type': 'application/octet-stream',
  'cache-control': 'max-age=31536000, immutable',
};
const changing = { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-cache' };

export interface S3TileFiles extends TileFiles {
  /** Ends what is under way, which then rejects. */
  close(): Promise<void>;
}

/**
 * Files of a log as objects `{prefix}{log}/{path}` of an S3 bucket: a plain copy of `{prefix}{log}/`
 * is a static log as C2SP tlog-tiles describes it, and so is the bucket if somebody serves it. The
 * bucket must exist; needed are the rights to get, put, delete and list. A write is durable when the
 * store has answered it with 200.
 *
 * An upload that was given up may still arrive at the store later. So a tile must have the same bytes
 * each time that it is written, and an older `checkpoint` may come back until the next one.
 *
 * @throws SekishoError `invalid_request` on bad settings. Its methods reject with
 * `object_store_unavailable`, or `ledger_corrupt` when an object is longer than any file of a log.
 */
export function s3TileFiles(
  settings: S3TileSettings,
  parts: { readonly clock: Clock; readonly random: Random; readonly limits?: Partial<S3Limits> },
): S3TileFiles {
  const parsed = parseS3TileSettings(settings);
  const bucket = new S3Bucket(parsed, { ...defaultS3Limits, ...parts.limits }, parts.clock, parts.random);
  const keyOf = (log: LogName, path: string): string => {
    // Also what keeps keys free of anything that would need escaping.
    if (!Slug.safeParse(log).success) throw new SekishoError('internal_error', 'not the name of a log');
    return `${parsed.prefix}${log}/${path}`;
  };

  return {
    async read(log, path) {
      return bucket.get(keyOf(log, path), bytesMaxOf(path));
    },

    async write(log, files) {
      const uploads = files.map(({ path, bytes }) => ({
        key: keyOf(log, path),
        bytes: fitting(path, bytes),
      }));
      await inTurn(uploads, parts.limits?.uploadsAtOnce ?? defaultS3Limits.uploadsAtOnce, ({ key, bytes }) =>
        bucket.put(key, bytes, key.endsWith(`/${CHECKPOINT}`) ? changing : immutable),
      );
    },

    async removePartials(log, path) {
      if (parseTilePath(path) === undefined)
        throw new SekishoError('internal_error', 'not the path of a tile');
      const folder = `${keyOf(log, path)}.p/`;
      const keys = (await bucket.list(folder)).filter((key) => isPartialOf(folder, key));
      if (keys.length > 0) await bucket.delete(keys);
    },

    async close() {
      await bucket.close();
    },
  };
}

/** Longest file of this path. Whatever else is asked for is a fault of the caller. */
function bytesMaxOf(path: string): number {
  if (path === CHECKPOINT) return CHECKPOINT_BYTES_MAX;
  const named = parseTilePath(path);
  if (named === undefined) throw new SekishoError('internal_error', 'not the path of a file of a log');
  return TILE_WIDTH * (named.kind === 'tile' ? HASH_BYTES : ENTRY_BYTES_MAX);
}

function fitting(path: string, bytes: Uint8Array): Uint8Array {
  if (bytes.length > bytesMaxOf(path)) throw new SekishoError('internal_error', 'no such file is so long');
  return bytes;
}

/** A store that lists more than it was asked for must not make us delete that. */
function isPartialOf(folder: string, key: string): boolean {
  return key.startsWith(folder) && /^[1-9][0-9]{0,2}$/.test(key.slice(folder.length));
}

/** After a fault nothing further is begun, and it rejects when nothing is under way any more. */
async function inTurn<Item>(
  items: readonly Item[],
  atOnce: number,
  act: (item: Item) => Promise<void>,
): Promise<void> {
  const next = items.values();
  const faults: unknown[] = [];
  const work = async (): Promise<void> => {
    for (const item of next) {
      try {
        await act(item);
      } catch (fault) {
        faults.push(fault);
      }
      if (faults.length > 0) return;
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, work));
  if (faults.length > 0) throw faults[0];
}
