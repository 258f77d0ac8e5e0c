import { SekishoError } from '@sekisho/contract';
import { ATTACHMENT_BYTES_MAX, NO_ATTACHMENT } from './wal-batch.ts';

/** What of an entry is put in order. */
export interface RunEntry {
  readonly bytes: Uint8Array;
  readonly attachment: Uint8Array | undefined;
}

/**
 * The payload of a run: for each entry `u16 length ‖ entry`, `u16 length ‖ attachment` (length FFFF: no
 * attachment). Big-endian, as in a batch of the write-ahead log.
 */
export function encodeRun(entries: readonly RunEntry[]): Buffer {
  let length = 0;
  for (const { bytes, attachment } of entries) length += 4 + bytes.length + (attachment?.length ?? 0);
  const payload = Buffer.allocUnsafe(length);
  let at = 0;
  for (const { bytes, attachment } of entries) {
    at = payload.writeUInt16BE(bytes.length, at);
    payload.set(bytes, at);
    at = payload.writeUInt16BE(attachment?.length ?? NO_ATTACHMENT, at + bytes.length);
    if (attachment !== undefined) payload.set(attachment, at);
    at += attachment?.length ?? 0;
  }
  return payload;
}

/** The entries of a payload, as views on its bytes. Throws SekishoError `ledger_corrupt`. */
export function decodeRun(payload: Uint8Array, count: number): RunEntry[] {
  const buffer = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
  const entries: RunEntry[] = [];
  let at = 0;
  const take = (length: number): Buffer => {
    if (at + length > buffer.length) throw malformed('an entry ends beyond its run');
    at += length;
    return buffer.subarray(at - length, at);
  };
  while (at < buffer.length) {
    const bytes = take(take(2).readUInt16BE());
    const length = take(2).readUInt16BE();
    if (length !== NO_ATTACHMENT && length > ATTACHMENT_BYTES_MAX) throw malformed('attachment');
    entries.push({ bytes, attachment: length === NO_ATTACHMENT ? undefined : take(length) });
  }
  if (entries.length !== count) throw malformed(`${entries.length} entries instead of ${count}`);
  return entries;
}

function malformed(what: string): SekishoError {
  return new SekishoError('ledger_corrupt', `sequenced run: ${what}`);
}
