import { SekishoError, Slug } from '@sekisho/contract';
import type { LedgerEntry } from '@sekisho/contract';
import { isKeyName, leafHash } from '@sekisho/proof';
import { timestamp } from '../../base/clock.ts';
import { describeCause } from '../../base/log.ts';
import { Backlog } from './backlog.ts';
import { BatchQueue } from './batch-queue.ts';
import { Delivery } from './delivery.ts';
import { attachmentOf, entryBytesOf } from './entry-bytes.ts';
import { Fuse } from './fuse.ts';
import { Integrator } from './integrator.ts';
import type { DurableEntry } from './integrator.ts';
import { KeyChanges } from './key-changes.ts';
import type { AppendedEntry, KeyChange, Ledger, LedgerLoad, LogKey, LogName } from './ledger.ts';
import { defaultLimits, defaultPace, defaultRetry } from './ledger-parts.ts';
import type { LedgerParts } from './ledger-parts.ts';
import { entryBytes, logState } from './log-state.ts';
import type { LogEntry, LogState } from './log-state.ts';
import { LogKeys } from './log-keys.ts';
import { LogTree } from './log-tree.ts';
import { replayWal } from './replay.ts';
import { TileCache } from './tile-cache.ts';
import { TreeReading } from './tree-reading.ts';
import { encodeBatch } from './wal-batch.ts';

/** 4 MiB of tiles for proofs, over all logs. */
const CACHED_TILES_MAX = 512;

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

class EmbeddedLedger extends TreeReading implements Ledger {
  readonly #parts: LedgerParts;
  readonly #fuse = new Fuse();
  readonly #cache = new TileCache(CACHED_TILES_MAX);
  readonly #queueLimit: Backlog;
  readonly #backlog: Backlog;
  readonly #delivery: Delivery;
  readonly #integrator: Integrator;
  readonly #queue: BatchQueue<LogEntry>;
  readonly #keyChanges: KeyChanges;
  readonly #logs = new Map<LogName, LogState>();
  readonly #opening = new Map<LogName, Promise<void>>();
  /** Logs whose genesis entry is on its way. */
  readonly #creating = new Set<LogState>();
  #closed: Promise<void> | undefined;

