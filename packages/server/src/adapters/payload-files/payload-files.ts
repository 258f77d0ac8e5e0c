import { constants } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { PayloadKind } from '@sekisho/contract';
import {
  PAYLOAD_BYTES_MAX,
  payloadPath,
  type PayloadName,
  type PayloadStore,
  type PayloadWriter,
} from '../../domains/payloads/index.ts';
import { isMissing, makeFolder, syncFolder, writeFully } from '../ledger-files/durable-files.ts';
import { CHUNK_BYTES, LENGTH_BYTES, MAGIC, openChunk, SEALED_BYTES_MAX, sealChunk } from './sealed-chunks.ts';

/** Payloads written at the same time keep a file open each. */
const KNOWN_FOLDERS_MAX = 1024;

/** Sealed payloads as files below a folder, each where `payloadPath` says. */
export function payloadFiles(options: { readonly folder: string }): PayloadStore {
  return new PayloadFiles(options.folder);
}

class PayloadFiles implements PayloadStore {
  readonly #folder: string;
  /** Folders that this process has made durable. */
  readonly #knownFolders = new Set<string>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  async create(name: PayloadName, key: Uint8Array): Promise<PayloadWriter> {
    const path = this.#path(name);
    await this.#ensureFolder(dirname(path));
    // Never over another: a key whose nonces were used must not be used again.
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL;
    return new FileWriter(name, key, path, await open(path, flags, 0o600));
  }

  async *read(name: PayloadName, key: Uint8Array): AsyncIterable<Buffer> {
    const handle = await open(this.#path(name), 'r');
    try {
      const { size } = await handle.stat();
      let at = MAGIC.length;
      if (!(await readFully(handle, 0, at)).equals(MAGIC)) throw new Error('this is no sealed payload');
      for (let number = 0; ; number++) {
        const length = (await readFully(handle, at, LENGTH_BYTES)).readUInt32BE();
        if (length > SEALED_BYTES_MAX) throw new Error('a chunk is too long');
        const sealed = await readFully(handle, at + LENGTH_BYTES, length);
        at += LENGTH_BYTES + length;
        yield openChunk(name, key, number, at === size, sealed);
        if (at === size) return;
      }
    } finally {
      await handle.close();
    }
  }

  async *readSealed(name: PayloadName): AsyncIterable<Buffer> {
    const handle = await open(this.#path(name), 'r');
    for await (const piece of handle.createReadStream()) yield Buffer.from(piece);
  }

  async remove(tenant: string, crossings: readonly string[]): Promise<void> {
    const touched = new Set<string>();
    for (const crossing of crossings) {
      for (const kind of PayloadKind.options) {
        const path = this.#path({ tenant, crossing, kind });
        await rm(path, { force: true });
        touched.add(dirname(path));
      }
    }
    for (const folder of touched) {
      try {
        await syncFolder(folder);
      } catch (error) {
        if (!isMissing(error)) throw error;
      }
    }
  }

  #path(name: PayloadName): string {
    return join(this.#folder, payloadPath(name));
  }

  async #ensureFolder(folder: string): Promise<void> {
    if (this.#knownFolders.has(folder)) return;
    // Also parents that exist: a process that crashed may have made them without syncing.
    if (folder !== this.#folder) await this.#ensureFolder(dirname(folder));
    await makeFolder(folder);
    if (this.#knownFolders.size >= KNOWN_FOLDERS_MAX) this.#knownFolders.clear();
    this.#knownFolders.add(folder);
  }
}

class FileWriter implements PayloadWriter {
  readonly #name: PayloadName;
  readonly #key: Uint8Array;
  readonly #path: string;
  readonly #handle: FileHandle;
  #pending: Uint8Array[] = [];
  #pendingBytes = 0;
  #bytes = 0;
  #chunks = 0;
  #at = 0;

  constructor(name: PayloadName, key: Uint8Array, path: string, handle: FileHandle) {
    this.#name = name;
    this.#key = key;
    this.#path = path;
    this.#handle = handle;
  }

  async write(piece: Uint8Array): Promise<void> {
    this.#bytes += piece.length;
    if (this.#bytes > PAYLOAD_BYTES_MAX) throw new RangeError('the payload is too long');
    this.#pending.push(piece);
    this.#pendingBytes += piece.length;
    // The last chunk is sealed as such, so one is always kept back.
    if (this.#pendingBytes > CHUNK_BYTES) await this.#writeWholeChunks();
  }

  async finish(): Promise<number> {
    const rest = Buffer.concat(this.#pending);
    await this.#append(sealChunk(this.#name, this.#key, this.#chunks, true, rest));
    await this.#handle.datasync();
    await this.#handle.close();
    await syncFolder(dirname(this.#path));
    return this.#bytes;
  }

  async abandon(): Promise<void> {
    await this.#handle.close().catch(() => undefined);
  }

  async #writeWholeChunks(): Promise<void> {
    const bytes = Buffer.concat(this.#pending);
    let from = 0;
    for (; bytes.length - from > CHUNK_BYTES; from += CHUNK_BYTES) {
      const chunk = bytes.subarray(from, from + CHUNK_BYTES);
      await this.#append(sealChunk(this.#name, this.#key, this.#chunks++, false, chunk));
    }
    const rest = bytes.subarray(from);
    this.#pending = [rest];
    this.#pendingBytes = rest.length;
  }

  async #append(sealed: Buffer): Promise<void> {
    const bytes = this.#at === 0 ? Buffer.concat([MAGIC, sealed]) : sealed;
    await writeFully(this.#handle, bytes, this.#at);
    this.#at += bytes.length;
  }
}

async function readFully(handle: FileHandle, position: number, length: number): Promise<Buffer> {
  const bytes = Buffer.alloc(length);
  for (let read = 0; read < length;) {
    const { bytesRead } = await handle.read(bytes, read, length - read, position + read);
    if (bytesRead === 0) throw new Error('the payload is cut short');
    read += bytesRead;
  }
  return bytes;
}
