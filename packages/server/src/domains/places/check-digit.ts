/**
 * The sixth digit of a Japanese local government code (全国地方公共団体コード): the five digits
 * of JIS X 0401 and X 0402 weighted 6, 5, 4, 3, 2; the last digit of 11 - (sum mod 11).
 * Source: Ministry of Internal Affairs and Communications, 検査数字の算出方法.
 * Throws a RangeError unless given exactly five digits.
 */
export function checkDigitOf(fiveDigits: string): string {
  if (!/^[0-9]{5}$/.test(fiveDigits)) throw new RangeError('a municipality number has five digits');
  let sum = 0;
  for (let index = 0; index < 5; index += 1) sum += (6 - index) * Number(fiveDigits[index]);
  return String((11 - (sum % 11)) % 10);
}

/** Whether the text is six digits that end in their own check digit. */
export function isMunicipalityCode(code: string): boolean {
  return /^[0-9]{6}$/.test(code) && checkDigitOf(code.slice(0, 5)) === code.slice(5);
}
