import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { textOfUtf8, utf8 } from './byte-encodings.ts';
import { JSON_DEPTH_MAX, canonicalJson, parseCanonicalJson } from './canonical-json.ts';
import type { Json } from './canonical-json.ts';
import { firstJsonFault } from './json-fault.ts';
import { Refusal } from './refusal.ts';

const textOf = (value: Json): string => textOfUtf8(canonicalJson(value))!;
const refusal = (code: string): unknown => expect.objectContaining({ name: 'Refusal', code });

const anyJson = fc.letrec<{ json: Json }>((tie) => ({
  json: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constant(null),
    fc.boolean(),
    fc.maxSafeInteger(),
    fc.string({ unit: 'grapheme' }),
    fc.array(tie('json'), { maxLength: 5 }),
    fc.dictionary(fc.string({ unit: 'binary' }), tie('json'), { maxKeys: 40 }),
  ),
})).json;

describe('canonicalJson', () => {
  test('sorts keys by UTF-16 code units: the example of RFC 8785 section 3.2.3', () => {
    const value = {
      '\u20ac': 'Euro Sign',
      '\r': 'Carriage Return',
      '\ufb33': 'Hebrew Letter Dalet With Dagesh',
      '1': 'One',
      '\ud83d\ude00': 'Emoji: Grinning Face',
      '\u0080': 'Control',
      '\u00f6': 'Latin Small Letter O With Diaeresis',
    };
    expect(Object.values(JSON.parse(textOf(value)) as object)).toHaveLength(7);
    expect(textOf(value)).toBe(
      '{"\\r":"Carriage Return","1":"One","\u0080":"Control","\u00f6":"Latin Small Letter O With Diaeresis",' +
        '"\u20ac":"Euro Sign","\ud83d\ude00":"Emoji: Grinning Face","\ufb33":"Hebrew Letter Dalet With Dagesh"}',
    );
  });

  test('escapes as RFC 8785 section 3.2.2.2', () => {
    expect(textOf('\u20ac$\u000f\nA\'B"\\\\"/\u007f\u2028')).toBe(
      '"\u20ac$\\u000f\\nA\'B\\"\\\\\\\\\\"/\u007f\u2028"',
    );
  });

  test.each([
    [{ b: 1, a: { d: [], c: {} } }, '{"a":{"c":{},"d":[]},"b":1}'],
    [{ a: undefined, b: null }, '{"b":null}'],
    [{ a: undefined }, '{}'],
    [-0, '0'],
    [Number.MAX_SAFE_INTEGER, '9007199254740991'],
    [[true, false, null, -1], '[true,false,null,-1]'],
  ])('writes %j', (value, text) => {
    expect(textOf(value)).toBe(text);
  });

  test('sorts many keys as it sorts few', () => {
    const keys = Array.from({ length: 100 }, (_, n) => `k${(n * 37) % 100}`);
    const text = textOf(Object.fromEntries(keys.map((key) => [key, 1])));
    expect(Object.keys(JSON.parse(text) as object)).toEqual(keys.toSorted());
  });

  test.each([
    1.5,
    Number.NaN,
    Infinity,
    2 ** 53,
    '\ud800',
    { '\udc00': 1 },
    [undefined],
    1n,
    () => 0,
    Symbol('s'),
  ])('refuses what has no canonical form here (%#)', (value) => {
    expect(() => canonicalJson(value as Json)).toThrowError(refusal('json_not_representable'));
  });

  test('refuses depth, its own or that of hostile input', () => {
    const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);
    expect(parseCanonicalJson(utf8(nested(JSON_DEPTH_MAX)))).toBeInstanceOf(Array);
    for (const depth of [JSON_DEPTH_MAX + 1, 100_000]) {
      expect(() => parseCanonicalJson(utf8(nested(depth)))).toThrowError(refusal('json_not_representable'));
    }
  });

  test('does not depend on the order of properties', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string({ unit: 'binary' }), fc.integer(), { maxKeys: 50 }),
        fc.nat(),
        (object, turn) => {
          fc.pre(Object.keys(object).every((key) => key.isWellFormed()));
          const entries = Object.entries(object);
          const at = entries.length === 0 ? 0 : turn % entries.length;
          const turned = Object.fromEntries([...entries.slice(at), ...entries.slice(0, at)].toReversed());
          expect(textOf(turned)).toBe(textOf(object));
        },
      ),
    );
  });
});

