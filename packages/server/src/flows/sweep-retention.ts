import type { Clock } from '../base/clock.ts';
import { describeCause, type Log } from '../base/log.ts';
import { endedRetention } from '../domains/payloads/index.ts';
import type { EraseCrossings } from './erase-crossings.ts';
import type { FinishErasures } from './finish-erasures.ts';
import type { PlatformInForce } from './platform-in-force.ts';

const HOUR_MS = 60 * 60 * 1000;

/** Erases what has outlived its days, at the start and every hour, and tries again what is pending. */
export class SweepRetention {
  readonly #platform: PlatformInForce;
  readonly #erase: EraseCrossings;
  readonly #finish: FinishErasures;
  readonly #clock: Clock;
  readonly #log: Log;
  #timer: NodeJS.Timeout | undefined;
  #sweeping: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(
    platform: PlatformInForce,
    erase: EraseCrossings,
    finish: FinishErasures,
    clock: Clock,
    log: Log,
  ) {
    this.#platform = platform;
    this.#erase = erase;
    this.#finish = finish;
    this.#clock = clock;
    this.#log = log;
  }

  start(): void {
    if (this.#closed) return;
    this.#sweeping = this.#sweepAndRest();
  }

  /** Ends behind the erasure that is under way. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#sweeping;
  }

  /** @returns how many crossings were erased */
  async sweep(): Promise<number> {
    const platform = this.#platform.optional?.stored.platform;
    let erased = 0;
    for (const ended of platform === undefined ? [] : endedRetention(platform, this.#clock.nowMs())) {
      if (this.#closed) break;
      erased += await this.#erase.eraseEnded(ended);
    }
    await this.#finish.run();
    return erased;
  }

  async #sweepAndRest(): Promise<void> {
    try {
      const erased = await this.sweep();
      if (erased > 0) this.#log.info('retention.swept', { erased });
    } catch (cause) {
      this.#log.error('retention.sweep-failed', { cause: describeCause(cause) });
    }
    if (!this.#closed) this.#timer = setTimeout(() => this.start(), HOUR_MS).unref();
  }
}
