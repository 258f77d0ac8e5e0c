import type { ApiKeyStore, KeyDirectory } from '../domains/identity/index.ts';
import type { ApplyPlatform } from './apply-platform.ts';

/** How long a replica may not know what another did: a revision, a new key, a revoked key. */
export const FOLLOW_INTERVAL_MS = 500;

/** Says whether anything changed that every replica holds in memory. */
export interface CellChanges {
  /** Another text whenever a revision was stored, or a key made or revoked. */
  token(): Promise<string>;
}

/** Takes up what other replicas of the cell have applied, made and revoked. */
export class FollowCell {
  readonly #changes: CellChanges;
  readonly #applyPlatform: ApplyPlatform;
  readonly #store: ApiKeyStore;
  readonly #directory: KeyDirectory;
  #known: string | undefined;

  constructor(
    changes: CellChanges,
    applyPlatform: ApplyPlatform,
    store: ApiKeyStore,
    directory: KeyDirectory,
  ) {
    this.#changes = changes;
    this.#applyPlatform = applyPlatform;
    this.#store = store;
    this.#directory = directory;
  }

  async followNow(): Promise<void> {
    // Before the reading: what changes meanwhile changes the next one.
    const token = await this.#changes.token();
    if (token === this.#known) return;
    for (const key of await this.#store.all()) this.#directory.put(key);
    await this.#applyPlatform.follow();
    this.#known = token;
  }
}
