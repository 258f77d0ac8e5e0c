import { SekishoError } from '@sekisho/contract';
import { equalBytes, leafHash } from '@sekisho/proof';
import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import { Delivery } from './delivery.ts';
import type { RetryPace } from './delivery.ts';
import { Fuse } from './fuse.ts';
import { Integrator } from './integrator.ts';
import type { DurableEntry, IntegrationPace } from './integrator.ts';
import type { LogName } from './ledger.ts';
import type { SharedRhythm } from './ledger-parts.ts';
import { entryBytes } from './log-state.ts';
import type { LogEntry, LogState } from './log-state.ts';
import { OfferedRuns } from './offered-runs.ts';
import type { LedgerSink } from './ports.ts';
import type { ReplicaLogs } from './replica-logs.ts';
import { decodeRun } from './run-payload.ts';
import type { SequencedRun, SharedSequence } from './shared-ports.ts';

/** Between two looks while entries come in. */
const GATHER_MS = 5;
const READ_BYTES_MAX = 8 * 1024 * 1024;
/** Read and not yet accepted by the sink. What is above waits in the sequence. */
const HELD_BYTES_MAX = 64 * 1024 * 1024;

export interface ServiceParts {
  readonly sequence: SharedSequence;
  readonly logs: ReplicaLogs;
  readonly sink: LedgerSink;
  readonly clock: Clock;
  readonly log: Log;
  readonly pace: IntegrationPace;
  readonly retry: RetryPace;
  readonly rhythm: SharedRhythm;
}

/**
 * The integrator's work in one term: takes sequenced entries into the trees, hands them to the sink
 * and lets go of them. It begins with what earlier terms left: entries without a tree, and entries
 * that no sink has. Everything it writes follows from the sequence, so a term that ends anywhere is
 * taken up by the next, in whichever process.
 *
 * A failure ends the term, not the replica: the next term reads what is there.
 */
export class IntegratorService {
  readonly #parts: ServiceParts;
  /** Blows when the term is over. */
  readonly #fuse = new Fuse();
  readonly #delivery: Delivery;
  readonly #integrator: Integrator;
  readonly #offered = new OfferedRuns(HELD_BYTES_MAX);
  readonly #readTo = new Map<LogName, number>();
  #heldBytes = 0;
  #position = 0;
  #closing = false;
  #nudged = false;
  #wake: (() => void) | undefined;

  constructor(parts: ServiceParts) {
    this.#parts = parts;
    const { clock, sink, log, pace, retry } = parts;
    const fuse = this.#fuse;
    const onAccepted = this.#settle.bind(this);
    this.#delivery = new Delivery({ sink, fuse, onAccepted, retry, log });
    this.#integrator = new Integrator({
      clock,
      fuse,
      pace,
      onPublished: (entries) => {
        for (const state of new Set(entries.map(({ entry }) => entry.log))) parts.logs.grown(state);
        this.#delivery.add(entries);
      },
    });
    fuse.whenBlown(() => this.#wake?.());
  }

  /** Works until the term is over or {@link close} was called. Rejects with why the term failed. */
  async run(): Promise<void> {
    try {
      while (this.#fuse.blown === undefined) {
        const found = await this.#readNew();
        if (this.#closing && !found) break;
        // What comes in a moment is taken together.
        if (found) await new Promise((resolve) => setTimeout(resolve, GATHER_MS));
        else await this.#pause();
      }
      if (this.#fuse.blown === undefined) await this.#integrator.drain();
    } catch (cause) {
      this.#fuse.blow(cause);
    }
    // Nothing writes on behind the end of the term.
    await this.#integrator.idle();
    await this.#delivery.close();
    if (this.#fuse.blown !== undefined) throw this.#fuse.blown.cause;
  }

  /** Takes in what is durable now, and then ends. */
  close(): void {
    this.#closing = true;
    this.nudge();
  }

  /** Ends at once. */
  end(cause: unknown): void {
    this.#fuse.blow(cause);
  }

  /** A run that this replica has made durable. */
  offer(run: readonly LogEntry[]): void {
    this.#offered.offer(run);
  }

  /** There are new entries. */
  nudge(): void {
    this.#nudged = true;
    this.#wake?.();
  }

  hurryFor(waiting: Promise<void>): Promise<void> {
    this.nudge();
    return this.#integrator.hurryFor(waiting);
  }

  /** False when there is nothing that it has not read, or no room for it. */
  async #readNew(): Promise<boolean> {
    const { sequence, logs } = this.#parts;
    let found = false;
    for (const { log: name, nextIndex, settledSize } of await sequence.standings('unsettled')) {
      const from = this.#readTo.get(name) ?? settledSize;
      if (from >= nextIndex) continue;
      if (this.#heldBytes >= HELD_BYTES_MAX || this.#fuse.blown !== undefined) return false;
      const log = await logs.forGrowing(name);
      // What a crash of an earlier term left undone.
      if (!this.#readTo.has(name) && log.tree.size > 0) await log.tree.removeLeftovers();
      const offered = this.#offered.take(name, from);
      const entries = offered.length > 0 ? offered : await this.#readRuns(log, from);
      const next = from + entries.length;
      await requireSame(log, entries);
      log.durableSize = Math.max(log.durableSize, next);
      for (const entry of entries) this.#heldBytes += entryBytes(entry);
      this.#readTo.set(name, next);
      this.#integrator.add(this.#position++, entries);
      found ||= entries.length > 0;
    }
    return found;
  }

  async #readRuns(log: LogState, from: number): Promise<LogEntry[]> {
    const entries: LogEntry[] = [];
    for (const run of await this.#parts.sequence.readRuns(log.name, from, READ_BYTES_MAX)) {
      entries.push(...entriesOf(log, run, from + entries.length));
    }
    return entries;
  }

  async #settle(accepted: readonly DurableEntry[]): Promise<void> {
    const { sequence, logs } = this.#parts;
    const sizes = new Map<LogName, number>();
    for (const { entry } of accepted) {
      this.#heldBytes -= entryBytes(entry);
      sizes.set(entry.log.name, entry.index + 1);
    }
    for (const log of new Set(accepted.map(({ entry }) => entry.log))) {
      logs.settledTo(log, sizes.get(log.name) ?? 0);
    }
    await sequence.settle(sizes);
  }

  async #pause(): Promise<void> {
    if (this.#nudged) {
      this.#nudged = false;
      return;
    }
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, this.#parts.rhythm.readMs);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wake = undefined;
    this.#nudged = false;
  }
}

/** The entries of a run from index `from` on, which must follow what was read before. */
function entriesOf(log: LogState, run: SequencedRun, from: number): LogEntry[] {
  if (run.firstIndex > from) throw new SekishoError('ledger_corrupt', `${log.name}: no entry ${from}`);
  return decodeRun(run.payload, run.entries)
    .map(({ bytes, attachment }, at) => ({
      log,
      index: run.firstIndex + at,
      bytes,
      value: undefined,
      leafHash: leafHash(bytes),
      attachment,
      replica: run.replica,
    }))
    .slice(from - run.firstIndex);
}

/** What an earlier term took into the tree is what the sequence holds. */
async function requireSame(log: LogState, entries: readonly LogEntry[]): Promise<void> {
  const { size } = log.tree;
  if ((entries[0]?.index ?? size) >= size) return;
  const readHash = log.tree.readHash();
  for (const entry of entries) {
    if (entry.index >= size) return;
    if (!equalBytes(await readHash(0, entry.index), entry.leafHash)) {
      throw new SekishoError('ledger_corrupt', `${log.name}: entry ${entry.index} differs`);
    }
  }
}
