import { expect, test } from 'vitest';
import { romaniseKana } from './romanise-kana.ts';

test.each([
  ['いしかり', 'Ishikari'],
  ['おおさか', 'Osaka'],
  ['とうきょう', 'Tokyo'],
  ['きょうと', 'Kyoto'],
  ['にいがた', 'Niigata'],
  ['ちゅうおう', 'Chuo'],
  ['くっちゃん', 'Kutchan'],
  ['さっぽろ', 'Sapporo'],
  ['べっぷ', 'Beppu'],
  ['しんじゅく', 'Shinjuku'],
  ['なんば', 'Nanba'],
  ['さんようおのだ', "San'yoonoda"],
  ['すおうおおしま', 'Suooshima'],
  ['おおおか', 'Ooka'],
  ['まつ・うら', 'Matsuura'],
  ['そ・お', 'Soo'],
  ['あいづ', 'Aizu'],
  ['しゃこたん', 'Shakotan'],
  ['りゅうおう', 'Ryuo'],
  ['にっこう', 'Nikko'],
])('%s is %s', (kana, roman) => {
  expect(romaniseKana(kana)).toBe(roman);
});

test.each(['石狩', 'イシカリ', 'いし かり', 'a', 'ー'])('%s is not hiragana that it knows', (text) => {
  expect(() => romaniseKana(text)).toThrow(RangeError);
});
