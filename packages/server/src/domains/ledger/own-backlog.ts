import type { Backlog } from './backlog.ts';
import type { LogName } from './ledger.ts';

/**
 * What this replica has put into the sequence and no sink has accepted yet: it counts against the
 * replica's own limit. Others may have appended between, so each entry is held under its index.
 */
export class OwnBacklog {
  readonly #backlog: Backlog;
  /** By log: index, then bytes, in the order in which they became durable. */
  readonly #held = new Map<LogName, { readonly index: number; readonly bytes: number }[]>();

  constructor(backlog: Backlog) {
    this.#backlog = backlog;
  }

  /** Of an entry that the backlog has counted when it was queued. */
  sequenced(log: LogName, index: number, bytes: number): void {
    const held = this.#held.get(log);
    if (held === undefined) this.#held.set(log, [{ index, bytes }]);
    else held.push({ index, bytes });
  }

  settledTo(log: LogName, size: number): void {
    const held = this.#held.get(log);
    if (held === undefined) return;
    const left = held.filter(({ index }) => index >= size);
    if (left.length === held.length) return;
    for (const { index, bytes } of held) if (index < size) this.#backlog.remove(bytes);
    if (left.length === 0) this.#held.delete(log);
    else this.#held.set(log, left);
  }
}
