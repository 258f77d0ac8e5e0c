import { concatBytes, textOfUtf8, utf8 } from './byte-encodings.ts';
import { parseCheckpoint } from './checkpoint-body.ts';
import type { Checkpoint } from './checkpoint-body.ts';
import { Refusal } from './refusal.ts';

/**
 * C2SP tlog-cosignature: what a cosigner signs, and the time that goes with it. The signature bytes
 * of a line are `u64be(time) ‖ signature`.
 */

const TIME_BYTES = 8;

export interface TimedSignature {
  /** Seconds since 1970. 0 where an ML-DSA-44 cosigner does not say that it saw no larger tree. */
  readonly timeSeconds: number;
  readonly signature: Uint8Array;
}

/**
 * Undefined when the bytes hold no signature, or a time beyond 2^53 - 1 seconds: the specification
 * lets a reader refuse times in the future.
 */
export function parseTimedSignature(bytes: Uint8Array): TimedSignature | undefined {
  if (bytes.length <= TIME_BYTES) return undefined;
  const time = new DataView(bytes.buffer, bytes.byteOffset, TIME_BYTES).getBigUint64(0);
  if (time > BigInt(Number.MAX_SAFE_INTEGER)) return undefined;
  return { timeSeconds: Number(time), signature: bytes.subarray(TIME_BYTES) };
}

export function formatTimedSignature({ timeSeconds, signature }: TimedSignature): Uint8Array {
  return concatBytes([u64be(timeSeconds), signature]);
}

/** Section "Ed25519 signed message": two lines before the whole body of the note. */
export function ed25519CosignedMessage(body: Uint8Array, timeSeconds: number): Uint8Array {
  return concatBytes([utf8(`cosignature/v1\ntime ${timeSeconds}\n`), body]);
}

/**
 * Section "ML-DSA-44 signed message": a `cosigned_message` for the whole tree of a checkpoint.
 * Undefined for a body that is no checkpoint, or a name of more than 255 bytes.
 */
export function mlDsa44CosignedMessage(
  cosignerName: string,
  body: Uint8Array,
  timeSeconds: number,
): Uint8Array | undefined {
  const checkpoint = checkpointOf(body);
  if (checkpoint === undefined) return undefined;
  const cosigner = opaque(utf8(cosignerName));
  const origin = opaque(utf8(checkpoint.origin));
  if (cosigner === undefined || origin === undefined) return undefined;
  return concatBytes([
    utf8('subtree/v1\n\0'),
    cosigner,
    u64be(timeSeconds),
    origin,
    u64be(0),
    u64be(checkpoint.size),
    checkpoint.root,
  ]);
}

function checkpointOf(body: Uint8Array): Checkpoint | undefined {
  try {
    return parseCheckpoint(textOfUtf8(body) ?? '');
  } catch (error) {
    if (error instanceof Refusal) return undefined;
    throw error;
  }
}

/** `opaque <1..2^8-1>` of RFC 8446 section 3.4. */
function opaque(bytes: Uint8Array): Uint8Array | undefined {
  if (bytes.length < 1 || bytes.length > 255) return undefined;
  return concatBytes([Uint8Array.of(bytes.length), bytes]);
}

function u64be(value: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value));
  return bytes;
}
