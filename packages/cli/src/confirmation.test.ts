import { expect, test } from 'vitest';
import { isYes } from './confirmation.ts';

test.each(['y', 'Y', 'yes', ' YES ', 'はい', 'ｙ'])('%j is a yes', (answer) => {
  expect(isYes(answer)).toBe(true);
});

test.each(['', 'n', 'no', 'yess', 'いいえ', 'yes please'])('%j is a no', (answer) => {
  expect(isYes(answer)).toBe(false);
});
