import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { printable, printableDeep, printableJson } from './printable-text.ts';

const unprintable = /[\p{Cc}\p{Bidi_Control}\u2028\u2029]/u;

test.each([
  ['\u001b[2J', '\\u{1b}[2J'],
  ['a\u009bb', 'a\\u{9b}b'],
  ['a\nb', 'a\\u{a}b'],
  ['\u202egpj.exe', '\\u{202e}gpj.exe'],
  ['関所 — ok', '関所 — ok'],
])('%j becomes %j', (text, expected) => {
  expect(printable(text)).toBe(expected);
});

test('reaches every text of an answer', () => {
  expect(printableDeep({ a: ['\r', 1, null], '\b': { c: '\u0000' } })).toEqual({
    a: ['\\u{d}', 1, null],
    '\\u{8}': { c: '\\u{0}' },
  });
});

test('JSON stays the same data and never holds an unprintable character', () => {
  const text = fc.string({
    unit: fc.constantFrom('a', '関', '\u009b', '\u202e', '\u2028', '\u0000', '"', '\\', '🚧'),
  });
  fc.assert(
    fc.property(fc.dictionary(text, fc.array(text)), (value) => {
      const json = printableJson(value);
      expect(JSON.parse(json)).toEqual(value);
      expect(json.replaceAll('\n', '')).not.toMatch(unprintable);
    }),
  );
});
