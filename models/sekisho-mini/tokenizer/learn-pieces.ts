/** Learns the pieces of a byte-pair tokenizer from text. */
import { FIRST_BYTE_TOKEN, SPACE_MARK, SPECIAL_PIECES, type TokenizerFile } from './tokenizer.ts';

export interface PieceLimits {
  vocabulary: number;
  /** A character seen in fewer distinct texts is spelled as bytes. */
  minCharacterCount: number;
  /** A pair seen fewer times is not joined. */
  minPairCount: number;
}

/**
 * Words are runs of one script; a piece never spans two of them, and never exceeds the script's
 * length here. Generated text repeats its own phrases, and without these limits BPE learns whole
 * phrases as single tokens, which then hides the words inside them from the model.
 * Digits and punctuation stay single so that sums are spelled digit by digit.
 */
const SCRIPTS: { pattern: string; maxLength: number }[] = [
  { pattern: `${SPACE_MARK}?[A-Za-z]+`, maxLength: 12 },
  { pattern: '[ぁ-ゟ]+', maxLength: 4 },
  { pattern: '[ァ-ヿ]+', maxLength: 6 },
  { pattern: '[一-鿿々]+', maxLength: 2 },
];
const SCRIPT_RUN = new RegExp(SCRIPTS.map((script) => `(${script.pattern})`).join('|'), 'gu');

interface Word {
  symbols: string[];
  maxLength: number;
  count: number;
}

export function learnPieces(texts: Iterable<string>, limits: PieceLimits): TokenizerFile {
  const distinct = new Set<string>();
  for (const text of texts) distinct.add(text.replaceAll(' ', SPACE_MARK));
  const characters = frequentCharacters(distinct, limits.minCharacterCount);
  const bytePieces = Array.from({ length: 256 }, (_, byte) => byteName(byte));
  const pieces = [...SPECIAL_PIECES, ...bytePieces];
  const room = limits.vocabulary - pieces.length - characters.length;
  const joined = joinPairs(countWords(distinct), room, limits.minPairCount);
  // Joins come first in score; characters can't be the result of a join, so theirs only sorts.
  const scores = pieces.map(() => 0);
  joined.forEach((_, rank) => scores.push(-(rank + 1)));
  characters.forEach((_, rank) => scores.push(-(joined.length + rank + 1)));
  return { pieces: [...pieces, ...joined, ...characters], scores };
}

export function byteName(byte: number): string {
  return `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`;
}

export function isByteToken(id: number): boolean {
  return id >= FIRST_BYTE_TOKEN && id < FIRST_BYTE_TOKEN + 256;
}

function frequentCharacters(texts: Iterable<string>, minCount: number): string[] {
  const counts = new Map<string, number>();
  for (const text of texts) {
    for (const character of new Set(text)) counts.set(character, (counts.get(character) ?? 0) + 1);
  }
  // A newline is always its byte, so that a role line and its message encode separately.
  counts.delete('\n');
  return [...counts]
    .filter(([, count]) => count >= minCount)
    .sort(byCountThenText)
    .map(([character]) => character);
}

function countWords(texts: Iterable<string>): Word[] {
  const words = new Map<string, Word>();
  for (const text of texts) {
    for (const match of text.matchAll(SCRIPT_RUN)) {
      const known = words.get(match[0]);
      if (known) {
        known.count++;
        continue;
      }
      const script = SCRIPTS.findIndex((_, index) => match[index + 1] !== undefined);
      words.set(match[0], {
        symbols: Array.from(match[0]),
        maxLength: SCRIPTS[script].maxLength,
        count: 1,
      });
    }
  }
  // A word of a much repeated phrase should not outweigh the rest of the language.
  for (const word of words.values()) word.count = Math.ceil(Math.sqrt(word.count));
  return [...words.values()];
}

/** Classic BPE: join the most frequent adjacent pair, again and again. */
function joinPairs(words: Word[], limit: number, minCount: number): string[] {
  const joined: string[] = [];
  const seen = new Set<string>();
  const pairs = new Map<string, { count: number; words: Set<Word> }>();
  const addPairs = (word: Word, sign: 1 | -1): void => {
    for (let i = 0; i + 1 < word.symbols.length; i++) {
      const text = word.symbols[i] + word.symbols[i + 1];
      if (text.length > word.maxLength) continue;
      const key = `${word.symbols[i]}\t${word.symbols[i + 1]}`;
      const pair = pairs.get(key) ?? { count: 0, words: new Set<Word>() };
      pair.count += sign * word.count;
      pair.words.add(word);
      pairs.set(key, pair);
    }
  };
  for (const word of words) addPairs(word, 1);

  while (joined.length < limit) {
    const best = mostFrequent(pairs, minCount);
    if (best === undefined) break;
    const [left, right] = best.split('\t');
    for (const word of pairs.get(best)?.words ?? []) {
      addPairs(word, -1);
      word.symbols = joinEverywhere(word.symbols, left, right);
      addPairs(word, 1);
    }
    pairs.delete(best);
    // Two different pairs can spell the same piece; it takes one id.
    if (!seen.has(left + right)) joined.push(left + right);
    seen.add(left + right);
  }
  return joined;
}

function mostFrequent(pairs: Map<string, { count: number }>, minCount: number): string | undefined {
  let best: string | undefined;
  let bestCount = minCount - 1;
  for (const [key, { count }] of pairs) {
    if (count > bestCount || (count === bestCount && best !== undefined && key < best)) {
      best = key;
      bestCount = count;
    }
  }
  return best;
}

function joinEverywhere(symbols: readonly string[], left: string, right: string): string[] {
  const result: string[] = [];
  for (let i = 0; i < symbols.length; i++) {
    if (symbols[i] === left && symbols[i + 1] === right) {
      result.push(left + right);
      i++;
    } else {
      result.push(symbols[i]);
    }
  }
  return result;
}

function byCountThenText(a: [string, number], b: [string, number]): number {
  return b[1] - a[1] || (a[0] < b[0] ? -1 : 1);
}
