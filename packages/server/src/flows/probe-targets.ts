import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { ModelServerDirectory, TargetPool } from '../domains/inference/index.ts';
import type { PlatformInForce } from './platform-in-force.ts';

/** Between two rounds of probes. */
export const PROBE_INTERVAL_MS = 500;

/**
 * Asks targets that are down whether they are back, so that no client's request has to find out. Others are
 * never asked: an endpoint that no decision has allowed sees not even a probe.
 */
export class ProbeTargets {
  readonly #pool: TargetPool;
  readonly #servers: ModelServerDirectory;
  readonly #platform: PlatformInForce;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #results = new Map<string, { up: number; down: number }>();

  constructor(
    pool: TargetPool,
    servers: ModelServerDirectory,
    platform: PlatformInForce,
    clock: Clock,
    log: Log,
  ) {
    this.#pool = pool;
    this.#servers = servers;
    this.#platform = platform;
    this.#clock = clock;
    this.#log = log;
  }

  /** Probes since the start, by endpoint. */
  get results(): ReadonlyMap<string, { readonly up: number; readonly down: number }> {
    return this.#results;
  }

  #count(endpoint: string, isUp: boolean): void {
    const result = this.#results.get(endpoint) ?? { up: 0, down: 0 };
    if (isUp) result.up++;
    else result.down++;
    this.#results.set(endpoint, result);
  }

  async probeNow(): Promise<void> {
    const endpoints = this.#platform.optional?.endpoints;
    if (endpoints === undefined) return;
    this.#pool.keepOnly(new Set(endpoints.keys()));
    for (const endpoint of this.#results.keys()) if (!endpoints.has(endpoint)) this.#results.delete(endpoint);
    await Promise.all(
      this.#pool.down().map(async (id) => {
        const endpoint = endpoints.get(id);
        const server = endpoint && this.#servers.get(endpoint);
        if (server === undefined) return;
        const isUp = await server.probe();
        this.#count(id, isUp);
        if (!isUp) return;
        this.#pool.probed(id, true, this.#clock.monotonicMs());
        this.#log.info('target_back', { endpoint: id });
      }),
    );
  }
}
