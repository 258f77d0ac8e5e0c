import { createCipheriv, createDecipheriv } from 'node:crypto';
import type { PayloadName } from '../../domains/payloads/index.ts';

/**
 * A sealed payload: `"SKP1"`, then chunks `u32 length of the sealed bytes ‖ ciphertext ‖ tag`, big-endian,
 * AES-256-GCM (NIST SP 800-38D). Nonce: `u8 kind ‖ u8 last ‖ u16 0 ‖ u64 number of the chunk`, which never
 * repeats under a key, because a key serves one crossing, and a crossing is written once. That the nonce
 * names the last chunk is the STREAM construction (Hoang, Reyhanitabar, Rogaway, Vizár 2015): chunks cannot be
 * dropped, swapped or cut off. The name of the payload is authenticated with each.
 */
export const MAGIC = Buffer.from('SKP1', 'latin1');
export const CHUNK_BYTES = 64 * 1024;
export const LENGTH_BYTES = 4;
const TAG_BYTES = 16;
export const SEALED_BYTES_MAX = CHUNK_BYTES + TAG_BYTES;

const kindNumber = { request: 1, answer: 2 } as const;

export function sealChunk(
  name: PayloadName,
  key: Uint8Array,
  number: number,
  isLast: boolean,
  plain: Uint8Array,
): Buffer {
  const cipher = createCipheriv('aes-256-gcm', key, nonceOf(name, number, isLast), {
    authTagLength: TAG_BYTES,
  });
  cipher.setAAD(authenticated(name));
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUInt32BE(plain.length + TAG_BYTES);
  return Buffer.concat([length, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

/** Throws for another key, name or number, and for altered bytes. `sealed` is without its length. */
export function openChunk(
  name: PayloadName,
  key: Uint8Array,
  number: number,
  isLast: boolean,
  sealed: Buffer,
): Buffer {
  const decipher = createDecipheriv('aes-256-gcm', key, nonceOf(name, number, isLast), {
    authTagLength: TAG_BYTES,
  });
  decipher.setAAD(authenticated(name));
  decipher.setAuthTag(sealed.subarray(sealed.length - TAG_BYTES));
  const plain = decipher.update(sealed.subarray(0, sealed.length - TAG_BYTES));
  return Buffer.concat([plain, decipher.final()]);
}

function nonceOf({ kind }: PayloadName, number: number, isLast: boolean): Buffer {
  const nonce = Buffer.alloc(12);
  nonce.writeUInt8(kindNumber[kind], 0);
  nonce.writeUInt8(isLast ? 1 : 0, 1);
  nonce.writeBigUInt64BE(BigInt(number), 4);
  return nonce;
}

function authenticated({ tenant, crossing, kind }: PayloadName): Buffer {
  return Buffer.from(`sekisho-payload/v1\n${tenant}\n${crossing}\n${kind}`, 'utf8');
}