  constructor(parts: LedgerParts) {
    super();
    const { clock, sink, log, pace = defaultPace, retry = defaultRetry } = parts;
    const limits = { ...defaultLimits, ...parts.limits };
    const fuse = this.#fuse;
    this.#parts = parts;
    this.#queueLimit = new Backlog({ entriesMax: limits.queueEntriesMax, bytesMax: limits.queueBytesMax });
    this.#backlog = new Backlog({ entriesMax: limits.backlogEntriesMax, bytesMax: limits.backlogBytesMax });
    const onAccepted = this.#release.bind(this);
    const delivery = new Delivery({ sink, fuse, onAccepted, retry, log });
    const onPublished = delivery.add.bind(delivery);
    this.#delivery = delivery;
    this.#integrator = new Integrator({ clock, fuse, pace, onPublished });
    this.#queue = new BatchQueue({
      fuse,
      limit: this.#queueLimit,
      // The disk takes one write at a time.
      concurrency: 1,
      bytesOf: entryBytes,
      commit: (entries) => this.#commit(entries),
    });
    this.#keyChanges = new KeyChanges(this, clock);
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
      for (const entry of entries) this.#backlog.add(entryBytes(entry));
      this.#integrator.add(position, entries);
    }
    try {
      await this.#integrator.drain();
    } catch (error) {
      // The caller of `openLedger` reads why, not only that the ledger is unavailable.
      if (error instanceof SekishoError && error.cause instanceof SekishoError) throw error.cause;
      throw error;
    }
    this.#fuse.whenBlown((error) =>
      this.#parts.log.error('ledger.failed', { cause: describeCause(error.cause) }),
    );
  }

  /** After a failed recovery, which its caller tells: no timer fires and no file stays open. */
  async abandon(cause: unknown): Promise<void> {
    this.#fuse.blow(cause);
    await this.#parts.wal.close();
  }

  async ensureLog(name: LogName): Promise<void> {
    if (this.#logs.has(name)) return;
    if (!Slug.safeParse(name).success) throw new SekishoError('invalid_request', name);
    let opening = this.#opening.get(name);
    if (opening === undefined) {
      opening = this.#createLog(name).finally(() => this.#opening.delete(name));
      this.#opening.set(name, opening);
    }
    await opening;
  }

  async append(name: LogName, entry: LedgerEntry, attachment?: Uint8Array): Promise<AppendedEntry> {
    // No await before the entry is queued: the bytes are taken while the caller still holds still.
    return this.#enqueue(this.#log(name), entry, attachment);
  }

  async settled(name: LogName, index: number): Promise<void> {
    const log = this.#log(name);
    if (!Number.isSafeInteger(index) || index < 0 || index >= log.nextIndex) {
      throw new SekishoError('not_found', `${name}/${index}`);
    }
    if (index < log.settledSize) return;
    this.#requireOpen();
    await this.#integrator.hurryFor(log.settled.wait(index));
  }

  async settledNow(name: LogName): Promise<void> {
    const log = this.#logs.get(name);
    if (log !== undefined && log.durableSize > 0) await this.settled(name, log.durableSize - 1);
  }

  async changeKeys(name: LogName, change: KeyChange, principal: string): Promise<LogKey> {
    return this.#keyChanges.take(this.#log(name).tree, change, principal);
  }

  /** Resolves when a published checkpoint covers the entry. */
  async published(name: LogName, index: number): Promise<void> {
    const { tree, published } = this.#log(name);
    this.#requireOpen();
    if (tree.size <= index) await this.#integrator.hurryFor(published.wait(index));
  }

  logs(): readonly LogName[] {
    return [...this.#logs.keys()].sort();
  }

  load(): LedgerLoad {
    return {
      appended: this.#queue.durable,
      queued: this.#queueLimit.held,
      unsettled: this.#backlog.held,
    };
  }

  close(): Promise<void> {
    this.#closed ??= this.#shutDown();
    return this.#closed;
  }

  async #shutDown(): Promise<void> {
    await this.#queue.idle();
    try {
      await this.#integrator.drain();
    } finally {
      await this.#delivery.close();
      this.#refuseWaiters(new SekishoError('ledger_unavailable'));
      await this.#parts.wal.close();
    }
  }

  async #createLog(name: LogName): Promise<void> {
    this.#requireOpen();
    const { clock, keys } = this.#parts;
    // Crash order: the key is durable before the genesis entry. A key without a log does no harm.
    const logKeys = await LogKeys.openOrCreate(keys, this.#keyName(name));
    const log = logState(LogTree.empty(this.#treeParts(name, logKeys)));
    const origin = logKeys.name;
    const genesis: LedgerEntry = { version: 1, kind: 'genesis', time: timestamp(clock), origin };
    this.#creating.add(log);
    try {
      await this.#enqueue(log, genesis, undefined);
      if (this.#fuse.blown !== undefined) throw this.#fuse.blown;
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
    this.#requireOpen();
    const bytes = entryBytesOf(value);
    const entry: LogEntry = {
      log,
      index: log.nextIndex,
      bytes,
      value,
      leafHash: leafHash(bytes),
      attachment: attachmentOf(attachment),
    };
    // What was begun must be closed: there are at most as many outcomes as intents that had room.
    if (value.kind !== 'outcome') {
      this.#queueLimit.requireRoom(entryBytes(entry));
      this.#backlog.requireRoom(entryBytes(entry));
    }
    this.#backlog.add(entryBytes(entry));
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
    for (const { entry } of accepted) this.#backlog.remove(entryBytes(entry));
    await this.#parts.wal.release(wholeTo);
  }

  async #openTree(log: LogName): Promise<LogTree> {
    const keys = await LogKeys.open(this.#parts.keys, this.#keyName(log));
    if (keys === undefined) throw new SekishoError('ledger_corrupt', `${log}: its signing key is missing`);
    return LogTree.open(this.#treeParts(log, keys));
  }

  #treeParts(log: LogName, keys: LogKeys) {
    return { log, keys, store: this.#parts.tiles, cache: this.#cache };
  }

  #keyName(log: LogName): string {
    return `${this.#parts.cellName}/ledger/${log}`;
  }

  protected tree(name: LogName): LogTree {
    return this.#log(name).tree;
  }

  #log(name: LogName): LogState {
    const log = this.#logs.get(name);
    if (log === undefined) throw new SekishoError('not_found', `ledger ${name}`);
    return log;
  }

  #requireOpen(): void {
    if (this.#fuse.blown !== undefined) throw this.#fuse.blown;
    if (this.#closed !== undefined) throw new SekishoError('ledger_unavailable');
  }

  #refuseWaiters(error: SekishoError): void {
    for (const log of [...this.#logs.values(), ...this.#creating]) {
      log.published.refuse(error);
      log.settled.refuse(error);
    }
  }
}
