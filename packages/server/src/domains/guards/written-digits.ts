/** Digits as people and evaders write them: ASCII, full-width (U+FF10 to U+FF19), kanji numerals. */
const digitForms = ['0123456789', '０１２３４５６７８９', '〇一二三四五六七八九'];
/** A second kanji for nothing. */
const REI = '零';
export const DIGIT_CHARACTERS: string = digitForms.join('') + REI;

const digitValues: ReadonlyMap<string, number> = new Map([
  ...digitForms.flatMap((digits) => digits.split('').map((digit, value) => [digit, value] as const)),
  [REI, 0],
]);

/** Hyphens, dashes and the long vowel mark that stands in for one, spaces, full-width forms, dots and slashes. */
const separators: ReadonlySet<string> = new Set('-‐‑‒–—―−－ーｰ \u00a0\u2007\u202f\u3000\t._/．・');

/** Characters that take no room and are put between digits to hide them. */
const invisible: ReadonlySet<string> = new Set('\u200b\u200c\u200d\u2060\ufeff\u00ad');

/** Whether a number that is written with gaps may go on after this character. */
export function isWithinNumber(character: string): boolean {
  return digitValues.has(character) || separators.has(character) || invisible.has(character);
}

/** Digits that follow each other directly, but for invisible characters. */
export interface DigitGroup {
  readonly digits: readonly number[];
  readonly start: number;
  readonly end: number;
  /** The one character between this group and the one before it; empty for the first of a run. */
  readonly separator: string;
}

/** Every run of groups with single separators between them, in order. Invisible characters count for nothing. */
export function* digitRuns(text: string): Generator<readonly DigitGroup[], void, undefined> {
  let run: DigitGroup[] = [];
  let digits: number[] = [];
  let start = 0;
  let end = 0;
  let separator = '';
  let gap = '';
  const closeGroup = (): void => {
    if (digits.length > 0) run.push({ digits, start, end, separator });
    digits = [];
  };
  for (let at = 0; at < text.length; at++) {
    const character = text.charAt(at);
    const value = digitValues.get(character);
    if (value !== undefined) {
      if (digits.length === 0) {
        start = at;
        separator = gap;
      }
      digits.push(value);
      end = at + 1;
      gap = '';
    } else if (end > 0 && invisible.has(character)) continue;
    else if (separators.has(character) && gap === '' && (digits.length > 0 || run.length > 0)) {
      closeGroup();
      gap = character;
    } else {
      closeGroup();
      if (run.length > 0) yield run;
      run = [];
      gap = '';
    }
  }
  closeGroup();
  if (run.length > 0) yield run;
}

/** Parts of a run with the same separator between all their groups, longest first where they meet. */
export function segmentsOf(run: readonly DigitGroup[]): readonly (readonly DigitGroup[])[] {
  const segments: DigitGroup[][] = [];
  for (const group of run) {
    const last = segments.at(-1);
    const joined = last?.[1];
    if (last !== undefined && (joined === undefined || joined.separator === group.separator))
      last.push(group);
    else segments.push([group]);
  }
  return segments;
}

export function digitsOf(groups: readonly DigitGroup[]): number[] {
  return groups.flatMap(({ digits }) => digits);
}

/** The check of payment cards (ISO/IEC 7812-1 annex B): digits doubled from the last but one. */
export function hasLuhnCheckDigit(digits: readonly number[]): boolean {
  let sum = 0;
  for (const [at, digit] of digits.toReversed().entries()) {
    const doubled = at % 2 === 1 ? digit * 2 : digit;
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return sum % 10 === 0;
}
