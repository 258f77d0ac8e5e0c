/**
 * The form in which names are compared: full and half width, letter case, katakana and hiragana
 * (and so ヶ and ケ), macrons, spaces and punctuation do not matter. `北海道 石狩市`, `ISHIKARI,
 * Hokkaidō` and `ｲｼｶﾘｼ` find what is stored as `北海道石狩市`, `Ishikari, Hokkaido` and `いしかりし`.
 */
export function foldName(name: string): string {
  return (
    name
      .normalize('NFKD')
      // Latin diacritics only: the voicing marks of kana (U+3099, U+309A) tell か from が.
      .replace(/[\u0300-\u036f]/g, '')
      .normalize('NFKC')
      .toLowerCase()
      .replace(/[ァ-ヶ]/g, (letter) => String.fromCodePoint((letter.codePointAt(0) ?? 0) - 0x60))
      .replace(/ゕ/g, 'か')
      .replace(/ゖ/g, 'け')
      .replace(/[\s\p{P}]/gu, '')
  );
}
