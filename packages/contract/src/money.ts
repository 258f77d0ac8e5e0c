import { z } from 'zod';

/**
 * Money is integers end to end. A price is yen per million tokens with at most six decimals, so
 * price x 10^6 is an integer, and tokens x that integer is an exact count of pico-yen (10^-12
 * yen). Nothing is rounded before the invoice.
 */
const PRICE_DECIMALS = 6;
const AMOUNT_DECIMALS = 12;

/** A non-negative decimal in yen with at most six decimals, as text: `"15"`, `"0.25"`. */
export const PriceYen = z
  .string()
  .regex(/^(?:0|[1-9]\d{0,11})(?:\.\d{1,6})?$/, 'a decimal such as "15" or "0.25"');

/** A non-negative amount in yen with at most twelve decimals, as text, in canonical form. */
export const AmountYen = z.string().regex(/^(?:0|[1-9]\d{0,23})(?:\.\d{0,11}[1-9])?$/);
export type AmountYen = z.infer<typeof AmountYen>;

/** Price in yen per million tokens to micro-yen per million tokens, which is pico-yen per token. */
export function picoYenPerToken(price: string): bigint {
  return parseDecimal(PriceYen.parse(price), PRICE_DECIMALS);
}

/** Exact pico-yen to a canonical decimal in yen: `1500000000000n` to `"1.5"`. */
export function formatYen(picoYen: bigint): AmountYen {
  if (picoYen < 0n) throw new RangeError('an amount is never negative');
  const digits = picoYen.toString().padStart(AMOUNT_DECIMALS + 1, '0');
  const whole = digits.slice(0, -AMOUNT_DECIMALS);
  const fraction = digits.slice(-AMOUNT_DECIMALS).replace(/0+$/, '');
  return fraction === '' ? whole : `${whole}.${fraction}`;
}

/** The inverse of {@link formatYen}. */
export function parseYen(amount: AmountYen): bigint {
  return parseDecimal(AmountYen.parse(amount), AMOUNT_DECIMALS);
}

function parseDecimal(text: string, decimals: number): bigint {
  const [whole = '0', fraction = ''] = text.split('.');
  return BigInt(whole + fraction.padEnd(decimals, '0'));
}
