import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeRun, encodeRun } from './run-payload.ts';

const corrupt = { code: 'ledger_corrupt' };
const bytes = (maxLength: number) => fc.uint8Array({ maxLength });
const entries = fc.array(
  fc.record({ bytes: bytes(300), attachment: fc.option(bytes(4096), { nil: undefined }) }),
  { minLength: 1, maxLength: 20 },
);
const plain = (run: readonly { bytes: Uint8Array; attachment: Uint8Array | undefined }[]) =>
  run.map((entry) => [Buffer.from(entry.bytes), entry.attachment && Buffer.from(entry.attachment)]);

describe('a run', () => {
  test('gives back its entries, byte for byte', () => {
    fc.assert(
      fc.property(entries, (run) => {
        expect(plain(decodeRun(encodeRun(run), run.length))).toEqual(plain(run));
      }),
    );
  });

  test('is refused with another number of entries, or cut at any byte', () => {
    const run = [
      { bytes: Buffer.from('first'), attachment: undefined },
      { bytes: Buffer.from('second'), attachment: Buffer.from('salt') },
    ];
    const payload = encodeRun(run);
    for (const count of [0, 1, 3])
      expect(() => decodeRun(payload, count)).toThrow(expect.objectContaining(corrupt));
    for (let length = 0; length < payload.length; length++) {
      expect(() => decodeRun(payload.subarray(0, length), 2), `${length}`).toThrow(
        expect.objectContaining(corrupt),
      );
    }
  });

  test('is refused with an attachment that no entry may have', () => {
    const payload = Buffer.concat([Buffer.from([0, 0, 0x10, 0x01]), Buffer.alloc(4097)]);
    expect(() => decodeRun(payload, 1)).toThrow(expect.objectContaining(corrupt));
  });
});
