import { SekishoError } from '@sekisho/contract';
import type { LedgerEntry } from '@sekisho/contract';
import { isKeyName, leafHash } from '@sekisho/proof';
import { timestamp } from '../../base/clock.ts';
import { describeCause } from '../../base/log.ts';
import { BatchQueue } from './batch-queue.ts';
import { attachmentOf, entryBytesOf } from './entry-bytes.ts';
import { Fuse } from './fuse.ts';
import { Integration } from './integration.ts';
import type { AppendedEntry, LedgerLoad, LogName, ReplicaLedger } from './ledger.ts';
import { defaultPace, defaultRetry, defaultRhythm } from './ledger-parts.ts';
import type { SharedLedgerParts } from './ledger-parts.ts';
import { LogKeys } from './log-keys.ts';
import type { LogState } from './log-state.ts';
import { LogTree } from './log-tree.ts';
import { OwnBacklog } from './own-backlog.ts';
import type { TileStore } from './ports.ts';
import { ReplicaLogs } from './replica-logs.ts';
import { encodeRun } from './run-payload.ts';
import type { SharedSequence } from './shared-ports.ts';
import { copiedSize, refusePutBack, sharedTileStore } from './shared-tile-store.ts';
import { SequencingLedger } from './sequencing-ledger.ts';

/** How long a new log may take to its first checkpoint: also over a change of the integrator. */
const OPEN_LOG_MS_MAX = 60_000;

/** An entry that waits for its index. */
interface Unplaced {
  readonly log: LogState;
  readonly bytes: Uint8Array;
  readonly value: LedgerEntry;
  readonly leafHash: Uint8Array;
  readonly attachment: Uint8Array | undefined;
  /** Given when it is durable. */
  index: number | undefined;
}

/**
 * Opens the ledger of a cell as one of its replicas. All of them append, one integrates. It resolves
 * when every published log is open. Rejects with SekishoError `ledger_corrupt` when a stored log is
 * not what its keys have signed, and `keystore_unusable` when a log's key cannot be opened.
 *
 * The road of an entry, live and after a crash alike:
 *   queue -> sequence (durable, with its index: acknowledged) -> tiles -> checkpoint -> sink -> released
 * Each arrow but the first is the integrator's; whichever process becomes it takes up what is there.
 */
export async function openSharedLedger(parts: SharedLedgerParts): Promise<ReplicaLedger> {
  if (!isKeyName(`${parts.cellName}/ledger`)) throw new SekishoError('invalid_request', 'cellName');
  const fuse = new Fuse();
  const early: { ledger?: SharedLedger } = {};
  const sequence = await parts.join({
    changed: (logs) => early.ledger?.look(logs),
    ended: (cause) => fuse.blow(cause),
  });
  const ledger = new SharedLedger(parts, sequence, fuse);
  early.ledger = ledger;
  try {
    await ledger.start();
  } catch (cause) {
    await ledger.abandon(cause);
    throw cause instanceof SekishoError ? cause : new SekishoError('ledger_unavailable', '', { cause });
  }
  return ledger;
}

class SharedLedger extends SequencingLedger implements ReplicaLedger {
  readonly #parts: SharedLedgerParts;
  readonly #sequence: SharedSequence;
  readonly #store: TileStore;
  readonly #own: OwnBacklog;
  readonly #queue: BatchQueue<Unplaced>;
  readonly #logs: ReplicaLogs;
  readonly #integration: Integration;
  #lookTimer: NodeJS.Timeout | undefined;

