import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hex } from './byte-encodings.ts';
import { growingHmacSha256, hmacSha256 } from './node-crypto.ts';

const bytes = (length: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ maxLength: length });
const key = fc.uint8Array({ minLength: 1, maxLength: 64 });

describe('HMAC-SHA256', () => {
  test('RFC 4231 section 4.2 and 4.3', () => {
    expect(hex(hmacSha256(new Uint8Array(20).fill(0x0b), Buffer.from('Hi There')))).toBe(
      'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7',
    );
    expect(hex(hmacSha256(Buffer.from('Jefe'), Buffer.from('what do ya want for nothing?')))).toBe(
      '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
    );
  });

  test('is what the runtime computes, whole and in pieces', () => {
    fc.assert(
      fc.property(key, fc.array(bytes(400), { maxLength: 5 }), (secret, pieces) => {
        const data = Buffer.concat(pieces);
        const expected = createHmac('sha256', secret).update(data).digest('hex');
        expect(hex(hmacSha256(secret, data))).toBe(expected);
        const growing = growingHmacSha256(secret);
        for (const piece of pieces) growing.update(piece);
        expect(hex(growing.digest())).toBe(expected);
      }),
    );
  });

  test('also beyond what is hashed in one call', () => {
    const data = new Uint8Array(100_000).map((_, index) => index);
    const secret = new Uint8Array(32).fill(7);
    expect(hex(hmacSha256(secret, data))).toBe(createHmac('sha256', secret).update(data).digest('hex'));
  });

  test('refuses a key longer than a block', () => {
    expect(() => hmacSha256(new Uint8Array(65), new Uint8Array(1))).toThrow(RangeError);
  });
});
