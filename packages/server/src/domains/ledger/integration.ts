import { describeCause } from '../../base/log.ts';
import type { Fuse } from './fuse.ts';
import { IntegratorService } from './integrator-service.ts';
import type { ServiceParts } from './integrator-service.ts';
import type { LogEntry } from './log-state.ts';
import type { IntegratorTerm } from './shared-ports.ts';

/** Asks again and again to be the cell's integrator, and serves each term that this replica gets. */
export class Integration {
  readonly #parts: ServiceParts & { readonly fuse: Fuse };
  #service: IntegratorService | undefined;
  #running: Promise<void> | undefined;
  #closing = false;
  #wake: (() => void) | undefined;

  constructor(parts: ServiceParts & { readonly fuse: Fuse }) {
    this.#parts = parts;
    parts.fuse.whenBlown((error) => {
      this.#service?.end(error);
      this.#wake?.();
    });
  }

  /** True while this replica is the integrator, as far as it knows. */
  get serving(): boolean {
    return this.#service !== undefined;
  }

  start(): void {
    this.#running = this.#run();
  }

  /** Takes in what is durable, if it is this replica's turn, and asks for no further term. */
  async close(): Promise<void> {
    this.#closing = true;
    this.#service?.close();
    this.#wake?.();
    await this.#running;
  }

  /** A run that this replica has made durable. */
  offer(run: readonly LogEntry[]): void {
    this.#service?.offer(run);
  }

  /** This replica has appended entries. */
  nudge(): void {
    this.#service?.nudge();
  }

  /** While `waiting` is pending this replica integrates as fast as it may, if it does. */
  hurryFor(waiting: Promise<void>): Promise<void> {
    return this.#service?.hurryFor(waiting) ?? waiting;
  }

  async #run(): Promise<void> {
    while (!this.#closing && this.#parts.fuse.blown === undefined) {
      try {
        const loss: { cause?: unknown } = {};
        const term = await this.#parts.sequence.campaign((cause) => {
          loss.cause = cause;
          this.#service?.end(cause);
        });
        if (term !== undefined) await this.#serve(term, loss);
      } catch (cause) {
        this.#parts.log.warn('ledger.term.failed', { cause: describeCause(cause) });
      }
      if (!this.#closing) await this.#pause();
    }
  }

  async #serve(term: IntegratorTerm, loss: { readonly cause?: unknown }): Promise<void> {
    const { logs, log } = this.#parts;
    const service = new IntegratorService(this.#parts);
    this.#service = service;
    log.info('ledger.term.begun', { term: term.term });
    try {
      if (this.#closing) service.close();
      if ('cause' in loss) service.end(loss.cause);
      // What earlier terms published: no other can publish any more.
      await logs.lookNow();
      await service.run();
    } finally {
      this.#service = undefined;
      await term.resign();
    }
  }

  async #pause(): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, this.#parts.rhythm.campaignMs);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wake = undefined;
  }
}
