import { describeCause, type Log } from './log.ts';

/**
 * Runs one piece of work again and again, each time a while after it has ended, so that it never runs
 * beside itself. A failure is told once, not each time, until it works again. It keeps no process alive.
 */
export class RepeatingTask {
  readonly #intervalMs: number;
  readonly #work: () => Promise<void>;
  readonly #onFailure: { readonly log: Log; readonly event: string };
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #isClosed = false;
  #isFailing = false;

  constructor(
    intervalMs: number,
    work: () => Promise<void>,
    onFailure: { readonly log: Log; readonly event: string },
  ) {
    this.#intervalMs = intervalMs;
    this.#work = work;
    this.#onFailure = onFailure;
  }

  start(): void {
    if (this.#isClosed) return;
    this.#timer = setTimeout(() => {
      this.#running = this.#run().finally(() => this.start());
    }, this.#intervalMs);
    this.#timer.unref();
  }

  /** Waits for the work that is under way. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    await this.#running;
  }

  async #run(): Promise<void> {
    try {
      await this.#work();
      this.#isFailing = false;
    } catch (cause) {
      const { log, event } = this.#onFailure;
      if (!this.#isFailing) log.warn(event, { cause: describeCause(cause) });
      this.#isFailing = true;
    }
  }
}
