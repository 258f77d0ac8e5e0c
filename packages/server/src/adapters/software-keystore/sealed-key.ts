import { createCipheriv, createDecipheriv, scrypt } from 'node:crypto';
import { promisify } from 'node:util';
import { VerifierKeyText } from '@sekisho/contract';
import { canonicalJson } from '@sekisho/proof';
import { z } from 'zod';

const SEED_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
export const SALT_BYTES = 32;
export const KEY_NUMBER_MAX = 9999;

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

/** The first form: the only key of its name, which signs from the first tree on. */
const SealedKeyV1 = z.strictObject({
  format: z.literal('sekisho-key/v1'),
  name: z.string().min(1).max(200),
  nonce: base64Bytes(NONCE_BYTES),
  /** Ciphertext, then tag. */
  sealed: base64Bytes(SEED_BYTES + TAG_BYTES),
});

const Size = z.int().min(0).max(Number.MAX_SAFE_INTEGER);
/** `KeyStanding` of the ledger's ports. */
const Standing = z.discriminatedUnion('state', [
  z.strictObject({ state: z.literal('pending'), lookFrom: Size }),
  z.strictObject({ state: z.literal('signing'), fromSize: Size, lookFrom: Size.optional() }),
  z.strictObject({ state: z.literal('retired'), fromSize: Size, toSize: Size }),
  z.strictObject({ state: z.literal('compromised'), fromSize: Size, toSize: Size, trustedToSize: Size }),
]);
type Standing = z.infer<typeof Standing>;

/**
 * One of several keys of a name. Everything else in the file is authenticated with the seed, so that no
 * file passes for another, and no key comes back to life by an edited word. A key that has ended
 * keeps its tag and no seed.
 */
const SealedKeyV2 = z.strictObject({
  format: z.literal('sekisho-key/v2'),
  name: z.string().min(1).max(200),
  /** Order in which the keys of a name were made, from 0. */
  number: z.int().min(0).max(KEY_NUMBER_MAX),
  verifierKey: VerifierKeyText,
  standing: Standing,
  nonce: base64Bytes(NONCE_BYTES),
  sealed: z.union([base64Bytes(SEED_BYTES + TAG_BYTES), base64Bytes(TAG_BYTES)]),
});
export const SealedKey = z.discriminatedUnion('format', [SealedKeyV1, SealedKeyV2]);

/** What a file of the second form says, in clear text. */
export interface KeyFacts {
  readonly name: string;
  readonly number: number;
  readonly verifierKey: string;
  readonly standing: Standing;
}

/** The text of a key file. Without a seed: a key that has ended. */
export function sealKey(facts: KeyFacts, seed: Uint8Array, sealingKey: Buffer, nonce: Buffer): string {
  const cipher = createCipheriv('aes-256-gcm', sealingKey, nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(authenticated(facts));
  const sealed = Buffer.concat([cipher.update(seed), cipher.final(), cipher.getAuthTag()]);
  const { name, number, verifierKey, standing } = facts;
  const file = {
    format: 'sekisho-key/v2',
    name,
    number,
    verifierKey,
    standing,
    nonce: nonce.toString('base64'),
    sealed: sealed.toString('base64'),
  };
  return `${JSON.stringify(file, null, 2)}\n`;
}

/**
 * The seed, empty for a key that has ended; undefined when it was sealed under another passphrase or
 * name, or altered.
 */
export function openKey(
  name: string,
  file: z.infer<typeof SealedKey>,
  sealingKey: Buffer,
): Buffer | undefined {
  const { nonce, sealed } = file;
  const ciphertext = sealed.subarray(0, sealed.length - TAG_BYTES);
  const decipher = createDecipheriv('aes-256-gcm', sealingKey, nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(
    file.format === 'sekisho-key/v1'
      ? Buffer.from(`sekisho-key/v1\n${name}`, 'utf8')
      : authenticated({ ...file, name }),
  );
  decipher.setAuthTag(sealed.subarray(ciphertext.length));
  const seed = decipher.update(ciphertext);
  try {
    return Buffer.concat([seed, decipher.final()]);
  } catch {
    return undefined;
  }
}

function authenticated({ name, number, verifierKey, standing }: KeyFacts): Buffer {
  return Buffer.concat([
    Buffer.from('sekisho-key/v2\n', 'utf8'),
    canonicalJson({ name, number, verifierKey, standing }),
  ]);
}
