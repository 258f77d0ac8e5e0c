import { hash } from 'node:crypto';
import { CrossingId, SekishoError } from '@sekisho/contract';
import type { CrossingPosition } from './ports.ts';

/**
 * The text of a position, for clients to give back: base64url (RFC 4648 section 5) of
 *
 *     byte 0       version, 1
 *     bytes 1-8    milliseconds since 1970, big-endian
 *     bytes 9-24   the crossing's id
 *     bytes 25-32  beginning of SHA-256 of what is searched for
 *
 * It is not signed: it grants nothing, since every page is filtered again.
 */
const VERSION = 1;
const BYTES = 33;
const FILTERS_AT = 25;
/** The last millisecond of the year 9999. */
const MS_MAX = 253_402_300_799_999n;

export function formatCursor(position: CrossingPosition, search: object): string {
  const bytes = Buffer.alloc(BYTES);
  bytes[0] = VERSION;
  bytes.writeBigUInt64BE(BigInt(Date.parse(position.startedAt)), 1);
  Buffer.from(position.crossing.replaceAll('-', ''), 'hex').copy(bytes, 9);
  searchMark(search).copy(bytes, FILTERS_AT);
  return bytes.toString('base64url');
}

/** Throws SekishoError `invalid_request` at a text that is none, or that belongs to other filters. */
export function parseCursor(text: string, search: object): CrossingPosition {
  const bytes = Buffer.from(text, 'base64url');
  // Decoding passes over what is not base64url; encoding again shows it.
  if (bytes.length !== BYTES || bytes.toString('base64url') !== text || bytes[0] !== VERSION) {
    throw refusal({ ja: 'カーソルではありません', en: 'this is not a cursor' });
  }
  const ms = bytes.readBigUInt64BE(1);
  const digits = bytes.toString('hex', 9, FILTERS_AT);
  const crossing = digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
  if (ms > MS_MAX || !CrossingId.safeParse(crossing).success) {
    throw refusal({ ja: 'カーソルではありません', en: 'this is not a cursor' });
  }
  if (!searchMark(search).equals(bytes.subarray(FILTERS_AT))) {
    throw refusal({ ja: '別の条件のカーソルです', en: 'this cursor belongs to other filters' });
  }
  return { startedAt: new Date(Number(ms)).toISOString(), crossing };
}

function searchMark(search: object): Buffer {
  const given = Object.entries(search)
    .filter(([, value]) => value !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return hash('sha256', JSON.stringify(given), 'buffer').subarray(0, BYTES - FILTERS_AT);
}

function refusal(message: { readonly ja: string; readonly en: string }): SekishoError {
  return new SekishoError('invalid_request', 'cursor', { faults: [{ path: 'cursor', message }] });
}
