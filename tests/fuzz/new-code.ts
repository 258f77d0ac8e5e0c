import { Session } from 'node:inspector/promises';

/**
 * Tells whether a part of our code ran that had not run before, by V8's block coverage. Asking takes
 * milliseconds, so it is asked about twenty inputs at once: the last of them stands for all.
 */
export class NewCode {
  readonly #session = new Session();
  readonly #ran = new Set<string>();
  #since = 0;

  static async watch(): Promise<NewCode> {
    const code = new NewCode();
    code.#session.connect();
    await code.#session.post('Profiler.enable');
    await code.#session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
    return code;
  }

  /** Whether the inputs since the last question ran new code; false when it is too early to ask. */
  async ran(): Promise<boolean> {
    if (++this.#since < ASKED_EVERY) return false;
    this.#since = 0;
    const { result } = await this.#session.post('Profiler.takePreciseCoverage');
    let isNew = false;
    for (const script of result) {
      if (!/\/packages\/[a-z]+\/src\//.test(script.url)) continue;
      for (const { ranges } of script.functions) {
        for (const range of ranges) {
          const key = `${script.scriptId} ${range.startOffset} ${range.endOffset}`;
          if (range.count === 0 || this.#ran.has(key)) continue;
          this.#ran.add(key);
          isNew = true;
        }
      }
    }
    return isNew;
  }

  async end(): Promise<void> {
    await this.#session.post('Profiler.stopPreciseCoverage');
    this.#session.disconnect();
  }
}

const ASKED_EVERY = 20;
