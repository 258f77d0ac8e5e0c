import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { displayWidth, padEnd, padStart, wrap } from './terminal-width.ts';

test.each([
  ['abc', 3],
  ['関所', 4],
  ['ｶﾅ', 2],
  ['Ａ', 2],
  ['（）', 4],
  ['が', 2],
  ['か\u3099', 2],
  ['e\u0301', 1],
  ['✓✗', 2],
  ['🚧', 2],
  ['𠮷', 2],
  ['\u001b[31m赤\u001b[39m', 2],
  ['', 0],
])('%j takes %d columns', (text, columns) => {
  expect(displayWidth(text)).toBe(columns);
});

test('padding counts columns', () => {
  expect(padEnd('関所', 6)).toBe('関所  ');
  expect(padStart('関所', 6)).toBe('  関所');
  expect(padEnd('関所', 3)).toBe('関所');
});

describe('wrapping', () => {
  test.each([
    ['at spaces', 'one two three', 7, ['one two', 'three']],
    ['between full-width characters', '東京都千代田区', 6, ['東京都', '千代田', '区']],
    ['never before 、 or 。', 'あいう。えお', 6, ['あい', 'う。え', 'お']],
    ['never after （', 'あい（う）', 6, ['あい', '（う）']],
    ['keeps a Latin word whole in Japanese', '鍵は sk-12 です', 7, ['鍵は', 'sk-12', 'です']],
    ['inside a word that is too long', 'abcdefghij', 4, ['abcd', 'efgh', 'ij']],
    [
      'after a seam of a long word',
      'city-demo/resident-services',
      12,
      ['city-demo/', 'resident-', 'services'],
    ],
    ['at line breaks of the text', 'a\nb', 10, ['a', 'b']],
    ['of nothing', '', 10, ['']],
  ])('%s', (_, text, width, lines) => {
    expect(wrap(text, width)).toEqual(lines);
  });

  test('no line is wider than asked, and no character is lost', () => {
    const piece = fc.constantFrom(
      '関所',
      'です。',
      'word',
      ' ',
      'a-b/c',
      '（',
      '）',
      '🚧',
      'か\u3099',
      'x'.repeat(30),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), fc.integer({ min: 2, max: 40 }), (pieces, width) => {
        const text = pieces.join('');
        const lines = wrap(text, width);
        expect(lines.filter((line) => displayWidth(line) > width)).toEqual([]);
        expect(lines.join('').replaceAll(' ', '')).toBe(text.replaceAll(' ', ''));
      }),
    );
  });
});
