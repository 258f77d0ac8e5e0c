import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AmountYen, formatYen, parseYen, picoYenPerToken, PriceYen } from './money.ts';

/** Decimal text over a power of ten, by plain arithmetic on its digits. */
function exact(text: string, decimals: number): bigint {
  const [whole, fraction = ''] = text.split('.');
  return (
    BigInt(whole!) * 10n ** BigInt(decimals) + BigInt(fraction) * 10n ** BigInt(decimals - fraction.length)
  );
}

const price = fc
  .tuple(fc.bigInt({ min: 0n, max: 999_999_999_999n }), fc.stringMatching(/^\d{0,6}$/))
  .map(([whole, fraction]) => (fraction === '' ? `${whole}` : `${whole}.${fraction}`));

describe('an amount', () => {
  it.each([
    [0n, '0'],
    [1n, '0.000000000001'],
    [10n, '0.00000000001'],
    [500_000_000_000n, '0.5'],
    [1_000_000_000_000n, '1'],
    [1_500_000_000_000n, '1.5'],
    [10n ** 36n - 1n, `${'9'.repeat(24)}.${'9'.repeat(12)}`],
  ])('%s pico-yen is %s yen', (picoYen, yen) => {
    expect(formatYen(picoYen)).toBe(yen);
    expect(parseYen(yen)).toBe(picoYen);
  });

  it('is written and read back exactly, in one form', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 10n ** 36n - 1n }), (picoYen) => {
        const yen = formatYen(picoYen);
        expect(AmountYen.safeParse(yen).success).toBe(true);
        expect(parseYen(yen)).toBe(picoYen);
        expect(exact(yen, 12)).toBe(picoYen);
      }),
    );
  });

  it.each([
    '',
    '-1',
    '+1',
    '01',
    '1.',
    '.5',
    '1.0',
    '1.50',
    '1e3',
    ' 1',
    '1 ',
    '１',
    '0.0000000000001',
    'NaN',
    '1,000',
    '1\n',
  ])('is never %j', (text) => {
    expect(AmountYen.safeParse(text).success).toBe(false);
    expect(() => parseYen(text)).toThrow();
  });

  it('is never negative', () => {
    expect(() => formatYen(-1n)).toThrow(RangeError);
  });
});

describe('a price', () => {
  it('of tokens is exact, whatever their number', () => {
    fc.assert(
      fc.property(price, fc.nat(1e9), (text, tokens) => {
        // Yen per million tokens, times tokens, over a million: in pico-yen, without a division.
        expect(BigInt(tokens) * picoYenPerToken(text)).toBe(BigInt(tokens) * exact(text, 6));
      }),
    );
  });

  it('adds up: tokens counted together or apart cost the same', () => {
    fc.assert(
      fc.property(price, fc.array(fc.nat(1e9), { maxLength: 10 }), (text, counts) => {
        const each = counts.reduce(
          (sum, count) => sum + parseYen(formatYen(BigInt(count) * picoYenPerToken(text))),
          0n,
        );
        const all = BigInt(counts.reduce((sum, count) => sum + count, 0)) * picoYenPerToken(text);
        expect(each).toBe(all);
      }),
    );
  });

  it.each(['', '-1', '01', '1.', '.5', '1.0000001', '1e3', '1234567890123', ' 1', '0x10', 'Infinity', '1\n'])(
    'is never %j',
    (text) => {
      expect(PriceYen.safeParse(text).success).toBe(false);
      expect(() => picoYenPerToken(text)).toThrow();
    },
  );
});
