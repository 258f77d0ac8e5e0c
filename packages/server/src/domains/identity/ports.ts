import type { ApiKeySummary } from '@sekisho/contract';

/** A key at rest: the secret itself is never stored. */
export interface StoredApiKey {
  readonly summary: ApiKeySummary;
  /** SHA-256 of the whole key text; 32 random bytes need no slow hash. */
  readonly secretSha256: Buffer;
}

export interface ApiKeyStore {
  all(): Promise<readonly StoredApiKey[]>;
  insert(key: StoredApiKey): Promise<void>;
  /** Sets the time of revocation once; undefined when the key does not exist. */
  revoke(keyId: string, revokedAt: string): Promise<ApiKeySummary | undefined>;
}
