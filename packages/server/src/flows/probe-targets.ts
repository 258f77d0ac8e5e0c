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

  async probeNow(): Promise<void> {
    const endpoints = this.#platform.optional?.endpoints;
    if (endpoints === undefined) return;
    this.#pool.keepOnly(new Set(endpoints.keys()));
    await Promise.all(
      this.#pool.down().map(async (id) => {
        const endpoint = endpoints.get(id);
        const server = endpoint && this.#servers.get(endpoint);
        if (server === undefined || !(await server.probe())) return;
        this.#pool.probed(id, true, this.#clock.monotonicMs());
        this.#log.info('target_back', { endpoint: id });
      }),
    );
  }
}
