/**
 * One spelling for the many in which the same can be written, so that what is compared with it needs to know
 * one only. Everything here is linear in the length of the text.
 */

/** Characters that take no room (Unicode, UAX #44): joiners, bidirectional controls, variation selectors, fillers. */
const INVISIBLE = /\p{Default_Ignorable_Code_Point}/gu;
/** Tag characters (U+E0020 to U+E007E) spell ASCII that nobody sees. */
const TAG_CHARACTER = /[\u{e0020}-\u{e007e}]/gu;
const TAG_OFFSET = 0xe0000;

/** Letters of other alphabets that look like Latin ones. */
const lookalikes: ReadonlyMap<string, string> = new Map(
  'аеорсухіѕјԁһոαεοιρτυνκ'
    .split('')
    .map((letter, at) => [letter, 'aeopcyxisjdhnaeoiptuvk'.charAt(at)] as const),
);
const LOOKALIKE = /[а-яіѕјԁһոα-ω]/g;

const KATAKANA = /[ァ-ヶ]/g;
const KATAKANA_OFFSET = 0x60;

/** Katakana as hiragana; all else stays. */
export function foldKana(text: string): string {
  return text.replaceAll(KATAKANA, (kana) => String.fromCharCode(kana.charCodeAt(0) - KATAKANA_OFFSET));
}

/** Visible text in one width and case, without what hides between its characters. */
export function foldForms(text: string): string {
  const folded = text
    .replaceAll(TAG_CHARACTER, (tag) => String.fromCodePoint((tag.codePointAt(0) ?? 0) - TAG_OFFSET))
    .normalize('NFKC')
    .replaceAll(INVISIBLE, '')
    .toLowerCase()
    .replaceAll(LOOKALIKE, (letter) => lookalikes.get(letter) ?? letter);
  return foldKana(folded);
}

const NO_LETTER = /[^\p{L}\p{N}\p{M}ー]/gu;
const foldedCharacters = new Map<string, string>();

/**
 * One character in {@link foldForms}, empty where it is neither a letter nor a digit. Each alone, so that what
 * a text comes to does not depend on where it is cut.
 */
export function foldCharacter(character: string): string {
  const known = foldedCharacters.get(character);
  if (known !== undefined) return known;
  const folded = foldForms(character).replaceAll(NO_LETTER, '');
  // One UTF-16 code unit: never more than 65,536 of them.
  if (character.length === 1) foldedCharacters.set(character, folded);
  return folded;
}

/** The letters and digits of a text in {@link foldForms}, with the place in the text of each. */
export interface FoldedText {
  readonly text: string;
  /** The index in the original of each UTF-16 code unit of `text`. */
  readonly at: readonly number[];
}

export function foldWithPlaces(original: string): FoldedText {
  let text = '';
  const at: number[] = [];
  let index = 0;
  for (const character of original) {
    const folded = foldCharacter(character);
    // Half-width kana have their sound mark as a character of its own.
    const voiced = SOUND_MARK.test(folded) ? (text.slice(-1) + folded).normalize('NFC') : '';
    if (voiced.length === 1 && text !== '') text = text.slice(0, -1) + voiced;
    else {
      for (let unit = 0; unit < folded.length; unit++) at.push(index);
      text += folded;
    }
    index += character.length;
  }
  return { text, at };
}

const SOUND_MARK = /^[\u3099\u309a]$/;
