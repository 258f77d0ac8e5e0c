import { signs } from './signs.ts';
import type { View } from './views.ts';

/** How many n-grams share a weight, by their hash: 2^16 numbers. */
export const BUCKETS: number = 1 << 16;
const BUCKET_MASK = BUCKETS - 1;
/** n-grams of 2 to 5 characters: four begin at each place. */
export const GRAMS_AT_A_PLACE = 4;
const NO_GRAM = 0;

/** Lengths of the windows in characters; each is laid at every half of its length. */
const WINDOW_LENGTHS = [48, 120, 300] as const;
const SHORTEST_TEXT = 5;

/** Places in a view, `start` inclusive, `end` exclusive, and the signs that are seen between them. */
export interface Window {
  readonly start: number;
  readonly end: number;
  readonly signs: readonly number[];
}

/** A view as the model sees it. */
export interface Measured {
  /** {@link GRAMS_AT_A_PLACE} buckets for each place, of the grams that begin there; 0 where the text ends before. */
  readonly grams: Uint16Array;
  readonly windows: readonly Window[];
}

/** The sign of a view that had to be decoded: after those of the patterns. */
const DECODED_SIGN = signs.length;
export const SIGN_COUNT: number = signs.length + 1;

/** A view shorter than {@link SHORTEST_TEXT} has no windows. */
export function measure({ text, isDecoded }: View): Measured {
  if (text.length < SHORTEST_TEXT) return { grams: new Uint16Array(0), windows: [] };
  const seen = signsIn(text);
  const windows = rangesOf(text.length).map(({ start, end }) => ({
    start,
    end,
    signs: [...signsBetween(seen, start, end), ...(isDecoded ? [DECODED_SIGN] : [])],
  }));
  return { grams: gramsOf(text), windows };
}

/** FNV-1a over the characters of each gram; all digits are one. */
function gramsOf(text: string): Uint16Array {
  const grams = new Uint16Array(text.length * GRAMS_AT_A_PLACE);
  for (let at = 0; at < text.length; at++) {
    let hash = 0x811c9dc5;
    for (let n = 0; n <= GRAMS_AT_A_PLACE && at + n < text.length; n++) {
      const code = text.charCodeAt(at + n);
      const folded = code >= 0x30 && code <= 0x39 ? 0x30 : code;
      hash = Math.imul(hash ^ (folded & 0xff), 0x01000193);
      hash = Math.imul(hash ^ (folded >>> 8), 0x01000193);
      if (n === 0) continue;
      const bucket = (hash ^ (hash >>> 16)) & BUCKET_MASK;
      grams[at * GRAMS_AT_A_PLACE + n - 1] = bucket === NO_GRAM ? 1 : bucket;
    }
  }
  return grams;
}

function rangesOf(length: number): { readonly start: number; readonly end: number }[] {
  const ranges: { start: number; end: number }[] = [];
  for (const size of WINDOW_LENGTHS) {
    if (size >= length) {
      ranges.push({ start: 0, end: length });
      break;
    }
    for (let start = 0; start + size < length; start += size / 2) ranges.push({ start, end: start + size });
    ranges.push({ start: length - size, end: length });
  }
  return ranges;
}

interface SeenSign {
  readonly sign: number;
  readonly start: number;
}

function signsIn(text: string): readonly SeenSign[] {
  const seen: SeenSign[] = [];
  for (const [sign, { pattern }] of signs.entries()) {
    for (const match of text.matchAll(pattern)) seen.push({ sign, start: match.index });
  }
  return seen.sort((a, b) => a.start - b.start);
}

/** Each sign once. `seen` is in order of its places. */
function signsBetween(seen: readonly SeenSign[], start: number, end: number): ReadonlySet<number> {
  const between = new Set<number>();
  for (let at = firstFrom(seen, start); at < seen.length; at++) {
    const found = seen[at];
    if (found === undefined || found.start >= end) break;
    between.add(found.sign);
  }
  return between;
}

function firstFrom(seen: readonly SeenSign[], start: number): number {
  let low = 0;
  let high = seen.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((seen[middle]?.start ?? 0) < start) low = middle + 1;
    else high = middle;
  }
  return low;
}
