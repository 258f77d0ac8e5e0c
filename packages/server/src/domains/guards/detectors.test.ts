import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Detector } from './detector.ts';
import { Masking, RestoringStream } from './masking.ts';
import { hasMyNumberCheckDigit, myNumberDetector } from './my-number.ts';
import {
  creditCardDetector,
  emailAddressDetector,
  passportNumberDetector,
  phoneNumberDetector,
  postalAddressDetector,
} from './personal-data.ts';
import { apiKeyDetector, privateKeyDetector } from './secrets.ts';
import { TextScreen, findAll } from './text-screen.ts';

const all: readonly Detector[] = [
  privateKeyDetector,
  apiKeyDetector,
  creditCardDetector,
  myNumberDetector,
  phoneNumberDetector,
  emailAddressDetector,
  passportNumberDetector,
  postalAddressDetector,
];

function found(detector: Detector, text: string): string[] {
  return detector.find(text).map(({ start, end }) => text.slice(start, end));
}

const VALID = '123456789018';

describe('My Number', () => {
  test.each([
    `番号は${VALID}です`,
    '番号は1234-5678-9018です',
    '1234 5678 9018',
    '１２３４５６７８９０１８',
    '１２３４－５６７８－９０１８',
    '一二三四五六七八九〇一八',
    '1234\u200b5678\u200b9018',
    '1-2-3-4-5-6-7-8-9-0-1-8',
    `(${VALID})`,
    '123456-789018',
    '1234-5678 9018',
    '個人番号 2026 1234 5678 9018 12',
  ])('is found in %s', (text) => {
    expect(found(myNumberDetector, text).length).toBe(1);
  });

  test('is found twice, whole each time', () => {
    expect(found(myNumberDetector, `${VALID} ${VALID}`)).toEqual([VALID, VALID]);
    expect(found(myNumberDetector, '1234-5678-9018、1234 5678 9018')).toEqual([
      '1234-5678-9018',
      '1234 5678 9018',
    ]);
  });

  test.each([
    '123456789012',
    '1234-5678-9012',
    `${VALID}0`,
    `0${VALID}`,
    '1234--5678--9018',
    '平成12年3456号',
    '4111 1111 1111 1111',
    '',
  ])('is not found in %s', (text) => {
    expect(found(myNumberDetector, text)).toEqual([]);
  });

  test('no number with a wrong check digit is ever found, and every right one is', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 12, maxLength: 12 }), (digits) => {
        expect(found(myNumberDetector, `x${digits.join('')}x`).length).toBe(
          hasMyNumberCheckDigit(digits) ? 1 : 0,
        );
      }),
      { numRuns: 2000 },
    );
  });

  test('one in eleven or so has a right check digit: exactly one for each first eleven', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 11, maxLength: 11 }), (digits) => {
        const right = Array.from({ length: 10 }, (_, last) => last).filter((last) =>
          hasMyNumberCheckDigit([...digits, last]),
        );
        expect(right.length).toBe(1);
      }),
    );
  });
});

describe('personal data and secrets', () => {
  test.each([
    [creditCardDetector, 'カード 4111 1111 1111 1111 です', '4111 1111 1111 1111'],
    [phoneNumberDetector, '電話 03-1234-5678 まで', '03-1234-5678'],
    [phoneNumberDetector, '０９０－１２３４－５６７８', '０９０－１２３４－５６７８'],
    [phoneNumberDetector, '0120-123-456', '0120-123-456'],
    [emailAddressDetector, '連絡先は taro.yamada@example.co.jp です', 'taro.yamada@example.co.jp'],
    [passportNumberDetector, '旅券 TK1234567 の', 'TK1234567'],
    [postalAddressDetector, '住所は東京都千代田区霞が関2丁目1番2号です', '東京都千代田区霞が関2丁目1番2号'],
    [apiKeyDetector, `key=sk-proj-${'a1B2'.repeat(8)}`, `sk-proj-${'a1B2'.repeat(8)}`],
    [apiKeyDetector, 'AKIAIOSFODNN7EXAMPLE', 'AKIAIOSFODNN7EXAMPLE'],
  ])('%#: finds %s', (detector, text, expected) => {
    expect(found(detector, text)).toEqual([expected]);
  });

  test.each([
    [creditCardDetector, '4111 1111 1111 1112'],
    [phoneNumberDetector, '2026-11-24'],
    [phoneNumberDetector, '0312345678'],
    [emailAddressDetector, 'user at example.jp, @mention'],
    [passportNumberDetector, 'ISO9001234 と TK12345678'],
    [postalAddressDetector, '東京都は人口が多い'],
    [apiKeyDetector, 'sk-short'],
  ])('%#: finds nothing in %s', (detector, text) => {
    expect(found(detector, text)).toEqual([]);
  });

  test('finds a private key, also one that is cut off', () => {
    const key = `-----BEGIN EC PRIVATE KEY-----\n${'MHcCAQEEIA'.repeat(12)}\n-----END EC PRIVATE KEY-----`;
    expect(found(privateKeyDetector, `鍵:\n${key}\n以上`)).toEqual([key]);
    expect(found(privateKeyDetector, key.slice(0, 80))).toEqual([key.slice(0, 80)]);
    expect(found(privateKeyDetector, '-----BEGIN CERTIFICATE-----\nMIIB')).toEqual([]);
  });
});

