import { createHash, createPrivateKey, createPublicKey, hash, sign, verify } from 'node:crypto';
import { ml_dsa44 } from '@noble/post-quantum/ml-dsa.js';

/**
 * The only file of this package that touches a cryptographic library. The rest imports it as
 * `#crypto`, so that another build (a browser) can put its own in place.
 */

/** SHA-256 (FIPS 180-4): 32 bytes. */
export function sha256(data: Uint8Array): Uint8Array {
  // The one-shot form is the fastest in Node: no hash object per call.
  return plainBytes(hash('sha256', data, 'buffer'));
}

const BLOCK_BYTES = 64;
/** Longer data is not copied behind the key for one call. */
const ONE_SHOT_BYTES_MAX = 16 * 1024;

/**
 * HMAC-SHA256 (RFC 2104 section 2): 32 bytes. Composed of one-shot hashes, since Node's own makes
 * two key objects a call, which costs four times the hashing of a kilobyte. Keys of at most 64 bytes.
 */
export function hmacSha256(key: Uint8Array, data: Uint8Array): Uint8Array {
  if (data.length > ONE_SHOT_BYTES_MAX) {
    const growing = growingHmacSha256(key);
    growing.update(data);
    return growing.digest();
  }
  const inner = paddedKey(key, 0x36, data.length);
  inner.set(data, BLOCK_BYTES);
  return outerHash(key, hash('sha256', inner, 'buffer'));
}

/** {@link hmacSha256} of data that comes in pieces. */
export function growingHmacSha256(key: Uint8Array): {
  update(data: Uint8Array | string): void;
  digest(): Uint8Array;
} {
  const inner = createHash('sha256').update(paddedKey(key, 0x36, 0));
  return {
    update: (data) => void inner.update(data),
    digest: () => outerHash(key, inner.digest()),
  };
}

function outerHash(key: Uint8Array, innerHash: Uint8Array): Uint8Array {
  const outer = paddedKey(key, 0x5c, innerHash.length);
  outer.set(innerHash, BLOCK_BYTES);
  return plainBytes(hash('sha256', outer, 'buffer'));
}

/** A block of the pad with the key in it, and room for what follows. */
function paddedKey(key: Uint8Array, pad: number, room: number): Buffer {
  if (key.length > BLOCK_BYTES) throw new RangeError('a key of over 64 bytes');
  const bytes = Buffer.allocUnsafe(BLOCK_BYTES + room).fill(pad, 0, BLOCK_BYTES);
  for (let index = 0; index < key.length; index++) bytes[index] = (key[index] ?? 0) ^ pad;
  return bytes;
}

/** Verifies pure Ed25519 (RFC 8032 section 5.1.7) under one public key of 32 bytes. */
export function ed25519Verifier(
  publicKey: Uint8Array,
): (message: Uint8Array, signature: Uint8Array) => boolean {
  const key = createPublicKey({ key: derOf(ED25519_SPKI_PREFIX, publicKey), format: 'der', type: 'spki' });
  return (message, signature) => verify(null, message, key, signature);
}

/** Signs with pure Ed25519 (RFC 8032 section 5.1.6) under one private seed of 32 bytes. */
export function ed25519Signer(seed: Uint8Array): {
  readonly publicKey: Uint8Array;
  sign(message: Uint8Array): Uint8Array;
} {
  const key = createPrivateKey({ key: derOf(ED25519_PKCS8_PREFIX, seed), format: 'der', type: 'pkcs8' });
  const spki = createPublicKey(key).export({ format: 'der', type: 'spki' });
  return {
    publicKey: new Uint8Array(spki.subarray(ED25519_SPKI_PREFIX.length)),
    sign: (message) => plainBytes(sign(null, message, key)),
  };
}

/** Verifies pure ML-DSA-44 (FIPS 204 algorithm 3) with an empty context, under a public key of 1312 bytes. */
export function mlDsa44Verifier(
  publicKey: Uint8Array,
): (message: Uint8Array, signature: Uint8Array) => boolean {
  return (message, signature) =>
    signature.length === ml_dsa44.lengths.signature && ml_dsa44.verify(signature, message, publicKey);
}

/**
 * Signs with pure ML-DSA-44 (FIPS 204 algorithm 2), an empty context and no randomness, under the
 * key pair of one private seed of 32 bytes.
 */
export function mlDsa44Signer(seed: Uint8Array): {
  readonly publicKey: Uint8Array;
  sign(message: Uint8Array): Uint8Array;
} {
  const { publicKey, secretKey } = ml_dsa44.keygen(seed);
  return { publicKey, sign: (message) => ml_dsa44.sign(message, secretKey, { extraEntropy: false }) };
}

// RFC 8410: the fixed DER headers before the 32 bytes of a public key and of a private seed.
const ED25519_SPKI_PREFIX = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
const ED25519_PKCS8_PREFIX = [
  0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
];

function derOf(prefix: readonly number[], raw: Uint8Array): Buffer {
  if (raw.length !== 32) throw new RangeError('an Ed25519 key is 32 bytes');
  return Buffer.from([...prefix, ...raw]);
}

/** A Buffer's own methods (slice, toString) mean something else than a Uint8Array's: never hand one out. */
function plainBytes(buffer: Buffer): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
}
