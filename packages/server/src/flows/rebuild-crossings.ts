import { setTimeout } from 'node:timers/promises';
import type { CrossingRebuild } from '@sekisho/contract';
import { timestamp, type Clock } from '../base/clock.ts';
import { describeCause, type Log } from '../base/log.ts';
import type { CrossingGeneration, CrossingGenerations, LedgerLine } from '../domains/crossings/index.ts';
import type { Ledger } from '../domains/ledger/index.ts';

/** Entries parsed in one go, on the thread that also serves: a few milliseconds. */
const CHUNK_ENTRIES = 256;
/** As many entries may be left for the swap to catch up, during which the ledger's sink waits. */
const LEFT_FOR_SWAP_MAX = 1000;
const SWAPS_MAX = 30;
const RETRY_FIRST_MS = 1000;
const RETRY_LAST_MS = 5 * 60 * 1000;

type Progress = CrossingRebuild['rebuild'];

/**
 * Builds the projection of crossings anew from the ledger, beside the live one, while the cell
 * serves. One at a time.
 *
 *   read every log from entry 0 -> make indexes -> catch up -> take over, while the sink waits
 *
 * A crash before the take-over leaves the live projection, and a half one that the next build
 * throws away.
 */
export class RebuildCrossings {
  readonly #ledger: Pick<Ledger, 'readEntries'>;
  readonly #generations: CrossingGenerations;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #stopping = new AbortController();
  #progress: Progress = { state: 'none' };
  #running: Promise<void> | undefined;
  #healing: Promise<void> | undefined;

  constructor(ledger: Pick<Ledger, 'readEntries'>, generations: CrossingGenerations, clock: Clock, log: Log) {
    this.#ledger = ledger;
    this.#generations = generations;
    this.#clock = clock;
    this.#log = log;
    generations.whenLost(() => void this.untilComplete().catch(() => undefined));
  }

  async status(): Promise<CrossingRebuild> {
    return { complete: await this.#generations.isComplete(), rebuild: this.#progress };
  }

  /** Begins unless one is under way, and says how it stands. */
  async start(): Promise<CrossingRebuild> {
    void this.#build();
    return this.status();
  }

  /** Resolves when the projection holds all of the ledger: rebuilds it until it does. Rejects when closed before. */
  untilComplete(): Promise<void> {
    this.#healing ??= this.#heal().finally(() => {
      this.#healing = undefined;
    });
    return this.#healing;
  }

  /** Gives up what is under way. The live projection stays. */
  async close(): Promise<void> {
    this.#stopping.abort();
    await Promise.allSettled([this.#running, this.#healing]);
  }

  async #heal(): Promise<void> {
    for (let retryMs = RETRY_FIRST_MS; ; retryMs = Math.min(2 * retryMs, RETRY_LAST_MS)) {
      if (await this.#isComplete()) return;
      await this.#build();
      if (await this.#isComplete()) return;
      await setTimeout(retryMs, undefined, { signal: this.#stopping.signal, ref: false });
    }
  }

  /** A database that does not answer may answer later. */
  async #isComplete(): Promise<boolean> {
    this.#stopping.signal.throwIfAborted();
    return this.#generations.isComplete().catch(() => false);
  }

  /** Never rejects: how it ended stands in the progress and in the log. */
  #build(): Promise<void> {
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  async #run(): Promise<void> {
    const startedAt = timestamp(this.#clock);
    const work = new Build(this.#ledger, this.#stopping.signal, (phase, entriesRead, entriesTotal) => {
      this.#progress = { state: 'running', phase, startedAt, entriesRead, entriesTotal };
    });
    work.report('reading');
    try {
      const built = await this.#generations.build((generation) => work.run(generation));
      if (!built) throw new Error('another process of this cell is rebuilding it');
      const finishedAt = timestamp(this.#clock);
      this.#progress = { state: 'finished', startedAt, finishedAt, entriesRead: work.entriesRead };
      this.#log.info('crossings.rebuilt', { entries: work.entriesRead });
    } catch (cause) {
      this.#progress = { state: 'failed', startedAt, finishedAt: timestamp(this.#clock) };
      if (!this.#stopping.signal.aborted)
        this.#log.error('crossings.rebuild-failed', { cause: describeCause(cause) });
    }
  }
}

type Phase = Extract<Progress, { state: 'running' }>['phase'];

/** One build: how far each log was read into the new generation. */
class Build {
  readonly #ledger: Pick<Ledger, 'readEntries'>;
  readonly #signal: AbortSignal;
  readonly #onProgress: (phase: Phase, entriesRead: number, entriesTotal: number) => void;
  #read = new Map<string, number>();
  #entriesTotal = 0;
  #phase: Phase = 'reading';

  constructor(
    ledger: Pick<Ledger, 'readEntries'>,
    signal: AbortSignal,
    onProgress: (phase: Phase, entriesRead: number, entriesTotal: number) => void,
  ) {
    this.#ledger = ledger;
    this.#signal = signal;
    this.#onProgress = onProgress;
  }

  get entriesRead(): number {
    return sum(this.#read);
  }

  report(phase: Phase): void {
    this.#phase = phase;
    this.#onProgress(phase, this.entriesRead, this.#entriesTotal);
  }

  async run(generation: CrossingGeneration): Promise<void> {
    const add: CrossingGeneration['add'] = (entries) => generation.add(entries);
    await this.#catchUp(await generation.liveCursors(), add);
    this.report('indexing');
    await generation.makeIndexes();
    for (let swap = 0; swap < SWAPS_MAX; swap++) {
      let added: number;
      do added = await this.#catchUp(await generation.liveCursors(), add);
      while (added > LEFT_FOR_SWAP_MAX);
      this.report('taking-over');
      const readBefore = new Map(this.#read);
      if (await generation.takeOver(async (to, addInside) => void (await this.#catchUp(to, addInside))))
        return;
      // What was added inside went back with the transaction.
      this.#read = readBefore;
    }
    throw new Error('somebody kept reading the live projection: it was never free to be replaced');
  }

  /** Adds what is missing up to these indexes. Returns how many entries that were. */
  async #catchUp(to: ReadonlyMap<string, number>, add: CrossingGeneration['add']): Promise<number> {
    const before = this.entriesRead;
    this.#entriesTotal = sum(to);
    for (const [log, end] of to) {
      const from = this.#read.get(log) ?? 0;
      if (from >= end) continue;
      for await (const chunk of inChunks(this.#ledger.readEntries(log, from, end))) {
        this.#signal.throwIfAborted();
        await add(chunk);
        this.#read.set(log, (chunk.at(-1)?.index ?? 0) + 1);
        this.report(this.#phase);
      }
    }
    return this.entriesRead - before;
  }
}

async function* inChunks(entries: AsyncIterable<LedgerLine>): AsyncIterable<readonly LedgerLine[]> {
  let chunk: LedgerLine[] = [];
  for await (const entry of entries) {
    chunk.push(entry);
    if (chunk.length < CHUNK_ENTRIES) continue;
    yield chunk;
    chunk = [];
  }
  if (chunk.length > 0) yield chunk;
}

function sum(counts: ReadonlyMap<string, number>): number {
  let total = 0;
  for (const count of counts.values()) total += count;
  return total;
}
