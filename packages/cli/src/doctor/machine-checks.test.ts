import { expect, test } from 'vitest';
import { judgeClockDifference } from './cell-checks.ts';
import { checkClock, checkNode, judgeDisk } from './machine-checks.ts';

test.each([
  ['24.21.0', 'ok'],
  ['22.18.0', 'ok'],
  ['22.17.9', 'fail'],
  ['20.19.0', 'fail'],
] as const)('Node.js %s is %s', (version, level) => {
  expect(checkNode(version).level).toBe(level);
});

test.each([
  [Date.UTC(2026, 3, 1), 'ok'],
  [0, 'fail'],
  [Date.UTC(2100, 0, 1), 'fail'],
  [Number.NaN, 'fail'],
] as const)('a clock at %d is %s', (nowMs, level) => {
  expect(checkClock(nowMs).level).toBe(level);
});

test.each([
  [5 * 1024 ** 3, 'ok'],
  [5 * 1024 ** 3 - 1, 'warn'],
  [512 * 1024 ** 2, 'warn'],
  [512 * 1024 ** 2 - 1, 'fail'],
] as const)('%d bytes free is %s', (bytes, level) => {
  expect(judgeDisk(bytes).level).toBe(level);
});

test.each([
  [4_999, 'ok'],
  [-5_000, 'ok'],
  [-5_001, 'warn'],
] as const)('a clock %d ms apart is %s', (ms, level) => {
  expect(judgeClockDifference(ms).level).toBe(level);
});
