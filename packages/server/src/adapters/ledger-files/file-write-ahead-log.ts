import { SekishoError } from '@sekisho/contract';
import { constants } from 'node:fs';
import { open, readdir, readFile, stat, unlink } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { WalBatch, WriteAheadLog } from '../../domains/ledger/index.ts';
import { WAL_BATCH_BYTES_MAX } from '../../domains/ledger/index.ts';
import { makeFolder, replaceDurably, syncFolder, writeFully } from './durable-files.ts';
import { FRAME_HEADER_BYTES, encodeFrame, scanSegment } from './wal-frame.ts';
import type { Frame } from './wal-frame.ts';

const SEGMENT_BYTES_MAX = 64 * 1024 * 1024;
/**
 * Each write returns when its bytes, and the size that is needed to read them back, are on the disk
 * (POSIX O_DSYNC): as write and fdatasync, in one trip through Node's thread pool.
 */
const SYNCHRONOUS = constants.O_RDWR | constants.O_DSYNC;
const SEGMENT_NAME = /^\d{16}\.wal$/;

interface FileWalOptions {
  readonly folder: string;
  /** A segment takes no further frame once it is this long. */
  readonly segmentBytesMax?: number;
}

/** A segment holds the frames from `first`, its name, to the one before the next segment's. */
interface Segment {
  readonly first: number;
  readonly path: string;
}

/**
 * The write-ahead log in files `{folder}/{position of the first frame}.wal`. The newest segment is
 * written to; older ones are complete, and deleted once all their frames are released.
 */
export function fileWriteAheadLog(options: FileWalOptions): WriteAheadLog {
  return new FileWriteAheadLog(options);
}

class FileWriteAheadLog implements WriteAheadLog {
  readonly #folder: string;
  readonly #segmentBytesMax: number;
  #segments: Segment[] = [];
  #replayed = false;
  /** What is good of the newest segment, between replay and taking over. */
  #newestBytes: Uint8Array | undefined;
  /** The newest segment; undefined before taking over, after a failure and after close. */
  #handle: FileHandle | undefined;
  #length = 0;
  #next = 0;
  #released = -1;

  constructor({ folder, segmentBytesMax = SEGMENT_BYTES_MAX }: FileWalOptions) {
    this.#folder = folder;
    this.#segmentBytesMax = segmentBytesMax;
  }

  async *replay(): AsyncIterable<WalBatch> {
    if (this.#handle !== undefined) throw new Error('replay comes before the first append');
    await makeFolder(this.#folder);
    const names = (await readdir(this.#folder)).filter((name) => SEGMENT_NAME.test(name)).sort();
    const segments = names.map((name) => ({
      first: Number(name.slice(0, 16)),
      path: join(this.#folder, name),
    }));
    let next = segments[0]?.first ?? 0;
    for (const [at, segment] of segments.entries()) {
      if (segment.first !== next) throw corrupt(`a segment is missing before ${segment.path}`);
      const bytes = await this.#read(segment);
      const { frames, end } = scanSegment(bytes, next, WAL_BATCH_BYTES_MAX);
      // Only the last write can have been interrupted: a new segment comes after a durable frame.
      const newest = at === segments.length - 1;
      if (end.kind === 'damaged' || (end.kind === 'torn' && !newest)) {
        throw corrupt(`${segment.path} at byte ${end.at}`);
      }
      yield* frames.map(batchOf);
      next += frames.length;
      if (newest) this.#newestBytes = bytes.subarray(0, end.at);
    }
    this.#segments = segments;
    this.#next = next;
    this.#replayed = true;
  }

  /**
   * After a failed sync the newest frame may be in the page cache and not on the disk, and a later
   * sync would not say so. The newest segment is therefore written anew, without a torn end.
   */
  async takeOver(): Promise<void> {
    if (!this.#replayed) throw new Error('replay comes first');
    this.#replayed = false;
    const newest = this.#segments.at(-1);
    const bytes = this.#newestBytes;
    this.#newestBytes = undefined;
    if (newest === undefined || bytes === undefined) {
      await this.#startSegment();
      return;
    }
    await replaceDurably(newest.path, bytes);
    this.#handle = await open(newest.path, SYNCHRONOUS);
    this.#length = bytes.length;
  }

  async append(payload: Uint8Array, options = { apartFromEarlier: false }): Promise<number> {
    if (payload.length > WAL_BATCH_BYTES_MAX) throw new RangeError('the batch is too long');
    if (this.#handle === undefined) throw new Error('the write-ahead log is not open for writing');
    const position = this.#next;
    try {
      const wantsNew = this.#length >= this.#segmentBytesMax || options.apartFromEarlier;
      // An empty segment is new already, and its name is taken.
      if (wantsNew && this.#length > 0) await this.#startSegment();
      const frame = encodeFrame(position, payload);
      // Durable when it returns: the file is open for synchronous writes.
      await writeFully(this.#handle, frame, this.#length);
      this.#length += frame.length;
    } catch (error) {
      await this.#letGo();
      throw error;
    }
    this.#next++;
    return position;
  }

  async release(position: number): Promise<void> {
    this.#released = Math.max(this.#released, position);
    await this.#deleteReleased();
  }

  async close(): Promise<void> {
    const allReleased = this.#handle !== undefined && this.#released === this.#next - 1;
    if (allReleased && this.#length > 0) {
      // The empty segment keeps count: positions rise over restarts.
      await this.#startSegment();
      await this.#deleteReleased();
    }
    await this.#letGo();
  }

  async #letGo(): Promise<void> {
    const handle = this.#handle;
    this.#handle = undefined;
    await handle?.close();
  }

  async #read({ path }: Segment): Promise<Buffer> {
    const { size } = await stat(path);
    if (size > this.#segmentBytesMax + FRAME_HEADER_BYTES + WAL_BATCH_BYTES_MAX)
      throw corrupt(`${path} is too long`);
    return readFile(path);
  }

  async #startSegment(): Promise<void> {
    const path = join(this.#folder, `${String(this.#next).padStart(16, '0')}.wal`);
    const handle = await open(path, SYNCHRONOUS | constants.O_CREAT | constants.O_EXCL, 0o600);
    await syncFolder(this.#folder);
    await this.#handle?.close();
    this.#handle = handle;
    this.#length = 0;
    this.#segments = [...this.#segments, { first: this.#next, path }];
  }

  /** Oldest first, so that what a crash leaves is still without a gap. */
  async #deleteReleased(): Promise<void> {
    let deleted = 0;
    for (;;) {
      const [oldest, following] = this.#segments;
      if (oldest === undefined || following === undefined || following.first - 1 > this.#released) break;
      this.#segments = this.#segments.slice(1);
      await unlink(oldest.path);
      deleted++;
    }
    if (deleted > 0) await syncFolder(this.#folder);
  }
}

function batchOf({ position, payload }: Frame): WalBatch {
  return { position, payload };
}

function corrupt(what: string): SekishoError {
  return new SekishoError('ledger_corrupt', what);
}