  constructor(parts: SharedLedgerParts, sequence: SharedSequence, fuse: Fuse) {
    super(parts, fuse);
    const { clock, sink, log, pace = defaultPace, retry = defaultRetry } = parts;
    const rhythm = parts.rhythm ?? defaultRhythm;
    this.#parts = parts;
    this.#sequence = sequence;
    this.#store = sharedTileStore(parts.tiles, sequence.checkpoints);
    this.#own = new OwnBacklog(this.backlog);
    this.#queue = new BatchQueue({
      fuse,
      limit: this.queueLimit,
      concurrency: sequence.concurrency,
      bytesOf,
      commit: (entries) => this.#commit(entries),
    });
    this.#logs = new ReplicaLogs({
      sequence,
      openTree: (name, create) => this.#openTree(name, create),
      fuse,
      log,
      onSettled: ({ name, settledSize }) => this.#own.settledTo(name, settledSize),
    });
    const logs = this.#logs;
    this.#integration = new Integration({ sequence, logs, sink, clock, log, pace, retry, rhythm, fuse });
    fuse.whenBlown((error) => this.#logs.refuseWaiters(error));
  }

  get replica(): number {
    return this.#sequence.replica;
  }

  get integrates(): boolean {
    return this.#integration.serving;
  }

  async start(): Promise<void> {
    await this.#logs.lookNow();
    this.fuse.whenBlown((error) => {
      this.#parts.log.error('ledger.failed', { cause: describeCause(error.cause) });
      this.#leave();
    });
    const { lookMs } = this.#parts.rhythm ?? defaultRhythm;
    this.#lookTimer = setInterval(() => this.look(undefined), lookMs);
    this.#integration.start();
  }

  /** What it carries it can no longer close: that is for the others now. Its callers know the error. */
  #leave(): void {
    this.close().catch(() => undefined);
  }

  /** After a failed start, which its caller tells. */
  async abandon(cause: unknown): Promise<void> {
    this.fuse.blow(cause);
    await this.#sequence.close();
  }

  look(names: readonly LogName[] | undefined): void {
    if (!this.isClosed) this.#logs.look(names);
  }

  async append(name: LogName, value: LedgerEntry, attachment?: Uint8Array): Promise<AppendedEntry> {
    // No await before the entry is queued: the bytes are taken while the caller still holds still.
    const log = this.logState(name);
    this.requireOpen();
    const bytes = entryBytesOf(value);
    const entry: Unplaced = {
      log,
      bytes,
      value,
      leafHash: leafHash(bytes),
      attachment: attachmentOf(attachment),
      index: undefined,
    };
    this.takeRoom(value, bytesOf(entry));
    await this.#queue.enqueue(entry);
    if (entry.index === undefined) throw new SekishoError('internal_error', 'a durable entry has no index');
    return { index: entry.index, leafHash: entry.leafHash };
  }

  async settled(name: LogName, index: number): Promise<void> {
    const log = this.logState(name);
    if (!Number.isSafeInteger(index) || index < 0) throw new SekishoError('not_found', `${name}/${index}`);
    // Another replica may have appended it.
    if (index >= log.durableSize && index >= (await this.#nextIndex(name))) {
      throw new SekishoError('not_found', `${name}/${index}`);
    }
    if (index < log.settledSize) return;
    this.requireOpen();
    await this.#integration.hurryFor(log.settled.wait(index));
  }

  async settledNow(name: LogName): Promise<void> {
    if (this.#logs.get(name) === undefined) return;
    const nextIndex = await this.#nextIndex(name);
    if (nextIndex > 0) await this.settled(name, nextIndex - 1);
  }

  protected find(name: LogName): LogState | undefined {
    return this.#logs.get(name);
  }

  protected hurryFor(waiting: Promise<void>): Promise<void> {
    return this.#integration.hurryFor(waiting);
  }

  protected durableEntries(): LedgerLoad['appended'] {
    return this.#queue.durable;
  }

  logs(): readonly LogName[] {
    return this.#logs.names();
  }

  protected async shutDown(): Promise<void> {
    clearInterval(this.#lookTimer);
    await this.#queue.idle();
    await this.#integration.close();
    await this.#logs.idle();
    this.#logs.refuseWaiters(new SekishoError('ledger_unavailable'));
    await this.#sequence.close();
    if (this.fuse.blown !== undefined) throw this.fuse.blown;
  }

  protected async createLog(name: LogName): Promise<void> {
    this.requireOpen();
    const origin = this.keyName(name);
    const genesis: LedgerEntry = {
      version: 1,
      kind: 'genesis',
      time: timestamp(this.#parts.clock),
      origin,
    };
    const payload = encodeRun([{ bytes: entryBytesOf(genesis), attachment: undefined }]);
    try {
      await this.#sequence.createLog({ log: name, entries: 1, payload });
    } catch (cause) {
      throw new SekishoError('ledger_unavailable', '', { cause });
    }
    this.#integration.nudge();
    // Its key and first checkpoint come from the integrator.
    const { clock } = this.#parts;
    const latestMs = clock.monotonicMs() + OPEN_LOG_MS_MAX;
    while (this.#logs.get(name) === undefined) {
      this.requireOpen();
      if (clock.monotonicMs() > latestMs) throw new SekishoError('ledger_unavailable', name);
      await this.#logs.changed();
    }
  }

  async #commit(entries: readonly Unplaced[]): Promise<void> {
    const byLog = [...Map.groupBy(entries, ({ log }) => log)];
    const firsts = await this.#sequence.append(
      byLog.map(([log, own]) => ({ log: log.name, entries: own.length, payload: encodeRun(own) })),
    );
    for (const [at, [log, own]] of byLog.entries()) {
      const first = firsts[at];
      if (first === undefined) throw new SekishoError('internal_error', 'a run without a place');
      const { replica } = this;
      for (const [offset, entry] of own.entries()) entry.index = first + offset;
      this.#own.sequenced(log.name, first + own.length, own.map(bytesOf));
      log.durableSize = Math.max(log.durableSize, first + own.length);
      this.#integration.offer(own.map((entry, offset) => ({ ...entry, index: first + offset, replica })));
    }
    this.#integration.nudge();
  }

  async #nextIndex(name: LogName): Promise<number> {
    this.requireOpen();
    const [standing] = await this.#sequence.standings([name]).catch((cause: unknown) => {
      throw new SekishoError('ledger_unavailable', '', { cause });
    });
    return standing?.nextIndex ?? 0;
  }

  async #openTree(log: LogName, create: boolean): Promise<LogTree> {
    const name = this.keyName(log);
    const { keys: store, tiles } = this.#parts;
    const keys = create ? await LogKeys.openOrCreate(store, name) : await LogKeys.open(store, name);
    if (keys === undefined) throw new SekishoError('ledger_corrupt', `${log}: its signing key is missing`);
    // Before the checkpoint that decides: a copy is never ahead of it.
    const copied = await copiedSize(tiles, log, keys);
    const cache = this.cache;
    const tree = await LogTree.open({ log, keys, store: this.#store, cache });
    refusePutBack(log, tree.size, copied);
    return tree;
  }
}

function bytesOf({ bytes, attachment }: Unplaced): number {
  return bytes.length + (attachment?.length ?? 0);
}
