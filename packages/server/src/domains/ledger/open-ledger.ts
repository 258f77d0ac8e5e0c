import { SekishoError } from '@sekisho/contract';
import type { LedgerEntry } from '@sekisho/contract';
import { isKeyName, leafHash } from '@sekisho/proof';
import { timestamp } from '../../base/clock.ts';
import { describeCause } from '../../base/log.ts';
import { BatchQueue } from './batch-queue.ts';
import { Delivery } from './delivery.ts';
import { attachmentOf, entryBytesOf } from './entry-bytes.ts';
import { Fuse } from './fuse.ts';
import { Integrator } from './integrator.ts';
import type { DurableEntry } from './integrator.ts';
import type { AppendedEntry, Ledger, LedgerLoad, LogName } from './ledger.ts';
import { defaultPace, defaultRetry } from './ledger-parts.ts';
import type { LedgerParts } from './ledger-parts.ts';
import { entryBytes, logState } from './log-state.ts';
import type { LogEntry, LogState } from './log-state.ts';
import { LogKeys } from './log-keys.ts';
import { LogTree } from './log-tree.ts';
import { replayWal } from './replay.ts';
import { SequencingLedger } from './sequencing-ledger.ts';
import { encodeBatch } from './wal-batch.ts';

/**
 * Opens the ledger of a cell. It resolves when everything that was ever durable is in a published
 * tree again and on its way to the sink. Rejects with SekishoError `ledger_corrupt` when stored
 * bytes are not what a crash can leave, with nothing changed, and `keystore_unusable` when a
 * log's key cannot be opened.
 *
 * The road of an entry, live and after a restart alike:
 *   queue -> write-ahead log (durable: acknowledged) -> tiles -> checkpoint -> sink -> released
 * A crash at any step leaves the entry in the write-ahead log, from where it takes the rest again.
 */
export async function openLedger(parts: LedgerParts): Promise<Ledger> {
  // Found out now, and not when the first checkpoint is signed.
  if (!isKeyName(`${parts.cellName}/ledger`)) throw new SekishoError('invalid_request', 'cellName');
  const ledger = new EmbeddedLedger(parts);
  try {
    await ledger.recover();
  } catch (cause) {
    await ledger.abandon(cause);
    throw cause instanceof SekishoError ? cause : new SekishoError('ledger_unavailable', '', { cause });
  }
  return ledger;
}

class EmbeddedLedger extends SequencingLedger {
  readonly #parts: LedgerParts;
  readonly #delivery: Delivery;
  readonly #integrator: Integrator;
  readonly #queue: BatchQueue<LogEntry>;
  readonly #logs = new Map<LogName, LogState>();
  /** Logs whose genesis entry is on its way. */
  readonly #creating = new Set<LogState>();