describe('parseCanonicalJson', () => {
  test('reads back what was written', () => {
    fc.assert(
      fc.property(anyJson, (value) => {
        const bytes = canonicalJson(value);
        expect(canonicalJson(parseCanonicalJson(bytes))).toEqual(bytes);
        expect(parseCanonicalJson(bytes)).toEqual(JSON.parse(textOfUtf8(bytes)!));
      }),
    );
  });

  test.each([
    ['white space', '{"a": 1}', 'byte 5'],
    ['a final newline', '{"a":1}\n', 'byte 7'],
    ['key order', '{"b":1,"a":2}', 'byte 2'],
    ['a repeated key', '{"a":1,"a":1}', 'byte 6'],
    ['an escape that is not needed', '"\\u0061"', 'byte 1'],
    ['an upper-case escape', '"\\u000F"', 'byte 6'],
    ['a fraction that is zero', '1.0', 'byte 1'],
    ['an exponent', '1e2', 'byte 1'],
    ['minus zero', '-0', 'byte 0'],
    ['__proto__ among other keys', '{"a":1,"__proto__":2}', 'byte 2'],
  ])('refuses %s', (_, text, where) => {
    expect(() => parseCanonicalJson(utf8(text))).toThrowError(
      expect.objectContaining({ code: 'json_not_canonical', where }),
    );
  });

  test('keeps a key named __proto__ as a key', () => {
    expect(textOf(parseCanonicalJson(utf8('{"__proto__":{"a":1}}')))).toBe('{"__proto__":{"a":1}}');
  });

  test.each([
    ['json_not_utf8', [0x22, 0xff, 0x22]],
    ['json_not_utf8', [0x22, 0xed, 0xa0, 0x80, 0x22]],
    ['json_malformed', []],
    ['json_malformed', [...utf8('{"a":1')]],
    ['json_malformed', [0xef, 0xbb, 0xbf, 0x31]],
    ['json_not_representable', [...utf8('1.5')]],
    ['json_not_representable', [...utf8('9007199254740993')]],
    ['json_not_representable', [...utf8('1e999')]],
    ['json_not_representable', [...utf8('"\\ud800"')]],
  ])('refuses with %s (%#)', (code, bytes) => {
    expect(() => parseCanonicalJson(Uint8Array.from(bytes))).toThrowError(refusal(code));
  });

  test.each([
    ['', 0],
    ['{"a":1', 6],
    ['{"a" 1}', 5],
    ['{"a":1,}', 7],
    ['{"関":tru}', 5],
    ['[1,]', 3],
    ['[,1]', 1],
    ['{1:2}', 1],
    ['[1}', 2],
    ['1 2', 2],
    ['"open', 0],
    ['"bad \\x"', 0],
    ['[01]', 2],
    ['{"a":}', 5],
    [']', 0],
    ['\ufeff1', 0],
  ])('finds where %j stops being JSON', (text, at) => {
    const where = `byte ${utf8(text.slice(0, at)).length}`;
    expect(() => parseCanonicalJson(utf8(text))).toThrowError(
      expect.objectContaining({ code: 'json_malformed', where }),
    );
  });

  test('finds it behind and inside a string of any length', () => {
    const long = 'a'.repeat(10_000_000);
    expect(firstJsonFault(`["${long}"]]`)).toBe(long.length + 4);
    expect(firstJsonFault(`["${long}`)).toBe(1);
  });

  test('finds a fault in exactly those texts that JSON.parse refuses', () => {
    const pieces = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"a"',
      '1',
      '-',
      '.5',
      'true',
      'null',
      ' ',
      '"',
      '\\u00',
      'e3',
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.array(pieces, { maxLength: 9 }).map((parts) => parts.join('')),
          fc.json(),
          fc.string(),
        ),
        (text) => {
          let isJson = true;
          try {
            JSON.parse(text);
          } catch {
            isJson = false;
          }
          expect(firstJsonFault(text) === -1).toBe(isJson);
        },
      ),
      { numRuns: 2000 },
    );
  });

  test.each([
    [[0x22, 0xe9, 0x96, 0xa2, 0xff], 4],
    [[0xe9, 0x96], 0],
    [[0x22, 0xef, 0xbf, 0xbd, 0x80], 4],
  ])('finds the first byte that is not UTF-8 (%#)', (bytes, at) => {
    expect(() => parseCanonicalJson(Uint8Array.from(bytes))).toThrowError(
      expect.objectContaining({ code: 'json_not_utf8', where: `byte ${at}` }),
    );
  });

  test('answers random bytes with typed refusals only', () => {
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 64 }), fc.json().map(utf8)), (bytes) => {
        try {
          expect(canonicalJson(parseCanonicalJson(bytes))).toEqual(
            canonicalJson(JSON.parse(textOfUtf8(bytes)!) as Json),
          );
        } catch (error) {
          expect(error).toBeInstanceOf(Refusal);
        }
      }),
      { numRuns: 500 },
    );
  });
});
