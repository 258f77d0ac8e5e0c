import { ENTRY_BYTES_MAX, SekishoError } from '@sekisho/contract';
import type { LedgerEntry } from '@sekisho/contract';
import { Refusal, canonicalJson } from '@sekisho/proof';
import { ATTACHMENT_BYTES_MAX } from './wal-batch.ts';

/** Canonical JSON of an entry. Throws SekishoError `invalid_request` or `request_too_large`. */
export function entryBytesOf(value: LedgerEntry): Uint8Array {
  let bytes: Uint8Array;
  try {
    bytes = canonicalJson(value);
  } catch (error) {
    if (error instanceof Refusal) throw new SekishoError('invalid_request', error.code, { cause: error });
    throw error;
  }
  if (bytes.length > ENTRY_BYTES_MAX) throw new SekishoError('request_too_large', `${ENTRY_BYTES_MAX} bytes`);
  return bytes;
}

/** A copy, so that the caller may use its own again. Throws SekishoError `request_too_large`. */
export function attachmentOf(attachment: Uint8Array | undefined): Uint8Array | undefined {
  if (attachment === undefined) return undefined;
  if (attachment.length > ATTACHMENT_BYTES_MAX) {
    throw new SekishoError('request_too_large', `attachment ${ATTACHMENT_BYTES_MAX}`);
  }
  return Uint8Array.from(attachment);
}
