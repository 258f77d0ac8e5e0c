import type { Backlog } from './backlog.ts';
import type { LogName } from './ledger.ts';

interface HeldRun {
  readonly end: number;
  /** Of each entry, as the backlog has counted it. */
  readonly bytes: readonly number[];
}

/**
 * What this replica has put into the sequence and no sink has accepted yet: it counts against the
 * replica's own limit. Others may have appended between its runs; a run counts until it is settled to
 * its end.
 */
export class OwnBacklog {
  readonly #backlog: Backlog;
  /** By log, in the order in which they became durable, which is nearly that of their indexes. */
  readonly #held = new Map<LogName, HeldRun[]>();

  constructor(backlog: Backlog) {
    this.#backlog = backlog;
  }

  /** A run that ends before `end`, of entries that the backlog has counted when they were queued. */
  sequenced(log: LogName, end: number, bytes: readonly number[]): void {
    const held = this.#held.get(log);
    if (held === undefined) this.#held.set(log, [{ end, bytes }]);
    else held.push({ end, bytes });
  }

  settledTo(log: LogName, size: number): void {
    const held = this.#held.get(log);
    if (held === undefined) return;
    const left: HeldRun[] = [];
    for (const run of held) {
      if (run.end > size) left.push(run);
      else for (const bytes of run.bytes) this.#backlog.remove(bytes);
    }
    if (left.length === 0) this.#held.delete(log);
    else this.#held.set(log, left);
  }
}
