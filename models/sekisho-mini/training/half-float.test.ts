import assert from 'node:assert/strict';
import { test } from 'node:test';
import { halfFloatBits } from './half-float.ts';

test('known values round as IEEE 754 says', () => {
  const vectors: [number, number][] = [
    [0, 0x0000],
    [-0, 0x8000],
    [1, 0x3c00],
    [-2, 0xc000],
    [65504, 0x7bff],
    [65520, 0x7c00],
    [2 ** -14, 0x0400],
    [2 ** -24, 0x0001],
    [2 ** -26, 0x0000],
    [1 + 2 ** -11, 0x3c00],
    [1 + 3 * 2 ** -11, 0x3c02],
    [Infinity, 0x7c00],
  ];
  for (const [value, bits] of vectors) assert.equal(halfFloatBits(value), bits, String(value));
});

test('every finite half survives a round trip', () => {
  for (let bits = 0; bits < 0x7c00; bits++) {
    const exponent = bits >> 10;
    const fraction = (bits & 0x3ff) / 1024;
    const value = exponent === 0 ? fraction * 2 ** -14 : (1 + fraction) * 2 ** (exponent - 15);
    assert.equal(halfFloatBits(value), bits);
    assert.equal(halfFloatBits(-value), bits | 0x8000);
  }
});
