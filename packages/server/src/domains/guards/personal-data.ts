import { tailOf } from './detector.ts';
import type { Detector, Span, SpanKind } from './detector.ts';
import { digitRuns, digitsOf, hasLuhnCheckDigit, isWithinNumber } from './written-digits.ts';
import type { DigitGroup } from './written-digits.ts';

const NUMBER_LENGTH_MAX = 256;
const EMAIL_LENGTH_MAX = 320;
const ADDRESS_LENGTH_MAX = 64;

/** Payment cards: 14 to 19 digits of a known network (ISO/IEC 7812) with a right Luhn digit. */
export const creditCardDetector = numberDetector('credit-card', (groups) => {
  const digits = digitsOf(groups);
  const begin = Number(digits.slice(0, 2).join(''));
  const isNetwork = (begin >= 34 && begin <= 65) || begin === 22 || begin === 27 || begin === 30;
  return digits.length >= 14 && digits.length <= 19 && isNetwork && hasLuhnCheckDigit(digits);
});

/**
 * Telephone numbers of Japan: 10 or 11 digits from 0 in the groups in which they are written, or without
 * groups a mobile or free number (電気通信番号計画, Ministry of Internal Affairs and Communications 2019).
 */
export const phoneNumberDetector = numberDetector('phone-number', (groups) => {
  const digits = digitsOf(groups);
  const text = digits.join('');
  if (/^0[5-9]0\d{8}$/.test(text)) return groups.length === 1 || groups.length === 3;
  if (/^0(?:120|800)\d{6,7}$/.test(text)) return true;
  const [area, , subscriber] = groups;
  return (
    /^0[1-9]\d{8}$/.test(text) &&
    groups.length === 3 &&
    (area?.digits.length ?? 0) <= 5 &&
    subscriber?.digits.length === 4
  );
});

export const emailAddressDetector: Detector = {
  kind: 'email-address',
  find: (text) => matches(/[A-Za-z0-9._%+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,24}/g, text),
  holdFrom: (text) => tailOf(text, EMAIL_LENGTH_MAX, (character) => /[A-Za-z0-9._%+@-]/.test(character)),
};

/** Passports of Japan: two letters and seven digits. */
export const passportNumberDetector: Detector = {
  kind: 'passport-number',
  find: (text) => matches(/(?<![A-Za-z0-9Ａ-Ｚ０-９])[A-ZＡ-Ｚ]{2}[0-9０-９]{7}(?![A-Za-z0-9０-９])/g, text),
  holdFrom: (text) => tailOf(text, 16, (character) => /[A-ZＡ-Ｚ0-9０-９]/.test(character)),
};

/** An address of Japan down to its block and number: 都道府県, 市区町村, then digits. */
export const postalAddressDetector: Detector = {
  kind: 'postal-address',
  find: (text) => matches(ADDRESS, text),
  holdFrom: (text) => {
    const begun = text.search(ADDRESS_BEGUN);
    if (begun >= 0) return begun;
    for (let length = Math.min(3, text.length); length > 0; length--) {
      if (prefectureBeginnings.has(text.slice(-length))) return text.length - length;
    }
    return text.length;
  },
};

const prefectures = (
  '北海道 青森県 岩手県 宮城県 秋田県 山形県 福島県 茨城県 栃木県 群馬県 埼玉県 千葉県 東京都 神奈川県 新潟県 富山県 石川県 福井県 ' +
  '山梨県 長野県 岐阜県 静岡県 愛知県 三重県 滋賀県 京都府 大阪府 兵庫県 奈良県 和歌山県 鳥取県 島根県 岡山県 広島県 山口県 徳島県 ' +
  '香川県 愛媛県 高知県 福岡県 佐賀県 長崎県 熊本県 大分県 宮崎県 鹿児島県 沖縄県'
).split(' ');
const prefectureBeginnings: ReadonlySet<string> = new Set(
  prefectures.flatMap((name) => [name.slice(0, 1), name.slice(0, 2), name.slice(0, 3)]),
);
const PREFECTURE = `(?:${prefectures.join('|')})`;
const TOWN = '[一-龠ぁ-んァ-ヶー々]{1,12}?[市区町村]';
const BLOCK = '[0-9０-９一二三四五六七八九十]{1,4}(?:丁目|番地?|号|[-－ー−の])?';
const ADDRESS = new RegExp(
  `${PREFECTURE}\\s?${TOWN}[一-龠ぁ-んァ-ヶー々\\s]{0,24}?${BLOCK}(?:${BLOCK}){0,3}`,
  'g',
);
/** A tail that may still become an address, at most as long as addresses are. */
const ADDRESS_BEGUN = new RegExp(
  `${PREFECTURE}[一-龠ぁ-んァ-ヶー々\\s0-9０-９－−-]{0,${ADDRESS_LENGTH_MAX}}$`,
);

function numberDetector(kind: SpanKind, isNumber: (groups: readonly DigitGroup[]) => boolean): Detector {
  return {
    kind,
    find: (text) => [...digitRuns(text)].flatMap((run) => numberIn(run, isNumber)),
    holdFrom: (text) => tailOf(text, NUMBER_LENGTH_MAX, isWithinNumber),
  };
}

/** A run as a whole, or each group of it alone. */
function numberIn(
  run: readonly DigitGroup[],
  isNumber: (groups: readonly DigitGroup[]) => boolean,
): readonly Span[] {
  const [first] = run;
  const last = run.at(-1);
  if (first === undefined || last === undefined) return [];
  if (isNumber(run)) return [{ start: first.start, end: last.end }];
  return run.filter((group) => isNumber([group])).map(({ start, end }) => ({ start, end }));
}

/** `pattern` is global, and cannot backtrack without bound. */
export function matches(pattern: RegExp, text: string): Span[] {
  return [...text.matchAll(pattern)].map((match) => ({
    start: match.index,
    end: match.index + match[0].length,
  }));
}
