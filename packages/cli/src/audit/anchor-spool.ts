import { appendFile, mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Anchor } from '@sekisho/proof';

/** Of one anchor: size, root, index. */
const RECORD_BYTES = 8 + 32 + 8;
/** Held in memory of each log before they are written. */
const HELD_RECORDS = 64;

/**
 * Keeps what the log of a cell says about others until each of them is audited: by log, in order. A busy cell
 * writes tens of thousands of anchors a day and tenant, so they wait in a temporary folder, not in memory.
 */
export class AnchorSpool implements AsyncDisposable {
  readonly #logs = new Map<
    string,
    { readonly number: number; held: Anchor[]; written: number; first: Anchor }
  >();
  #folder: string | undefined;

  async add(anchor: Anchor): Promise<void> {
    const log = this.#logs.get(anchor.origin) ?? {
      number: this.#logs.size,
      held: [],
      written: 0,
      first: anchor,
    };
    this.#logs.set(anchor.origin, log);
    log.held.push(anchor);
    if (log.held.length < HELD_RECORDS) return;
    await appendFile(await this.#fileOf(log.number), Buffer.concat(log.held.map(encode)));
    log.written += log.held.length;
    log.held = [];
  }

  /** First anchor of each log. */
  firsts(): Anchor[] {
    return [...this.#logs.values()].map(({ first }) => first);
  }

  /** May be read several times, once nothing is added any more. */
  async *of(origin: string): AsyncGenerator<Anchor, void, undefined> {
    const log = this.#logs.get(origin);
    if (log === undefined) return;
    if (log.written > 0) {
      await using handle = await open(await this.#fileOf(log.number), 'r');
      const chunk = Buffer.alloc(RECORD_BYTES * 1024);
      for (let record = 0; record < log.written;) {
        const { bytesRead } = await handle.read(chunk, 0, chunk.length, record * RECORD_BYTES);
        const records = Math.floor(bytesRead / RECORD_BYTES);
        if (records === 0) throw new Error('the temporary file of anchors was cut');
        for (let at = 0; at < records; at++) yield decode(origin, chunk.subarray(at * RECORD_BYTES));
        record += records;
      }
    }
    yield* log.held;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#folder !== undefined) await rm(this.#folder, { recursive: true, force: true });
  }

  async #fileOf(number: number): Promise<string> {
    this.#folder ??= await mkdtemp(join(tmpdir(), 'sekisho-anchors-'));
    return join(this.#folder, String(number));
  }
}

function encode({ size, root, index }: Anchor): Buffer {
  const record = Buffer.alloc(RECORD_BYTES);
  record.writeDoubleBE(size, 0);
  record.set(root, 8);
  record.writeDoubleBE(index, 40);
  return record;
}

function decode(origin: string, record: Buffer): Anchor {
  return {
    origin,
    size: record.readDoubleBE(0),
    root: Uint8Array.from(record.subarray(8, 40)),
    index: record.readDoubleBE(40),
  };
}
