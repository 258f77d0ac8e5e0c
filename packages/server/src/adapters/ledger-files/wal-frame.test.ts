import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FRAME_HEADER_BYTES, encodeFrame, scanSegment } from './wal-frame.ts';

const PAYLOAD_MAX = 1000;
const payloads = [Buffer.from('first'), Buffer.alloc(300, 7), Buffer.alloc(0), Buffer.from('the last one')];
const frames = payloads.map((payload, at) => encodeFrame(5 + at, payload));
const segment = Buffer.concat(frames);
const lastStart = segment.length - frames.at(-1)!.length;

describe('a segment of frames', () => {
  test('reads back what was written', () => {
    const { frames: read, end } = scanSegment(segment, 5, PAYLOAD_MAX);
    expect(read.map(({ payload }) => Buffer.from(payload))).toEqual(payloads);
    expect(read.map(({ position }) => position)).toEqual([5, 6, 7, 8]);
    expect(end).toEqual({ kind: 'clean', at: segment.length });
  });

  test('cut at every byte of the last frame is torn, and keeps the frames before', () => {
    for (let length = lastStart + 1; length < segment.length; length++) {
      const { frames: read, end } = scanSegment(segment.subarray(0, length), 5, PAYLOAD_MAX);
      expect(read).toHaveLength(3);
      expect(end).toEqual({ kind: 'torn', at: lastStart });
    }
  });

  test('a last frame of which any page came as zeros is torn', () => {
    for (let from = lastStart; from < segment.length; from++) {
      const bytes = Buffer.from(segment);
      bytes.fill(0, from, Math.min(from + 8, bytes.length));
      expect(scanSegment(bytes, 5, PAYLOAD_MAX).end).toEqual({ kind: 'torn', at: lastStart });
    }
  });

  test('a changed bit in any byte before the last frame is damage', () => {
    for (let at = 0; at < lastStart; at++) {
      const bytes = Buffer.from(segment);
      bytes[at]! ^= 0x10;
      expect(scanSegment(bytes, 5, PAYLOAD_MAX).end.kind, `byte ${at}`).toBe('damaged');
    }
  });

  test('a frame with another position than the next one is damage', () => {
    expect(scanSegment(segment, 6, PAYLOAD_MAX).end).toEqual({ kind: 'damaged', at: 0 });
    const skipped = Buffer.concat([encodeFrame(0, Buffer.from('a')), encodeFrame(2, Buffer.from('c'))]);
    expect(scanSegment(skipped, 0, PAYLOAD_MAX).end.kind).toBe('damaged');
  });

  test('more bad bytes than one frame are damage, for no single write leaves them', () => {
    const rest = Buffer.alloc(FRAME_HEADER_BYTES + PAYLOAD_MAX);
    expect(scanSegment(Buffer.concat([segment, rest]), 5, PAYLOAD_MAX).end.kind).toBe('torn');
    expect(scanSegment(Buffer.concat([segment, rest, rest.subarray(0, 1)]), 5, PAYLOAD_MAX).end.kind).toBe(
      'damaged',
    );
  });

  test('a bad end that looks like frames everywhere is damage, without hashing them all', () => {
    const payloadMax = 1024 * 1024;
    const looksLikeFrames = Buffer.alloc(payloadMax);
    for (let at = 0; at + 8 <= looksLikeFrames.length; at += 8) {
      looksLikeFrames.write('SKW1', at, 'latin1');
      looksLikeFrames.writeUInt32BE((looksLikeFrames.length - at) >>> 1, at + 4);
    }
    const started = performance.now();
    expect(scanSegment(looksLikeFrames, 0, payloadMax).end).toEqual({ kind: 'damaged', at: 0 });
    // All of them would be 64 GiB.
    expect(performance.now() - started).toBeLessThan(5000);
  });

  test('a torn frame full of the letters of the magic, as entries may be, is torn', () => {
    const entry = Buffer.from('{"purpose":"SKW1SKW1 SKW1"}'.repeat(2000));
    const torn = encodeFrame(0, entry).subarray(0, -1);
    expect(scanSegment(torn, 0, entry.length).end).toEqual({ kind: 'torn', at: 0 });
  });

  test('no bytes make it throw or read beyond', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        expect(scanSegment(Buffer.from(bytes), 0, PAYLOAD_MAX).frames).toEqual([]);
      }),
    );
  });
});
