import { hash, timingSafeEqual } from 'node:crypto';
import type { ApiKeySummary } from '@sekisho/contract';
import type { Random } from '../../base/random.ts';
import type { StoredApiKey } from './ports.ts';
import { operatorAdmin, type Principal } from './principal.ts';

const KEY_ID_BYTES = 6;
const SECRET_BYTES = 32;

/** No key text is longer, so nothing longer is hashed. */
const KEY_TEXT_LENGTH_MAX = 200;

/** SHA-256 of the whole key text. The secret has 256 random bits, so a slow hash adds nothing. */
function hashApiKey(text: string): Buffer {
  return hash('sha256', text, 'buffer');
}

/** Makes a key: `sk-sekisho-` key id `-` 43 characters of base64url. The text is shown once. */
export function mintApiKey(
  random: Random,
  owner: { readonly tenant: string; readonly workspace: string; readonly label: string },
  createdAt: string,
): { readonly text: string; readonly stored: StoredApiKey } {
  const keyId = random.bytes(KEY_ID_BYTES).toString('hex');
  const text = `sk-sekisho-${keyId}-${random.bytes(SECRET_BYTES).toString('base64url')}`;
  return { text, stored: { summary: { keyId, ...owner, createdAt }, secretSha256: hashApiKey(text) } };
}

/** A new operator key, which only its holder's file keeps. */
export function mintAdminKey(random: Random): string {
  return `sk-sekisho-admin-${random.bytes(SECRET_BYTES).toString('base64url')}`;
}

/**
 * All keys of the cell in memory: authenticating costs one SHA-256 and one map lookup. A lookup by
 * digest tells an attacker nothing about the secrets, whatever its timing.
 */
export class KeyDirectory {
  readonly #byDigest = new Map<string, StoredApiKey>();
  readonly #byId = new Map<string, StoredApiKey>();
  readonly #adminSha256: Buffer;

  constructor(keys: readonly StoredApiKey[], adminKey: string) {
    this.#adminSha256 = hashApiKey(adminKey);
    for (const key of keys) this.put(key);
  }

  put(key: StoredApiKey): void {
    this.#byDigest.set(key.secretSha256.toString('base64'), key);
    this.#byId.set(key.summary.keyId, key);
  }

  /** Takes effect on the next request. */
  markRevoked(summary: ApiKeySummary): void {
    const known = this.#byId.get(summary.keyId);
    if (known !== undefined) this.put({ ...known, summary });
  }

  list(): ApiKeySummary[] {
    return [...this.#byId.values()].map((key) => key.summary);
  }

  get(keyId: string): ApiKeySummary | undefined {
    return this.#byId.get(keyId)?.summary;
  }

  /** The holder of this key text, or undefined when unknown or revoked. */
  authenticate(text: string): Principal | undefined {
    if (text.length > KEY_TEXT_LENGTH_MAX) return undefined;
    const digest = hashApiKey(text);
    if (timingSafeEqual(digest, this.#adminSha256)) return operatorAdmin;
    const key = this.#byDigest.get(digest.toString('base64'))?.summary;
    if (key === undefined || key.revokedAt !== undefined) return undefined;
    return { kind: 'workspace-key', name: `key:${key.keyId}`, tenant: key.tenant, workspace: key.workspace };
  }
}
