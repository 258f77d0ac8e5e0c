import { SekishoError, type ApiKeySummary, type CreatedKey, type LedgerEntry } from '@sekisho/contract';
import { timestamp, type Clock } from '../base/clock.ts';
import type { Random } from '../base/random.ts';
import { mintApiKey, type ApiKeyStore, type KeyDirectory } from '../domains/identity/index.ts';
import type { Ledger } from '../domains/ledger/index.ts';
import type { PlatformInForce } from './platform-in-force.ts';

/** Makes and revokes API keys. Each act is in the tenant's ledger before it takes effect. */
export class ManageApiKeys {
  readonly #store: ApiKeyStore;
  readonly #directory: KeyDirectory;
  readonly #ledger: Ledger;
  readonly #platform: PlatformInForce;
  readonly #clock: Clock;
  readonly #random: Random;

  constructor(
    store: ApiKeyStore,
    directory: KeyDirectory,
    ledger: Ledger,
    platform: PlatformInForce,
    clock: Clock,
    random: Random,
  ) {
    this.#store = store;
    this.#directory = directory;
    this.#ledger = ledger;
    this.#platform = platform;
    this.#clock = clock;
    this.#random = random;
  }

  /** The text of the key is in this answer and nowhere else. */
  async create(
    owner: { readonly tenant: string; readonly workspace: string; readonly label: string },
    by: string,
  ): Promise<CreatedKey> {
    const name = `${owner.tenant}/${owner.workspace}`;
    if (!this.#platform.current.workspaces.has(name)) throw new SekishoError('not_found', name);
    const { text, stored } = mintApiKey(this.#random, owner, timestamp(this.#clock));
    await this.#record('key-created', stored.summary, by);
    await this.#store.insert(stored);
    this.#directory.put(stored);
    return { key: stored.summary, secret: text };
  }

  /** Refused from the next request on. Revoking twice keeps the first time. */
  async revoke(keyId: string, by: string): Promise<ApiKeySummary> {
    const known = this.#directory.get(keyId);
    if (known === undefined) throw new SekishoError('not_found', keyId);
    if (known.revokedAt !== undefined) return known;
    await this.#record('key-revoked', known, by);
    const revoked = await this.#store.revoke(keyId, timestamp(this.#clock));
    if (revoked === undefined) throw new SekishoError('not_found', keyId);
    this.#directory.markRevoked(revoked);
    return revoked;
  }

  list(): ApiKeySummary[] {
    return this.#directory.list();
  }

  async #record(kind: 'key-created' | 'key-revoked', key: ApiKeySummary, by: string): Promise<void> {
    const entry: LedgerEntry = {
      version: 1,
      kind,
      time: timestamp(this.#clock),
      principal: by,
      keyId: key.keyId,
      workspace: key.workspace,
    };
    await this.#ledger.append(key.tenant, entry);
  }
}
