import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { GuardChain } from '../domains/guards/index.ts';
import { replaceInJsonText, ScreenedJson } from './screened-json.ts';

const NUMBER = '123456789018';
const both = ['request', 'answer'] as ('request' | 'answer')[];
const masking = new GuardChain([{ guard: 'my-number', action: 'mask', on: both }]);

/** Passes `text` through in pieces of these lengths, again and again. */
function screened(text: string, lengths: readonly number[], chain = masking): string {
  const screen = chain.screenAnswer(chain.judgeRequest([NUMBER]).masking);
  const json = new ScreenedJson(() => screen.text());
  let shown = '';
  for (let at = 0, turn = 0; at < text.length; turn++) {
    const length = lengths[turn % lengths.length] ?? 1;
    shown += json.push(text.slice(at, at + length));
    at += length;
  }
  return shown + json.end();
}

const lengths = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 8 });
const escaped = (text: string): string =>
  text.replace(/[^\x20-\x21\x23-\x5b\x5d-\x7e]/g, (unit) => {
    return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });

describe('a text in which nothing is found comes out as it went in, wherever it is cut', () => {
  test('JSON, plain and escaped', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 3 }), lengths, fc.boolean(), (json, cuts, escapes) => {
        const text = escapes ? json.replace(/[\u0080-\uffff]/g, escaped) : json;
        fc.pre(!/\d{12}/.test(text));
        expect(screened(text, cuts)).toBe(text);
      }),
    );
  });

  test('an escape behind what was held for a while', () => {
    const text = '{"n":"x 2026\\u3042 12\\/34"}';
    for (let length = 1; length <= text.length; length++) expect(screened(text, [length])).toBe(text);
  });

  test('anything else', () => {
    const noise = fc.string({ unit: fc.constantFrom(...'{}[],:"\\u0 1a。\n\ud83d'.split('')) });
    fc.assert(
      fc.property(noise, lengths, (text, cuts) => {
        expect(screened(text, cuts)).toBe(text);
      }),
    );
  });
});

describe('what was masked comes back and the JSON stays valid', () => {
  test('in strings and in names of members, wherever it is cut', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), lengths, (before, after, cuts) => {
        fc.pre(!/[[\]\d]/.test(before + after));
        const said = { [`${before}[[my-number-1]]`]: [`${before}[[my-number-1]]${after}`, 1.5e3] };
        expect(JSON.parse(screened(JSON.stringify(said), cuts))).toEqual({
          [`${before}${NUMBER}`]: [`${before}${NUMBER}${after}`, 1500],
        });
      }),
    );
  });

  test('with quotes and line feeds of its own', () => {
    const text = `"a[[x]]b"`;
    const json = new ScreenedJson(() => ({
      push: (piece) => piece.replace('[[x]]', '"\n\\'),
      end: () => '',
    }));
    expect(JSON.parse(json.push(text) + json.end())).toBe('a"\n\\b');
  });
});

describe('what the model says itself is masked', () => {
  test.each([
    ['in a string', `{"n":"${NUMBER}"}`, { n: '[my-number]' }],
    [
      'written in escapes',
      `{"n":"${NUMBER.split('')
        .map((d) => `\\u003${d}`)
        .join('')}"}`,
      { n: '[my-number]' },
    ],
    ['after an escape', `{"n":"a\\n${NUMBER}\\u3042\\""}`, { n: 'a\n[my-number]あ"' }],
    ['as a number', `{"n": ${NUMBER} }`, { n: '[my-number]' }],
    ['as a name', `{"${NUMBER}":1.50}`, { '[my-number]': 1.5 }],
  ])('%s, wherever it is cut', (_name, text, said) => {
    for (const length of [1, 2, 3, 5, 100]) expect(JSON.parse(screened(text, [length]))).toEqual(said);
  });

  test('in what is no JSON', () => {
    expect(screened('1234 5678 9018', [3])).not.toContain('9018');
    expect(screened(`"${NUMBER}`, [3])).not.toContain('9018');
  });

  test('and text without end that is no JSON is given up', () => {
    expect(() => screened('x'.repeat(4097), [100])).toThrow(
      expect.objectContaining({ code: 'upstream_failed' }),
    );
    expect(screened('x'.repeat(4096), [100])).toHaveLength(4096);
  });
});

describe('in a whole JSON text', () => {
  const shout = (text: string): string => (text === 'a\n' || text === '12' ? `<${text}>` : text);

  test.each([
    [
      'strings and numbers are replaced and the rest stays as written',
      '{ "a\\n" : [12, 1.50, "\\u0061"] }',
      '{ "<a\\n>" : ["<12>", 1.50, "\\u0061"] }',
    ],
    ['a text that is no JSON is one text', '12', '"<12>"'],
    ['and goes in whole', 'a\n', '<a\n>'],
  ])('%s', (_name, text, replaced) => {
    expect(replaceInJsonText(text, shout)).toBe(replaced);
  });

  test.each([
    ['a plain string', JSON.stringify('a'.repeat(4_000_000))],
    ['escapes', `"${'\\n'.repeat(2_000_000)}"`],
    ['backslashes', `"${'\\\\'.repeat(2_000_000)}"`],
    ['no JSON', '"'.repeat(4_000_000)],
  ])('the largest of %s is quickly read', (_name, text) => {
    const began = performance.now();
    expect(replaceInJsonText(text, (said) => said) === text).toBe(true);
    expect(performance.now() - began).toBeLessThan(1_000);
  });

  test('strings end where JSON says so', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 2 }), (text) => {
        expect(JSON.parse(replaceInJsonText(text, (said) => said))).toEqual(JSON.parse(text));
        const said: string[] = [];
        const replaced = replaceInJsonText(JSON.stringify({ [text]: text }), (one) => {
          said.push(one);
          return `${one}"`;
        });
        expect(said).toEqual([text, text]);
        expect(JSON.parse(replaced)).toEqual({ [`${text}"`]: `${text}"` });
      }),
    );
  });

  test('a number of any length is one', () => {
    const long = `[${'9'.repeat(10_000)}]`;
    expect(replaceInJsonText(long, (text) => text)).toBe(long);
  });
});
