import { tailOf } from './detector.ts';
import type { Detector, Span } from './detector.ts';
import { DIGIT_CHARACTERS, digitRuns, digitsOf, isWithinNumber, segmentsOf } from './written-digits.ts';
import type { DigitGroup } from './written-digits.ts';

const DIGITS = 12;
/** Twelve digits, and as many separators and invisible characters as somebody may put between them. */
const LENGTH_MAX = 256;

const MAY_HOLD_ONE = new RegExp(`(?:[${DIGIT_CHARACTERS}][^${DIGIT_CHARACTERS}]{0,16}){${DIGITS}}`);

/** What stands shortly before a number that is said to be one. */
const LABEL = /マイナンバー|個人番号|my\s?number|individual\s?number|番号は/i;
const LABEL_DISTANCE_MAX = 48;

/**
 * 個人番号 (My Number): twelve digits in ASCII, full-width or kanji, alone or in groups with one separator
 * between two of them. A number whose check digit is wrong is none, so that order numbers and the like pass; nor
 * is a part of a longer row of groups, such as of a payment card, unless a label says so.
 */
export const myNumberDetector: Detector = {
  kind: 'my-number',
  // Most texts have not twelve digits near each other, which costs little to see.
  find: (text) =>
    MAY_HOLD_ONE.test(text) ? [...digitRuns(text)].flatMap((run) => numbersIn(run, text)) : [],
  holdFrom: (text) => tailOf(text, LENGTH_MAX, isWithinNumber),
};

function numbersIn(run: readonly DigitGroup[], text: string): Span[] {
  const whole = spanIfNumber(run);
  if (whole !== undefined) return [whole];
  const labelled = LABEL.test(
    text.slice(Math.max(0, (run[0]?.start ?? 0) - LABEL_DISTANCE_MAX), run[0]?.start),
  );
  return segmentsOf(run).flatMap((segment) => {
    const spans: Span[] = [];
    for (let first = 0; first < segment.length; first++) {
      const groups = alignedGroups(segment, first);
      const standsAlone = groups.length === 1 || groups.length === segment.length || repeats(segment);
      const span = standsAlone || labelled ? spanIfNumber(groups) : undefined;
      if (span === undefined) continue;
      spans.push(span);
      first += groups.length - 1;
    }
    return spans;
  });
}

/** Groups from `first` on that make twelve digits together; else only the first. */
function alignedGroups(segment: readonly DigitGroup[], first: number): readonly DigitGroup[] {
  let length = 0;
  for (let next = first; next < segment.length && length < DIGITS; next++) {
    length += segment[next]?.digits.length ?? 0;
    if (length === DIGITS) return segment.slice(first, next + 1);
  }
  return segment.slice(first, first + 1);
}

/** Several numbers in a row, each of four, four and four digits. */
function repeats(segment: readonly DigitGroup[]): boolean {
  return segment.length % 3 === 0 && segment.every(({ digits }) => digits.length === 4);
}

function spanIfNumber(groups: readonly DigitGroup[]): Span | undefined {
  const [first] = groups;
  const last = groups.at(-1);
  if (first === undefined || last === undefined || !hasMyNumberCheckDigit(digitsOf(groups))) return undefined;
  return { start: first.start, end: last.end };
}

/**
 * The check digit of a 個人番号 (Order of the Ministry of Internal Affairs and Communications No. 85 of
 * 2014, article 5): 11 − (Σ Pn·Qn mod 11), 0 where the remainder is 0 or 1; n counts the eleven digits from the last,
 * Qn = n + 1 up to 6 and n − 5 from 7 on.
 */
export function hasMyNumberCheckDigit(digits: readonly number[]): boolean {
  if (digits.length !== DIGITS) return false;
  let sum = 0;
  for (let n = 1; n < DIGITS; n++) sum += (digits[DIGITS - 1 - n] ?? 0) * (n <= 6 ? n + 1 : n - 5);
  const remainder = sum % 11;
  return digits[DIGITS - 1] === (remainder <= 1 ? 0 : 11 - remainder);
}
