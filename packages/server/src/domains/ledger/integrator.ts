import { SekishoError } from '@sekisho/contract';
import type { Clock } from '../../base/clock.ts';
import type { Fuse } from './fuse.ts';
import type { LogEntry, LogState } from './log-state.ts';

/** Logs whose trees grow at the same time. */
const CONCURRENT_LOGS = 4;

export interface DurableEntry {
  readonly position: number;
  readonly entry: LogEntry;
}

export interface IntegrationPace {
  /** Between the starts of two rounds while entries come in and nobody waits. */
  readonly intervalMs: number;
  /** The same while somebody waits for a checkpoint. */
  readonly intervalMsMin: number;
}

/**
 * Takes durable entries into the trees, in rounds: everything that is durable when a round
 * starts. What a restart finds in the write-ahead log goes through the same door.
 */
export class Integrator {
  readonly #clock: Clock;
  readonly #fuse: Fuse;
  readonly #pace: IntegrationPace;
  readonly #onPublished: (entries: readonly DurableEntry[]) => void;
  #durable: DurableEntry[] = [];
  #waiters = 0;
  #lastStartMs = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;
  #round: Promise<void> | undefined;

  constructor(parts: {
    readonly clock: Clock;
    readonly fuse: Fuse;
    readonly pace: IntegrationPace;
    /** In write-ahead order; all entries of a batch in one call. */
    readonly onPublished: (entries: readonly DurableEntry[]) => void;
  }) {
    this.#clock = parts.clock;
    this.#fuse = parts.fuse;
    this.#pace = parts.pace;
    this.#onPublished = parts.onPublished;
    this.#fuse.whenBlown(() => clearTimeout(this.#timer));
  }

  add(position: number, entries: readonly LogEntry[]): void {
    for (const entry of entries) this.#durable.push({ position, entry });
    this.#schedule();
  }

  /** While `waiting` is pending, rounds follow each other as fast as they may. */
  async hurryFor(waiting: Promise<void>): Promise<void> {
    this.#waiters++;
    this.#schedule();
    try {
      await waiting;
    } finally {
      this.#waiters--;
    }
  }

  /** Resolves when every entry added so far is published; rejects when the fuse blows. */
  async drain(): Promise<void> {
    while (this.#durable.length > 0 || this.#round !== undefined) {
      if (this.#fuse.blown !== undefined) throw this.#fuse.blown;
      await (this.#round ?? this.#startRound());
    }
    if (this.#fuse.blown !== undefined) throw this.#fuse.blown;
  }

  /** Resolves when no round is under way. */
  async idle(): Promise<void> {
    await this.#round;
  }

  #schedule(): void {
    clearTimeout(this.#timer);
    if (this.#round !== undefined || this.#durable.length === 0 || this.#fuse.blown !== undefined) return;
    const intervalMs = this.#waiters > 0 ? this.#pace.intervalMsMin : this.#pace.intervalMs;
    const delayMs = this.#lastStartMs + intervalMs - this.#clock.monotonicMs();
    this.#timer = setTimeout(() => void this.#startRound(), Math.max(0, delayMs));
  }

  #startRound(): Promise<void> {
    clearTimeout(this.#timer);
    this.#round ??= this.#integrate().finally(() => {
      this.#round = undefined;
      this.#schedule();
    });
    return this.#round;
  }

  /** Never rejects: a failure blows the fuse. */
  async #integrate(): Promise<void> {
    this.#lastStartMs = this.#clock.monotonicMs();
    const round = this.#durable;
    this.#durable = [];
    try {
      const logs = [...Map.groupBy(round, ({ entry }) => entry.log)];
      const next = logs.values();
      const grow = async (): Promise<void> => {
        for (const [log, durable] of next) await growLog(log, durable);
      };
      // All of them settle before the round does: nothing writes on behind a blown fuse.
      const growths = await Promise.allSettled(Array.from({ length: CONCURRENT_LOGS }, grow));
      for (const growth of growths) if (growth.status === 'rejected') throw growth.reason;
      this.#onPublished(round);
    } catch (cause) {
      this.#fuse.blow(cause);
    }
  }
}

async function growLog(log: LogState, durable: readonly DurableEntry[]): Promise<void> {
  // After a restart the write-ahead log may still hold entries that the tree already has.
  const fresh = durable.map(({ entry }) => entry).filter((entry) => entry.index >= log.tree.size);
  if (fresh.length > 0) {
    if (fresh[0]?.index !== log.tree.size) {
      throw new SekishoError('ledger_corrupt', `${log.name}: a gap after entry ${log.tree.size - 1}`);
    }
    await log.tree.grow(fresh);
  }
  log.published.reach(log.tree.size);
}
