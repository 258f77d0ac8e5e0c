import { describeCause, type Log } from '../base/log.ts';
import type { ApiKeyStore, KeyDirectory } from '../domains/identity/index.ts';
import type { ApplyPlatform } from './apply-platform.ts';

/** How long a replica may not know what another did: a revision, a new key, a revoked key. */
const INTERVAL_MS = 500;

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
  readonly #log: Log;
  #known: string | undefined;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #closed = false;
  #failing = false;

  constructor(
    changes: CellChanges,
    applyPlatform: ApplyPlatform,
    store: ApiKeyStore,
    directory: KeyDirectory,
    log: Log,
  ) {
    this.#changes = changes;
    this.#applyPlatform = applyPlatform;
    this.#store = store;
    this.#directory = directory;
    this.#log = log;
  }

  start(): void {
    if (this.#closed) return;
    this.#timer = setTimeout(() => {
      this.#running = this.#try().finally(() => this.start());
    }, INTERVAL_MS);
    this.#timer.unref();
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#running;
  }

  async followNow(): Promise<void> {
    // Before the reading: what changes meanwhile changes the next one.
    const token = await this.#changes.token();
    if (token === this.#known) return;
    for (const key of await this.#store.all()) this.#directory.put(key);
    await this.#applyPlatform.follow();
    this.#known = token;
  }

  async #try(): Promise<void> {
    try {
      await this.followNow();
      this.#failing = false;
    } catch (cause) {
      if (!this.#failing) this.#log.warn('cell.follow.failed', { cause: describeCause(cause) });
      this.#failing = true;
    }
  }
}
