import { SekishoError } from '@sekisho/contract';
import type { LogName } from './ledger.ts';

/** At most this many entries in one batch. */
export const BATCH_ENTRIES_MAX = 1024;
/** A batch takes no further entry once it would be longer than this. */
export const BATCH_BYTES_MAX = 4 * 1024 * 1024;
/** Longest attachment of an entry. */
export const ATTACHMENT_BYTES_MAX = 4096;

/** An entry with its place, as the write-ahead log keeps it. */
export interface WalRecord {
  readonly log: LogName;
  readonly index: number;
  readonly bytes: Uint8Array;
  readonly attachment: Uint8Array | undefined;
}

/** Stands where the length of an attachment would. */
export const NO_ATTACHMENT = 0xffff;
const FIXED_BYTES = 1 + 8 + 2 + 2;
const LOG_NAME_BYTES_MAX = 48;

/** Bytes of one record in a batch; log names are ASCII. */
function recordBytes(record: WalRecord): number {
  return FIXED_BYTES + record.log.length + record.bytes.length + (record.attachment?.length ?? 0);
}

/**
 * The payload of a batch: `u32 count`, then for each record `u8 length ‖ log name`, `u64 index`,
 * `u16 length ‖ entry`, `u16 length ‖ attachment` (length FFFF: no attachment). Big-endian.
 */
export function encodeBatch(records: readonly WalRecord[]): Buffer {
  let length = 4;
  for (const record of records) length += recordBytes(record);
  const batch = Buffer.allocUnsafe(length);
  let at = batch.writeUInt32BE(records.length, 0);
  for (const { log, index, bytes, attachment } of records) {
    at = batch.writeUInt8(log.length, at);
    at += batch.write(log, at, 'latin1');
    at = batch.writeBigUInt64BE(BigInt(index), at);
    at = batch.writeUInt16BE(bytes.length, at);
    batch.set(bytes, at);
    at = batch.writeUInt16BE(attachment?.length ?? NO_ATTACHMENT, at + bytes.length);
    if (attachment !== undefined) batch.set(attachment, at);
    at += attachment?.length ?? 0;
  }
  return batch;
}

/**
 * The records of a payload, as views on its bytes. Throws SekishoError `ledger_corrupt` for bytes
 * that {@link encodeBatch} does not write: a checksum shows an accident, not a forger.
 */
export function decodeBatch(payload: Uint8Array): WalRecord[] {
  const batch = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
  try {
    return recordsOf(batch);
  } catch (error) {
    // Reads beyond the end throw a RangeError.
    if (!(error instanceof RangeError)) throw error;
    throw new SekishoError('ledger_corrupt', 'write-ahead log: malformed batch', { cause: error });
  }
}

function recordsOf(batch: Buffer): WalRecord[] {
  let at = 0;
  const take = (length: number): Buffer => {
    if (at + length > batch.length) throw new RangeError('a record ends beyond its batch');
    at += length;
    return batch.subarray(at - length, at);
  };
  const count = take(4).readUInt32BE();
  if (count === 0 || count > BATCH_ENTRIES_MAX) throw new RangeError('a batch holds 1 to 1024 records');
  const records: WalRecord[] = [];
  for (let taken = 0; taken < count; taken++) {
    const nameLength = take(1).readUInt8();
    if (nameLength === 0 || nameLength > LOG_NAME_BYTES_MAX) throw new RangeError('log name');
    const log = take(nameLength).toString('latin1');
    const index = Number(take(8).readBigUInt64BE());
    if (!Number.isSafeInteger(index)) throw new RangeError('index');
    const bytes = take(take(2).readUInt16BE());
    const attachmentLength = take(2).readUInt16BE();
    if (attachmentLength !== NO_ATTACHMENT && attachmentLength > ATTACHMENT_BYTES_MAX) {
      throw new RangeError('attachment');
    }
    const attachment = attachmentLength === NO_ATTACHMENT ? undefined : take(attachmentLength);
    records.push({ log, index, bytes, attachment });
  }
  if (at !== batch.length) throw new RangeError('bytes after the last record');
  return records;
}
