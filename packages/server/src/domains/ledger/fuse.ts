import { SekishoError } from '@sekisho/contract';

/**
 * Blows once and stays blown. After a failed write nobody knows what the disk holds, so the
 * process that saw the failure must not write again: a restart reads what is there.
 */
export class Fuse {
  #error: SekishoError | undefined;
  readonly #onBlown: ((error: SekishoError) => void)[] = [];

  /** Why everything is refused; undefined while the ledger works. */
  get blown(): SekishoError | undefined {
    return this.#error;
  }

  whenBlown(react: (error: SekishoError) => void): void {
    this.#onBlown.push(react);
  }

  blow(cause: unknown): void {
    if (this.#error !== undefined) return;
    this.#error = new SekishoError('ledger_unavailable', '', { cause });
    for (const react of this.#onBlown) react(this.#error);
  }
}
