import { firstByteNotUtf8, textOfUtf8, utf8 } from './byte-encodings.ts';
import { firstJsonFault } from './json-fault.ts';
import { Refusal } from './refusal.ts';

/**
 * Values with a canonical form here. Numbers are safe integers: what a ledger states must mean
 * the same in every language. A property whose value is undefined is left out.
 */
export type Json =
  | null
  | boolean
  | number
  | string
  | readonly Json[]
  | { readonly [key: string]: Json | undefined };

/** Deeper values are refused: the depth of hostile input must not become the depth of our stack. */
export const JSON_DEPTH_MAX = 64;

/**
 * The canonical bytes of a value: RFC 8785 (JCS) restricted to safe integers.
 * Throws Refusal `json_not_representable` for another number, a lone surrogate, a depth over
 * {@link JSON_DEPTH_MAX} or a value that is not JSON.
 */
export function canonicalJson(value: Json): Uint8Array {
  return utf8(wholeCanonicalText(value));
}

function wholeCanonicalText(value: Json): string {
  // What is built in canonical order, as entries are, is what JSON.stringify writes.
  return isCanonicalInOrder(value, 0) ? JSON.stringify(value) : canonicalText(value, 0);
}

/**
 * Reads canonical bytes. Throws Refusal `json_not_utf8`, `json_malformed`,
 * `json_not_representable`, or `json_not_canonical` when these bytes are not the ones that
 * {@link canonicalJson} writes for the value: white space, key order, a repeated key, another
 * spelling of a number or an escape. `where` is the first byte that differs or is not JSON.
 */
export function parseCanonicalJson(bytes: Uint8Array): Json {
  const text = textOfUtf8(bytes);
  if (text === undefined) throw new Refusal('json_not_utf8', `byte ${firstByteNotUtf8(bytes)}`);
  let value: Json;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Refusal('json_malformed', `byte ${utf8(text.slice(0, firstJsonFault(text))).length}`);
  }
  const canonical = wholeCanonicalText(value);
  // Well-formed text has one encoding, so equal texts are equal bytes; comparing texts costs far less.
  if (canonical !== text) {
    throw new Refusal('json_not_canonical', `byte ${firstDifference(utf8(canonical), bytes)}`);
  }
  return value;
}

function firstDifference(left: Uint8Array, right: Uint8Array): number {
  let at = 0;
  while (at < left.length && left[at] === right[at]) at++;
  return at;
}

/** Whether JSON.stringify writes the canonical form; false also for what has none. */
function isCanonicalInOrder(value: Json | undefined, depth: number): boolean {
  if (typeof value === 'string') return value.isWellFormed();
  if (typeof value === 'number') return Number.isSafeInteger(value);
  if (typeof value === 'boolean' || value === null) return true;
  if (typeof value !== 'object' || depth >= JSON_DEPTH_MAX) return false;
  if (isArray(value)) {
    for (let index = 0; index < value.length; index++) {
      if (!isCanonicalInOrder(value[index], depth + 1)) return false;
    }
    return true;
  }
  let last = '';
  for (const key of Object.keys(value)) {
    if (key < last || !key.isWellFormed() || !isCanonicalInOrder(value[key], depth + 1)) return false;
    last = key;
  }
  return true;
}

function canonicalText(value: Json | undefined, depth: number): string {
  if (typeof value === 'string') return canonicalString(value);
  if (typeof value === 'number') {
    // -0 is a safe integer; RFC 8785 section 3.2.2.3 writes it as 0, and so does String.
    if (!Number.isSafeInteger(value)) throw new Refusal('json_not_representable');
    return String(value);
  }
  if (value === true) return 'true';
  if (value === false) return 'false';
  if (value === null) return 'null';
  // Callers without types could hand over a bigint, a function or a hole of an array.
  if (typeof value !== 'object' || depth >= JSON_DEPTH_MAX) throw new Refusal('json_not_representable');
  return isArray(value) ? canonicalArray(value, depth + 1) : canonicalObject(value, depth + 1);
}

function canonicalArray(values: readonly Json[], depth: number): string {
  let text = '[';
  for (let index = 0; index < values.length; index++) {
    if (index > 0) text += ',';
    text += canonicalText(values[index], depth);
  }
  return `${text}]`;
}

function canonicalObject(object: { readonly [key: string]: Json | undefined }, depth: number): string {
  let text = '';
  for (const key of sortedKeys(object)) {
    const value = object[key];
    if (value === undefined) continue;
    text += `${text === '' ? '{' : ','}${canonicalString(key)}:${canonicalText(value, depth)}`;
  }
  return text === '' ? '{}' : `${text}}`;
}

/** RFC 8785 section 3.2.3: by UTF-16 code units, which is how JavaScript compares strings. */
function sortedKeys(object: object): string[] {
  const keys = Object.keys(object);
  // Most entries are built in order or nearly so, and have few keys: insertion beats a comparator.
  if (keys.length > 32) return keys.sort();
  for (let end = 1; end < keys.length; end++) {
    const key = keys[end] ?? '';
    let at = end;
    for (let before = keys[at - 1]; at > 0 && before !== undefined && before > key; before = keys[at - 1]) {
      keys[at] = before;
      at--;
    }
    keys[at] = key;
  }
  return keys;
}

const PLAIN = /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/;

function canonicalString(text: string): string {
  if (PLAIN.test(text)) return `"${text}"`;
  if (!text.isWellFormed()) throw new Refusal('json_not_representable');
  // JSON.stringify escapes as RFC 8785 section 3.2.2.2 requires once lone surrogates are excluded.
  return JSON.stringify(text);
}

function isArray(value: object): value is readonly Json[] {
  return Array.isArray(value);
}
