import { growingHmacSha256, hmacSha256, sha256 } from '#crypto';
import type { PayloadCommitment } from '@sekisho/contract';
import { hex } from './byte-encodings.ts';
import { Refusal } from './refusal.ts';

export const SALT_BYTES = 32;

/**
 * Commits to a payload under a random 32-byte salt: `HMAC-SHA256(salt, payload)`. Without the salt
 * the commitment says nothing about the payload, however few payloads are likely; erasing salt and
 * payload leaves it unopenable. Throws Refusal `commitment_malformed`.
 */
export function commit(payload: Uint8Array, salt: Uint8Array): PayloadCommitment {
  if (salt.length !== SALT_BYTES) throw new Refusal('commitment_malformed');
  return {
    commitment: `hmac-sha256:${hex(hmacSha256(salt, payload))}`,
    saltDigest: saltDigest(salt),
  };
}

/** {@link commit} to a payload that comes in pieces, so that an answer is never held for it. */
export class GrowingCommitment {
  readonly #hmac: ReturnType<typeof growingHmacSha256>;
  readonly #salt: Uint8Array;

  constructor(salt: Uint8Array) {
    if (salt.length !== SALT_BYTES) throw new Refusal('commitment_malformed');
    this.#hmac = growingHmacSha256(salt);
    this.#salt = salt;
  }

  /** Text counts as its UTF-8 bytes. */
  update(piece: Uint8Array | string): void {
    this.#hmac.update(piece);
  }

  finish(): PayloadCommitment {
    return { commitment: `hmac-sha256:${hex(this.#hmac.digest())}`, saltDigest: saltDigest(this.#salt) };
  }
}

export function saltDigest(salt: Uint8Array): PayloadCommitment['saltDigest'] {
  return `sha256:${hex(sha256(salt))}`;
}

/** Whether this payload under this salt is what was committed to. */
export function openCommitment(
  committed: PayloadCommitment,
  payload: Uint8Array,
  salt: Uint8Array,
): 'opens' | 'wrong_salt' | 'wrong_payload' {
  if (salt.length !== SALT_BYTES || saltDigest(salt) !== committed.saltDigest) return 'wrong_salt';
  return commit(payload, salt).commitment === committed.commitment ? 'opens' : 'wrong_payload';
}
