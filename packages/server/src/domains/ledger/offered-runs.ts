import type { LogName } from './ledger.ts';
import { entryBytes } from './log-state.ts';
import type { LogEntry } from './log-state.ts';

/**
 * Runs that this replica has just made durable, for its own integrator: what it has in memory need
 * not be read back and hashed again. A matter of speed alone: whatever is not here is read.
 */
export class OfferedRuns {
  readonly #bytesMax: number;
  /** By log, then by first index. */
  readonly #runs = new Map<LogName, Map<number, readonly LogEntry[]>>();
  #bytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  offer(run: readonly LogEntry[]): void {
    const [first] = run;
    if (first === undefined || this.#bytes > this.#bytesMax) return;
    const { name } = first.log;
    const runs = this.#runs.get(name) ?? new Map<number, readonly LogEntry[]>();
    this.#runs.set(name, runs.set(first.index, run));
    this.#bytes += bytesOf(run);
  }

  /** Entries that follow each other from this index on; forgets those before it. */
  take(log: LogName, from: number): LogEntry[] {
    const runs = this.#runs.get(log);
    if (runs === undefined) return [];
    const taken: LogEntry[] = [];
    for (let run = runs.get(from); run !== undefined; run = runs.get(from + taken.length)) taken.push(...run);
    for (const [first, run] of runs) {
      if (first >= from + taken.length) continue;
      runs.delete(first);
      this.#bytes -= bytesOf(run);
    }
    if (runs.size === 0) this.#runs.delete(log);
    return taken;
  }
}

function bytesOf(run: readonly LogEntry[]): number {
  return run.reduce((bytes, entry) => bytes + entryBytes(entry), 0);
}