  constructor(parts: LedgerParts) {
    super(parts, new Fuse());
    const { clock, sink, log, pace = defaultPace, retry = defaultRetry } = parts;
    const { fuse } = this;
    this.#parts = parts;
    const onAccepted = this.#release.bind(this);
    const delivery = new Delivery({ sink, fuse, onAccepted, retry, log });
    const onPublished = delivery.add.bind(delivery);
    this.#delivery = delivery;
    this.#integrator = new Integrator({ clock, fuse, pace, onPublished });
    this.#queue = new BatchQueue({
      fuse,
      limit: this.queueLimit,
      // The disk takes one write at a time.
      concurrency: 1,
      bytesOf: entryBytes,
      commit: (entries) => this.#commit(entries),
    });
    fuse.whenBlown((error) => this.#refuseWaiters(error));
  }

  async recover(): Promise<void> {
    const { wal, tiles } = this.#parts;
    for (const name of await tiles.logs()) this.#logs.set(name, logState(await this.#openTree(name)));
    const openLog = async (name: LogName): Promise<LogState> => {
      const state = this.#logs.get(name) ?? logState(await this.#openTree(name));
      this.#logs.set(name, state);
      return state;
    };
    const batches = await replayWal(wal, openLog);
    // Nothing was changed so far: a damaged ledger is refused as it is.
    for (const { tree } of this.#logs.values()) await tree.removeLeftovers();
    await wal.takeOver();
    for (const { position, entries } of batches) {
      for (const entry of entries) this.backlog.add(entryBytes(entry));
      this.#integrator.add(position, entries);
    }
    try {
      await this.#integrator.drain();
    } catch (error) {
      // The caller of `openLedger` reads why, not only that the ledger is unavailable.
      if (error instanceof SekishoError && error.cause instanceof SekishoError) throw error.cause;
      throw error;
    }
    this.fuse.whenBlown((error) =>
      this.#parts.log.error('ledger.failed', { cause: describeCause(error.cause) }),
    );
  }

  /** After a failed recovery, which its caller tells: no timer fires and no file stays open. */
  async abandon(cause: unknown): Promise<void> {
    this.fuse.blow(cause);
    await this.#parts.wal.close();
  }

  async append(name: LogName, entry: LedgerEntry, attachment?: Uint8Array): Promise<AppendedEntry> {
    // No await before the entry is queued: the bytes are taken while the caller still holds still.
    return this.#enqueue(this.logState(name), entry, attachment);
  }

  async settled(name: LogName, index: number): Promise<void> {
    const log = this.logState(name);
    if (!Number.isSafeInteger(index) || index < 0 || index >= log.nextIndex) {
      throw new SekishoError('not_found', `${name}/${index}`);
    }
    if (index < log.settledSize) return;
    this.requireOpen();
    await this.#integrator.hurryFor(log.settled.wait(index));
  }

  async settledNow(name: LogName): Promise<void> {
    const log = this.#logs.get(name);
    if (log !== undefined && log.durableSize > 0) await this.settled(name, log.durableSize - 1);
  }

  protected find(name: LogName): LogState | undefined {
    return this.#logs.get(name);
  }

  protected hurryFor(waiting: Promise<void>): Promise<void> {
    return this.#integrator.hurryFor(waiting);
  }

  protected durableEntries(): LedgerLoad['appended'] {
    return this.#queue.durable;
  }

  logs(): readonly LogName[] {
    return [...this.#logs.keys()].sort();
  }

  protected async shutDown(): Promise<void> {
    await this.#queue.idle();
    try {
      await this.#integrator.drain();
    } finally {
      await this.#delivery.close();
      this.#refuseWaiters(new SekishoError('ledger_unavailable'));
      await this.#parts.wal.close();
    }
  }

  protected async createLog(name: LogName): Promise<void> {
    this.requireOpen();
    const { clock, keys } = this.#parts;
    // Crash order: the key is durable before the genesis entry. A key without a log does no harm.
    const logKeys = await LogKeys.openOrCreate(keys, this.keyName(name));
    const log = logState(LogTree.empty(this.#treeParts(name, logKeys)));
    const origin = logKeys.name;
    const genesis: LedgerEntry = { version: 1, kind: 'genesis', time: timestamp(clock), origin };
    this.#creating.add(log);
    try {
      await this.#enqueue(log, genesis, undefined);
      if (this.fuse.blown !== undefined) throw this.fuse.blown;
      if (log.tree.size === 0) await this.#integrator.hurryFor(log.published.wait(0));
      this.#logs.set(name, log);
    } finally {
      this.#creating.delete(log);
    }
  }

  async #enqueue(
    log: LogState,
    value: LedgerEntry,
    attachment: Uint8Array | undefined,
  ): Promise<AppendedEntry> {
    this.requireOpen();
    const bytes = entryBytesOf(value);
    const entry: LogEntry = {
      log,
      index: log.nextIndex,
      bytes,
      value,
      leafHash: leafHash(bytes),
      attachment: attachmentOf(attachment),
    };
    this.takeRoom(value, entryBytes(entry));
    log.nextIndex++;
    await this.#queue.enqueue(entry);
    return { index: entry.index, leafHash: entry.leafHash };
  }

  async #commit(entries: readonly LogEntry[]): Promise<void> {
    const records = entries.map(({ log, ...entry }) => ({ ...entry, log: log.name }));
    // Salts of what is erased were attached to earlier entries: once this is settled they are gone from here.
    const apartFromEarlier = entries.some(({ value }) => value?.kind === 'erasure');
    const position = await this.#parts.wal.append(encodeBatch(records), { apartFromEarlier });
    for (const entry of entries) entry.log.durableSize = entry.index + 1;
    this.#integrator.add(position, entries);
  }

  async #release(accepted: readonly DurableEntry[], wholeTo: number): Promise<void> {
    for (const { entry } of accepted) this.backlog.remove(entryBytes(entry));
    await this.#parts.wal.release(wholeTo);
  }

  async #openTree(log: LogName): Promise<LogTree> {
    const keys = await LogKeys.open(this.#parts.keys, this.keyName(log));
    if (keys === undefined) throw new SekishoError('ledger_corrupt', `${log}: its signing key is missing`);
    return LogTree.open(this.#treeParts(log, keys));
  }

  #treeParts(log: LogName, keys: LogKeys) {
    return { log, keys, store: this.#parts.tiles, cache: this.cache };
  }

  #refuseWaiters(error: SekishoError): void {
    for (const log of [...this.#logs.values(), ...this.#creating]) {
      log.published.refuse(error);
      log.settled.refuse(error);
    }
  }
}