const pieces = fc.oneof(
  fc.constantFrom(
    VALID,
    '1234-5678-9018',
    '１２３４５６７８９０１８',
    '4111 1111 1111 1111',
    'taro@example.jp',
    '090-1234-5678',
    '東京都港区芝公園1-2-3',
    'AKIAIOSFODNN7EXAMPLE',
    'TK1234567',
    '[[my-number-1]]',
    '-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----',
    'これは試験です。',
    '、',
    '\n',
    ' ',
    '-',
    '東京都',
    '個人番号は',
  ),
  fc.string({ maxLength: 8 }),
  fc.stringMatching(/^[0-9 -]{0,14}$/),
);
const texts = fc.array(pieces, { maxLength: 12 }).map((parts) => parts.join(''));
const cuts = fc.array(fc.nat(400), { maxLength: 12 });

function cutAt(text: string, positions: readonly number[]): string[] {
  const sorted = [0, ...positions.map((at) => Math.min(at, text.length)), text.length].sort((a, b) => a - b);
  return sorted.slice(1).map((end, at) => text.slice(sorted[at], end));
}

describe('a text that comes in pieces', () => {
  test('gives what it gives as a whole, wherever it is cut', () => {
    fc.assert(
      fc.property(texts, cuts, (text, positions) => {
        const screen = new TextScreen(all);
        const through = [...cutAt(text, positions).map((piece) => screen.push(piece)), screen.end()];
        expect(through.map((part) => part.text).join('')).toBe(text);
        let offset = 0;
        const findings = through.flatMap((part) => {
          const moved = part.findings.map(({ kind, start, end }) => ({
            kind,
            text: text.slice(start + offset, end + offset),
          }));
          offset += part.text.length;
          return moved;
        });
        const whole = findAll(all, text).map(({ kind, start, end }) => ({
          kind,
          text: text.slice(start, end),
        }));
        expect(findings).toEqual(whole);
      }),
      { numRuns: 3000 },
    );
  });

  test('Japanese prose is not held back', () => {
    const screen = new TextScreen(all);
    expect(screen.push('本日は晴天なり。').text).toBe('本日は晴天なり。');
  });

  test('is held in bounded memory, whatever comes', () => {
    const screen = new TextScreen(all);
    let held = 0;
    for (let piece = 0; piece < 200; piece++) {
      held += 512;
      held -= screen.push('1'.repeat(512)).text.length;
      expect(held).toBeLessThan(20_000);
    }
  });
});

describe('masking', () => {
  test('puts back what it masked, wherever the answer is cut, and nothing else', () => {
    fc.assert(
      fc.property(texts, cuts, (text, positions) => {
        fc.pre(!text.includes('[['));
        const masking = new Masking();
        const masked = masking.mask(text, findAll(all, text));
        const stream = new RestoringStream(masking);
        const restored = cutAt(masked, positions).map((piece) => stream.push(piece));
        expect([...restored, stream.end()].join('')).toBe(text);
      }),
      { numRuns: 1000 },
    );
  });

  test('the same text gets the same placeholder, which holds nothing of it', () => {
    const masking = new Masking();
    const text = `${VALID}と${VALID}`;
    expect(masking.mask(text, findAll(all, text))).toBe('[[my-number-1]]と[[my-number-1]]');
    expect(masking.restore('[[my-number-2]] [[email-address-1]]')).toBe(
      '[[my-number-2]] [[email-address-1]]',
    );
  });
});
