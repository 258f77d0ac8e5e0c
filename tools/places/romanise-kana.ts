const SYLLABLES: Readonly<Record<string, string>> = {
  あ: 'a', い: 'i', う: 'u', え: 'e', お: 'o', か: 'ka', き: 'ki', く: 'ku', け: 'ke', こ: 'ko',
  さ: 'sa', し: 'shi', す: 'su', せ: 'se', そ: 'so', た: 'ta', ち: 'chi', つ: 'tsu', て: 'te', と: 'to',
  な: 'na', に: 'ni', ぬ: 'nu', ね: 'ne', の: 'no', は: 'ha', ひ: 'hi', ふ: 'fu', へ: 'he', ほ: 'ho',
  ま: 'ma', み: 'mi', む: 'mu', め: 'me', も: 'mo', や: 'ya', ゆ: 'yu', よ: 'yo',
  ら: 'ra', り: 'ri', る: 'ru', れ: 're', ろ: 'ro', わ: 'wa', を: 'o',
  が: 'ga', ぎ: 'gi', ぐ: 'gu', げ: 'ge', ご: 'go', ざ: 'za', じ: 'ji', ず: 'zu', ぜ: 'ze', ぞ: 'zo',
  だ: 'da', ぢ: 'ji', づ: 'zu', で: 'de', ど: 'do', ば: 'ba', び: 'bi', ぶ: 'bu', べ: 'be', ぼ: 'bo',
  ぱ: 'pa', ぴ: 'pi', ぷ: 'pu', ぺ: 'pe', ぽ: 'po',
}; // prettier-ignore

const SMALL: Readonly<Record<string, string>> = { ゃ: 'a', ゅ: 'u', ょ: 'o' };

/**
 * Hepburn romanisation of hiragana as used on Japanese maps and signs: no macrons (`とう` and
 * `おお` are `to` and `o`), `n` before every consonant, `n'` before a vowel or y. A middle dot in
 * the input is a word boundary across which vowels do not merge: `まつ・うら` is `Matsuura`.
 * Throws a RangeError on any other character. The first letter is a capital.
 */
export function romaniseKana(kana: string): string {
  const roman = kana.split('・').map(romaniseWord).join('');
  return roman.slice(0, 1).toUpperCase() + roman.slice(1);
}

function romaniseWord(word: string): string {
  let roman = '';
  let doubled = false;
  let lengthened = false;
  const characters = Array.from(word);
  for (const [index, character] of characters.entries()) {
    if (character === 'っ') {
      doubled = true;
      continue;
    }
    if (character === 'ん') {
      lengthened = false;
      roman += /^[あいうえおやゆよ]/.test(characters[index + 1] ?? '') ? "n'" : 'n';
      continue;
    }
    const small = SMALL[character];
    if (small !== undefined) {
      // し + ょ is sho, き + ょ is kyo: the i goes, and y stays only where the consonant needs it.
      lengthened = false;
      roman = roman.replace(/i$/, /(?:sh|ch|j)i$/.test(roman) ? '' : 'y') + small;
      continue;
    }
    const syllable = SYLLABLES[character];
    if (syllable === undefined) throw new RangeError(`no romanisation for ${character} in ${word}`);
    // A vowel is lengthened once: what follows in さんようおのだ is a new one.
    if (!lengthened && isLongVowel(roman, character)) {
      lengthened = true;
      continue;
    }
    lengthened = false;
    roman += doubled ? (syllable.startsWith('ch') ? 't' : syllable.slice(0, 1)) + syllable : syllable;
    doubled = false;
  }
  return roman;
}

/** `ou` and `uu` are long vowels; so is `oo` at the end of a written long o, as in おおさか. */
function isLongVowel(roman: string, character: string): boolean {
  if (character === 'う') return /[ou]$/.test(roman);
  return character === 'お' && roman.endsWith('o');
}
