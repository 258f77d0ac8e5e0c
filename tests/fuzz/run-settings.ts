import { randomInt } from 'node:crypto';

/** From the command, or else `SEKISHO_FUZZ_SEED`, or else by chance: below 2^48. */
export function chosenSeed(given: string | undefined = process.env['SEKISHO_FUZZ_SEED']): number {
  return given === undefined ? randomInt(2 ** 48 - 1) : wholeNumber(given);
}

/** From the command, or else `SEKISHO_FUZZ_SECONDS`. */
export function chosenSeconds(
  given: string | undefined = process.env['SEKISHO_FUZZ_SECONDS'],
): number | undefined {
  return given === undefined ? undefined : wholeNumber(given);
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value))
    throw new RangeError(`not a whole number: ${text}`);
  return value;
}
