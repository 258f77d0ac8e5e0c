import { SekishoError } from '@sekisho/contract';

/** Counts what is held, and refuses what would be too much. */
export class Backlog {
  readonly #entriesMax: number;
  readonly #bytesMax: number;
  #entries = 0;
  #bytes = 0;

  constructor(limit: { readonly entriesMax: number; readonly bytesMax: number }) {
    this.#entriesMax = limit.entriesMax;
    this.#bytesMax = limit.bytesMax;
  }

  get held(): { readonly entries: number; readonly bytes: number } {
    return { entries: this.#entries, bytes: this.#bytes };
  }

  /** Throws SekishoError `ledger_unavailable` when one more entry of this length has no room. */
  requireRoom(bytes: number): void {
    if (this.#entries + 1 > this.#entriesMax || this.#bytes + bytes > this.#bytesMax) {
      throw new SekishoError('ledger_unavailable');
    }
  }

  add(bytes: number): void {
    this.#entries++;
    this.#bytes += bytes;
  }

  remove(bytes: number): void {
    this.#entries--;
    this.#bytes -= bytes;
  }
}
