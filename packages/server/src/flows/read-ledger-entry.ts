import { LedgerEntry, SekishoError } from '@sekisho/contract';
import type { Ledger } from '../domains/ledger/index.ts';

/** The stored bytes of one entry. */
export async function readEntryBytes(ledger: Ledger, log: string, index: number): Promise<Uint8Array> {
  for await (const { bytes } of ledger.readEntries(log, index, index + 1)) return bytes;
  throw new SekishoError('internal_error', '', { cause: `log ${log} has no entry ${index}` });
}

/** Stored bytes are hostile until they have passed the schema. */
export function parseEntry(bytes: Uint8Array): LedgerEntry {
  return LedgerEntry.parse(JSON.parse(Buffer.from(bytes).toString('utf8')));
}
