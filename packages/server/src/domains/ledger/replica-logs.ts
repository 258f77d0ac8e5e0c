import { SekishoError } from '@sekisho/contract';
import type { Log } from '../../base/log.ts';
import { describeCause } from '../../base/log.ts';
import type { Fuse } from './fuse.ts';
import type { LogName } from './ledger.ts';
import { logState } from './log-state.ts';
import type { LogState } from './log-state.ts';
import type { LogTree } from './log-tree.ts';
import type { LogStanding, SharedSequence } from './shared-ports.ts';

/** Logs that are read from the storage at the same time. */
const CONCURRENT_LOGS = 4;

interface Known {
  readonly size: number;
  readonly durableSize: number;
}

/**
 * The logs of the cell as one replica knows them: it follows what the integrator publishes, which may
 * be another process. What it once saw holds it: a log that is shorter or other than before (a
 * storage that was put back, a second history) blows the fuse of this replica.
 */
export class ReplicaLogs {
  readonly #sequence: SharedSequence;
  readonly #openTree: (log: LogName, create: boolean) => Promise<LogTree>;
  readonly #fuse: Fuse;
  readonly #log: Log;
  readonly #onSettled: (log: LogState) => void;
  readonly #states = new Map<LogName, LogState>();
  readonly #opening = new Map<LogName, Promise<LogState>>();
  #due: Set<LogName> | 'all' | undefined;
  #running: Promise<void> | undefined;
  #failing = false;
  #afterChange = Promise.withResolvers<void>();

  constructor(parts: {
    readonly sequence: SharedSequence;
    /** `create`: with a new key, where the log has none. */
    readonly openTree: (log: LogName, create: boolean) => Promise<LogTree>;
    readonly fuse: Fuse;
    readonly log: Log;
    readonly onSettled: (log: LogState) => void;
  }) {
    this.#sequence = parts.sequence;
    this.#openTree = parts.openTree;
    this.#fuse = parts.fuse;
    this.#log = parts.log;
    this.#onSettled = parts.onSettled;
  }

  /** A log whose genesis entry is published. */
  get(name: LogName): LogState | undefined {
    const log = this.#states.get(name);
    return log === undefined || log.tree.size === 0 ? undefined : log;
  }

  names(): readonly LogName[] {
    return [...this.#states.values()]
      .filter(({ tree }) => tree.size > 0)
      .map(({ name }) => name)
      .sort();
  }

  /** Resolves when any log has come further or another is published, and after each look. */
  changed(): Promise<void> {
    return this.#afterChange.promise;
  }

  /** For whoever integrates: the state of a log that may have no checkpoint yet. */
  async forGrowing(name: LogName): Promise<LogState> {
    return this.#states.get(name) ?? this.#open(name, true);
  }

  /** Looks at these logs, or at all of them, soon. Looks that are asked for meanwhile are one look. */
  look(names: readonly LogName[] | undefined): void {
    if (names === undefined) this.#due = 'all';
    else if (this.#due !== 'all') this.#due = new Set([...(this.#due ?? []), ...names]);
    this.#running ??= this.#run();
  }

  /** Rejects with what a look met; `ledger_corrupt` also blows the fuse. */
  async lookNow(): Promise<void> {
    await this.idle();
    await this.#pass(undefined).catch((cause: unknown) => {
      this.#failed(cause);
      throw cause;
    });
  }

  async idle(): Promise<void> {
    await this.#running;
  }

  /** The tree of this log has grown in this process. */
  grown(log: LogState): void {
    log.published.reach(log.tree.size);
    this.#tellChange();
  }

  settledTo(log: LogState, size: number): void {
    if (size > log.settledSize) log.settledSize = size;
    log.settled.reach(log.settledSize);
    this.#onSettled(log);
  }

  /** Everyone who waits learns that nothing more comes. */
  refuseWaiters(error: Error): void {
    for (const log of this.#states.values()) {
      log.published.refuse(error);
      log.settled.refuse(error);
    }
    this.#tellChange();
  }

  async #run(): Promise<void> {
    while (this.#due !== undefined && this.#fuse.blown === undefined) {
      const due = this.#due === 'all' ? undefined : [...this.#due];
      this.#due = undefined;
      try {
        await this.#pass(due);
        this.#failing = false;
      } catch (cause) {
        this.#failed(cause);
      }
    }
    this.#running = undefined;
  }

  #failed(cause: unknown): void {
    if (cause instanceof SekishoError && cause.code === 'ledger_corrupt') this.#fuse.blow(cause);
    // Once: the storage is away, and the next look says more.
    else if (!this.#failing) this.#log.warn('ledger.follow.failed', { cause: describeCause(cause) });
    this.#failing = true;
  }

  async #pass(names: readonly LogName[] | undefined): Promise<void> {
    // Before the question, because this process may publish while it is answered.
    const known = new Map<LogName, Known>(
      [...this.#states].map(([name, { tree, durableSize }]) => [name, { size: tree.size, durableSize }]),
    );
    const standings = await this.#sequence.standings(names ?? 'all');
    if (names === undefined) requireAll(known, standings);
    const next = standings.values();
    const work = async (): Promise<void> => {
      for (const standing of next) await this.#takeUp(standing, known.get(standing.log));
    };
    const done = await Promise.allSettled(Array.from({ length: CONCURRENT_LOGS }, work));
    this.#tellChange();
    for (const end of done) if (end.status === 'rejected') throw end.reason;
  }

  async #takeUp(standing: LogStanding, known: Known | undefined): Promise<void> {
    const { log: name, nextIndex, size, settledSize } = standing;
    if (known !== undefined && (size < known.size || nextIndex < known.durableSize)) {
      throw new SekishoError('ledger_corrupt', `${name}: it shrank to ${size} of ${nextIndex} entries`);
    }
    if (size === 0) return;
    const log = this.#states.get(name) ?? (await this.#open(name, false));
    if (log.tree.size < size) await log.tree.refresh();
    log.durableSize = Math.max(log.durableSize, nextIndex, log.tree.size);
    log.published.reach(log.tree.size);
    this.settledTo(log, settledSize);
    this.#tellChange();
  }

  /** Whoever asks first opens it: there is one tree of a log in a process. */
  #open(name: LogName, create: boolean): Promise<LogState> {
    let opening = this.#opening.get(name);
    if (opening === undefined) {
      opening = this.#openTree(name, create)
        .then((tree) => {
          // Nothing is known of its settling yet.
          const log = { ...logState(tree), settledSize: 0 };
          this.#states.set(name, log);
          return log;
        })
        .finally(() => this.#opening.delete(name));
      this.#opening.set(name, opening);
    }
    return opening;
  }

  #tellChange(): void {
    this.#afterChange.resolve();
    this.#afterChange = Promise.withResolvers<void>();
  }
}

function requireAll(known: ReadonlyMap<LogName, Known>, standings: readonly LogStanding[]): void {
  const named = new Set(standings.map(({ log }) => log));
  for (const [name, { size }] of known) {
    if (size > 0 && !named.has(name)) throw new SekishoError('ledger_corrupt', `${name}: it is gone`);
  }
}
