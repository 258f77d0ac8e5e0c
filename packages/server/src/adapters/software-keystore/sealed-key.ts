import { createCipheriv, createDecipheriv, scrypt } from 'node:crypto';
import { promisify } from 'node:util';
import { z } from 'zod';

const SEED_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
export const SALT_BYTES = 32;

const base64Bytes = (length: number) =>
  z
    .base64()
    .transform((text) => Buffer.from(text, 'base64'))
    .refine((bytes) => bytes.length === length, `${length} bytes`);

/**
 * How the passphrase becomes the key that seals all others (scrypt, RFC 7914). A stored cost may
 * be raised by us later, but a forged one must not exhaust the machine: at most 1 GiB.
 */
export const KeyDerivation = z.strictObject({
  format: z.literal('sekisho-keystore/v1'),
  kdf: z.literal('scrypt'),
  /** log2 of N. */
  cost: z.int().min(10).max(20),
  salt: base64Bytes(SALT_BYTES),
});
export type KeyDerivation = z.infer<typeof KeyDerivation>;

const BLOCK_SIZE = 8;
const derive = promisify<Buffer, Buffer, number, { N: number; r: number; p: number; maxmem: number }, Buffer>(
  scrypt,
);

export async function sealingKeyOf(passphrase: Buffer, { cost, salt }: KeyDerivation): Promise<Buffer> {
  const N = 2 ** cost;
  return derive(passphrase, salt, 32, { N, r: BLOCK_SIZE, p: 1, maxmem: 256 * N * BLOCK_SIZE });
}

/** An Ed25519 seed under AES-256-GCM (NIST SP 800-38D); the key's name is authenticated with it. */
export const SealedKey = z.strictObject({
  format: z.literal('sekisho-key/v1'),
  name: z.string().min(1).max(200),
  nonce: base64Bytes(NONCE_BYTES),
  /** Ciphertext, then tag. */
  sealed: base64Bytes(SEED_BYTES + TAG_BYTES),
});

/** The text of a key file. */
export function sealKey(name: string, seed: Buffer, sealingKey: Buffer, nonce: Buffer): string {
  const cipher = createCipheriv('aes-256-gcm', sealingKey, nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(authenticated(name));
  const sealed = Buffer.concat([cipher.update(seed), cipher.final(), cipher.getAuthTag()]);
  const file = {
    format: 'sekisho-key/v1',
    name,
    nonce: nonce.toString('base64'),
    sealed: sealed.toString('base64'),
  };
  return `${JSON.stringify(file, null, 2)}\n`;
}

/** The seed; undefined when it was sealed under another passphrase or name, or altered. */
export function openKey(
  name: string,
  { nonce, sealed }: z.infer<typeof SealedKey>,
  sealingKey: Buffer,
): Buffer | undefined {
  const decipher = createDecipheriv('aes-256-gcm', sealingKey, nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(authenticated(name));
  decipher.setAuthTag(sealed.subarray(SEED_BYTES));
  const seed = decipher.update(sealed.subarray(0, SEED_BYTES));
  try {
    return Buffer.concat([seed, decipher.final()]);
  } catch {
    return undefined;
  }
}

/** Two key files cannot be swapped: each opens only under its own name. */
function authenticated(name: string): Buffer {
  return Buffer.from(`sekisho-key/v1\n${name}`, 'utf8');
}
