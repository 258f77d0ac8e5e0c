/** What travels beside an intent, outside the tree: it opens the commitments, and can be erased. */
export interface IntentAttachment {
  readonly requestSalt: Buffer;
  /** Where payloads of the crossing may be kept: the key that seals them. */
  readonly payloadKey?: Buffer;
}

/** Beside an outcome. `kept` says how many bytes of which payload are kept. */
export interface OutcomeAttachment {
  readonly requestSalt: Buffer;
  readonly answerSalt?: Buffer;
  readonly kept?: { readonly request?: number; readonly answer?: number };
}

const SECRET_BYTES = 32;
const KEPT_BYTES = 17;
const KEPT_MARK = 0x4b;

/** `32 bytes request salt`, and after it `32 bytes payload key` where there is one. */
export function encodeIntentAttachment({ requestSalt, payloadKey }: IntentAttachment): Buffer {
  return payloadKey === undefined ? requestSalt : Buffer.concat([requestSalt, payloadKey]);
}

/** Throws for bytes that {@link encodeIntentAttachment} does not write. */
export function decodeIntentAttachment(bytes: Uint8Array): IntentAttachment {
  const secrets = Buffer.from(bytes);
  if (secrets.length !== SECRET_BYTES && secrets.length !== 2 * SECRET_BYTES) throw malformed(bytes);
  return {
    requestSalt: secrets.subarray(0, SECRET_BYTES),
    ...(secrets.length === SECRET_BYTES ? {} : { payloadKey: secrets.subarray(SECRET_BYTES) }),
  };
}

/**
 * `32 bytes request salt`, `32 bytes answer salt` where there was an answer, and where payloads are
 * kept `"K" ‖ u64 bytes of the request ‖ u64 bytes of the answer`, big-endian, each one more than
 * the length and 0 for a payload that is not kept.
 */
export function encodeOutcomeAttachment({ requestSalt, answerSalt, kept }: OutcomeAttachment): Buffer {
  const salts = answerSalt === undefined ? [requestSalt] : [requestSalt, answerSalt];
  if (kept === undefined) return Buffer.concat(salts);
  const mark = Buffer.alloc(KEPT_BYTES);
  mark.writeUInt8(KEPT_MARK, 0);
  mark.writeBigUInt64BE(kept.request === undefined ? 0n : BigInt(kept.request) + 1n, 1);
  mark.writeBigUInt64BE(kept.answer === undefined ? 0n : BigInt(kept.answer) + 1n, 9);
  return Buffer.concat([...salts, mark]);
}

/** Throws for bytes that {@link encodeOutcomeAttachment} does not write. */
export function decodeOutcomeAttachment(bytes: Uint8Array): OutcomeAttachment {
  const all = Buffer.from(bytes);
  const markAt = all.length % SECRET_BYTES === KEPT_BYTES ? all.length - KEPT_BYTES : all.length;
  const mark = all.subarray(markAt);
  if (markAt !== SECRET_BYTES && markAt !== 2 * SECRET_BYTES) throw malformed(bytes);
  if (mark.length > 0 && mark[0] !== KEPT_MARK) throw malformed(bytes);
  return {
    requestSalt: all.subarray(0, SECRET_BYTES),
    ...(markAt === SECRET_BYTES ? {} : { answerSalt: all.subarray(SECRET_BYTES, markAt) }),
    ...(mark.length === 0 ? {} : { kept: keptOf(mark) }),
  };
}

function keptOf(mark: Buffer): NonNullable<OutcomeAttachment['kept']> {
  const lengthAt = (at: number): number | undefined => {
    const value = mark.readBigUInt64BE(at);
    return value === 0n ? undefined : Number(value - 1n);
  };
  const request = lengthAt(1);
  const answer = lengthAt(9);
  return {
    ...(request === undefined ? {} : { request }),
    ...(answer === undefined ? {} : { answer }),
  };
}

function malformed(bytes: Uint8Array): Error {
  return new Error(`an attachment of ${bytes.length} bytes is none of a crossing`);
}
