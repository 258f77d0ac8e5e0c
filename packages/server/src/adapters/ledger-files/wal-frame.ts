import { createHash } from 'node:crypto';

/**
 * A frame is one batch in a segment file:
 * `"SKW1" ‖ u32 payload length ‖ u64 position ‖ SHA-256(the 16 bytes before ‖ payload) ‖ payload`,
 * big-endian. The next frame is written only after this one is durable.
 */
const MAGIC = Buffer.from('SKW1', 'latin1');
const LENGTH_AT = 4;
const POSITION_AT = 8;
const DIGEST_AT = 16;
export const FRAME_HEADER_BYTES = 48;
/**
 * Bytes that are hashed in search of a good frame behind a bad one, in frames of the greatest length. Only
 * what was made to look like many overlapping frames takes more: entries are text, which has no zero byte,
 * and so can hold the letters of the magic but no length within bounds.
 */
const SEARCHED_FRAMES_MAX = 64;

export interface Frame {
  readonly position: number;
  readonly payload: Uint8Array;
  /** Bytes from the start of the segment to the end of this frame. */
  readonly endsAt: number;
}

/** How a segment's bytes end after the last good frame, which ends at `at`. */
export type SegmentEnd =
  | { readonly kind: 'clean'; readonly at: number }
  /** What an interrupted write of one frame can leave. */
  | { readonly kind: 'torn'; readonly at: number }
  | { readonly kind: 'damaged'; readonly at: number };

export function encodeFrame(position: number, payload: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(FRAME_HEADER_BYTES + payload.length);
  MAGIC.copy(frame);
  frame.writeUInt32BE(payload.length, LENGTH_AT);
  frame.writeBigUInt64BE(BigInt(position), POSITION_AT);
  digestOf(frame, payload).copy(frame, DIGEST_AT);
  frame.set(payload, FRAME_HEADER_BYTES);
  return frame;
}

/** Reads a segment whose first frame has this position; the payloads are views on its bytes. */
export function scanSegment(
  bytes: Buffer,
  firstPosition: number,
  payloadBytesMax: number,
): { readonly frames: readonly Frame[]; readonly end: SegmentEnd } {
  const frames: Frame[] = [];
  let at = 0;
  for (let position = firstPosition; at < bytes.length; position++) {
    const frame = frameAt(bytes, at, payloadBytesMax);
    if (frame?.position !== position) return { frames, end: badEnd(bytes, at, payloadBytesMax) };
    frames.push(frame);
    at = frame.endsAt;
  }
  return { frames, end: { kind: 'clean', at } };
}

/** Undefined where no header can stand, or its payload would be too long or end beyond the bytes. */
function payloadLengthAt(bytes: Buffer, at: number, payloadBytesMax: number): number | undefined {
  if (at + FRAME_HEADER_BYTES > bytes.length || !bytes.subarray(at, at + LENGTH_AT).equals(MAGIC))
    return undefined;
  const length = bytes.readUInt32BE(at + LENGTH_AT);
  return length > payloadBytesMax || at + FRAME_HEADER_BYTES + length > bytes.length ? undefined : length;
}

function frameAt(bytes: Buffer, at: number, payloadBytesMax: number): Frame | undefined {
  const length = payloadLengthAt(bytes, at, payloadBytesMax);
  if (length === undefined) return undefined;
  const header = bytes.subarray(at, at + FRAME_HEADER_BYTES);
  const endsAt = at + FRAME_HEADER_BYTES + length;
  const payload = bytes.subarray(at + FRAME_HEADER_BYTES, endsAt);
  if (!digestOf(header, payload).equals(header.subarray(DIGEST_AT))) return undefined;
  const position = Number(header.readBigUInt64BE(POSITION_AT));
  return Number.isSafeInteger(position) ? { position, payload, endsAt } : undefined;
}

/**
 * Torn or damaged? Frames are written one at a time, so an interrupted write is the last thing in
 * the file and no longer than one frame, and nothing good comes after it. (A last frame that was
 * durable and rotted since looks the same; the ledger notices when its tree is longer.)
 */
function badEnd(bytes: Buffer, at: number, payloadBytesMax: number): SegmentEnd {
  if (bytes.length - at > FRAME_HEADER_BYTES + payloadBytesMax) return { kind: 'damaged', at };
  let hashed = 0;
  // A good frame in a wrong place is as bad as a bad one.
  for (let next = at; next !== -1; next = bytes.indexOf(MAGIC, next + 1)) {
    const length = payloadLengthAt(bytes, next, payloadBytesMax);
    if (length === undefined) continue;
    hashed += FRAME_HEADER_BYTES + length;
    const searchedEnough = hashed > SEARCHED_FRAMES_MAX * (FRAME_HEADER_BYTES + payloadBytesMax);
    if (searchedEnough || frameAt(bytes, next, payloadBytesMax) !== undefined) return { kind: 'damaged', at };
  }
  return { kind: 'torn', at };
}

function digestOf(header: Uint8Array, payload: Uint8Array): Buffer {
  return createHash('sha256').update(header.subarray(0, DIGEST_AT)).update(payload).digest();
}
