import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { checkDigitOf, isMunicipalityCode } from './index.ts';

test.each(['012351', '131016', '221317', '221384', '221392', '221406', '402311', '473821', '016951'])(
  '%s ends in its check digit',
  (code) => {
    expect(isMunicipalityCode(code)).toBe(true);
  },
);

test.each(['012350', '221318', '12351', '0123510', '01235a', '０１２３５１', '', 'JP-01'])(
  '%s is refused',
  (code) => {
    expect(isMunicipalityCode(code)).toBe(false);
  },
);

test('remainders 0, 1 and 10 give the last digits of 11, 10 and 1', () => {
  expect(checkDigitOf('00000')).toBe('1');
  expect(checkDigitOf('20000')).toBe('0'); // 12 mod 11 = 1
  expect(checkDigitOf('02000')).toBe('1'); // 10
});

test('any single digit changed to a neighbour is noticed', () => {
  const digit = fc.integer({ min: 0, max: 9 });
  fc.assert(
    fc.property(fc.tuple(digit, digit, digit, digit, digit), fc.integer({ min: 0, max: 4 }), (digits, at) => {
      const changed = digits.with(at, (digits[at]! + 1) % 10);
      const sumOf = (values: readonly number[]): number =>
        values.reduce((sum, value, index) => sum + value * (6 - index), 0) % 11;
      // The rule folds the remainders 0 and 10 onto one digit, 11 and 1: those two stay alike.
      fc.pre(![sumOf(digits), sumOf(changed)].every((rest) => rest === 0 || rest === 10));
      expect(checkDigitOf(changed.join(''))).not.toBe(checkDigitOf(digits.join('')));
    }),
  );
});

test.each(['1234', '123456', 'abcde', '１２３４５'])('%s has no check digit', (text) => {
  expect(() => checkDigitOf(text)).toThrow(RangeError);
});
