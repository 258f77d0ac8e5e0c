import { LedgerEntry } from '@sekisho/contract';
import type { AuditRecord } from './audit-record.ts';
import { parseCanonicalJson } from './canonical-json.ts';
import { Refusal } from './refusal.ts';
import { decodeEntryBundle } from './tiles.ts';

/** Undefined where the bytes are no bundle of `width` entries. */
export function decodeBundle(bytes: Uint8Array, width: number): Uint8Array[] | undefined {
  try {
    return decodeEntryBundle(bytes, width);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return undefined;
  }
}

/** What there is of a bundle that was cut, or lacks an entry. */
export function wholeEntries(bytes: Uint8Array, width: number): Uint8Array[] {
  const entries: Uint8Array[] = [];
  for (let at = 0; entries.length < width;) {
    const [high, low] = bytes.subarray(at, at + 2);
    if (high === undefined || low === undefined) break;
    const to = at + 2 + high * 256 + low;
    if (to > bytes.length) break;
    entries.push(bytes.subarray(at + 2, to));
    at = to;
  }
  return entries;
}

/** The entry, if its bytes are canonical and of a known form; else a finding. */
export function parseEntry(bytes: Uint8Array, index: number, record: AuditRecord): LedgerEntry | undefined {
  try {
    const parsed = LedgerEntry.safeParse(parseCanonicalJson(bytes));
    if (parsed.success) return parsed.data;
    record.found('entry_malformed', index, parsed.error.issues[0]?.path.join('.') ?? '');
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    record.found('entry_not_canonical', index, `${error.code} ${error.where}`.trim());
  }
  return undefined;
}
