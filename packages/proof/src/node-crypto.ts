import { createHmac, createPrivateKey, createPublicKey, hash, sign, verify } from 'node:crypto';

/**
 * The only file of this package that touches a cryptographic library. The rest imports it as
 * `#crypto`, so that another build (a browser) can put its own in place.
 */

/** SHA-256 (FIPS 180-4): 32 bytes. */
export function sha256(data: Uint8Array): Uint8Array {
  // The one-shot form is the fastest in Node: no hash object per call.
  return plainBytes(hash('sha256', data, 'buffer'));
}

/** HMAC-SHA256 (RFC 2104): 32 bytes. */
export function hmacSha256(key: Uint8Array, data: Uint8Array): Uint8Array {
  return plainBytes(createHmac('sha256', key).update(data).digest());
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
