import type { LogName } from './ledger.ts';
import type { Checkpoints } from './ports.ts';

/** Entries of one log that follow each other. */
export interface NewRun {
  readonly log: LogName;
  /** How many, at least 1. */
  readonly entries: number;
  /** As `encodeRun` writes them. */
  readonly payload: Uint8Array;
}

export interface SequencedRun extends NewRun {
  /** Index of the first of them. */
  readonly firstIndex: number;
  /** Number of the replica that took them from its callers. */
  readonly replica: number;
}

/** How far a log has come in the whole cell, as counts of entries: `settledSize <= size <= nextIndex`. */
export interface LogStanding {
  readonly log: LogName;
  /** Entries that have an index. They are durable. */
  readonly nextIndex: number;
  /** Entries under the newest published checkpoint. */
  readonly size: number;
  /** Entries that the sink has accepted. */
  readonly settledSize: number;
}

export interface ReplicaListener {
  /** Logs have come further; undefined: nobody knows which. Told late, twice, or, over a lost connection, not at all. */
  changed(logs: readonly LogName[] | undefined): void;
  /** The cell goes on without this replica: nothing that it appends is taken any more. */
  ended(cause: unknown): void;
}

/** Held by at most one replica at a time, as far as anybody can tell from outside its process. */
export interface IntegratorTerm {
  /** Higher than every term before. */
  readonly term: number;
  /** Lets another replica have it. Idempotent; never rejects. */
  resign(): Promise<void>;
}

/**
 * Puts the entries of all logs of a cell in order, for any number of replicas. One object is one
 * replica in one life of its process.
 *
 * - What `append` resolved for is durable and keeps its index for ever, whichever replica dies.
 * - The runs of a log are contiguous: no index is left out and none given twice.
 * - A replica that its cell has ended never appends again, also not by a call that was under way.
 */
export interface SharedSequence {
  /** Never given twice in a cell. */
  readonly replica: number;
  /** Appends that may be under way at once. */
  readonly concurrency: number;
  /**
   * Appends runs of different logs, all or none, and resolves with their first indexes when they are
   * durable. Where a connection breaks it finds out by itself what became of them. After a rejection
   * nobody knows whether they are stored: the caller appends no more.
   */
  append(runs: readonly NewRun[]): Promise<readonly number[]>;
  /** Opens a log with this run of one entry at index 0, if it does not exist yet. Idempotent. */
  createLog(genesis: NewRun): Promise<void>;
  /** `unsettled`: of logs that have entries which no sink has accepted yet. */
  standings(which: 'all' | 'unsettled' | readonly LogName[]): Promise<readonly LogStanding[]>;
  /**
   * Runs of a log from the one that holds `from`, oldest first: as many as fit `bytesMax`, but at
   * least one if there is one. What is settled may be gone.
   */
  readRuns(log: LogName, from: number, bytesMax: number): Promise<readonly SequencedRun[]>;
  /** The sink has accepted this many entries of each log: tells every replica, and lets go of their runs. */
  settle(sizes: ReadonlyMap<LogName, number>): Promise<void>;
  /**
   * The term of the one integrator; undefined while another replica has it. `lost` is called when
   * it may have passed to another. From then on {@link checkpoints} publishes nothing until the next.
   * A replica that has a term, and does not know it because the answer was lost, gets the next one.
   */
  campaign(lost: (cause: unknown) => void): Promise<IntegratorTerm | undefined>;
  /**
   * `publishCheckpoint` works in a term of this replica and only while no higher term was given;
   * else it rejects with SekishoError `ledger_corrupt`, as it does when another checkpoint is stored.
   */
  readonly checkpoints: Checkpoints;
  /** Leaves the cell: its term, if it has it, and its place among the replicas. */
  close(): Promise<void>;
}
