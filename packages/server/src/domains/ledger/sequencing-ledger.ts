import { SekishoError, Slug } from '@sekisho/contract';
import type { LedgerEntry } from '@sekisho/contract';
import { Backlog } from './backlog.ts';
import type { Fuse } from './fuse.ts';
import { KeyChanges } from './key-changes.ts';
import type { AppendedEntry, KeyChange, Ledger, LedgerLoad, LogKey, LogName } from './ledger.ts';
import { defaultLimits } from './ledger-parts.ts';
import type { CommonParts } from './ledger-parts.ts';
import type { LogState } from './log-state.ts';
import type { LogTree } from './log-tree.ts';
import { TileCache } from './tile-cache.ts';
import { TreeReading } from './tree-reading.ts';

/** 4 MiB of tiles for proofs, over all logs. */
const CACHED_TILES_MAX = 512;

/** What ledgers do alike, whoever puts their entries in order: room, new logs, keys, the end. */
export abstract class SequencingLedger extends TreeReading implements Ledger {
  protected readonly fuse: Fuse;
  protected readonly cache: TileCache = new TileCache(CACHED_TILES_MAX);
  /** Waiting to be durable. */
  protected readonly queueLimit: Backlog;
  /** Not yet accepted by the sink. */
  protected readonly backlog: Backlog;
  readonly #cellName: string;
  readonly #keyChanges: KeyChanges;
  readonly #opening = new Map<LogName, Promise<void>>();
  #closed: Promise<void> | undefined;

  constructor(parts: CommonParts, fuse: Fuse) {
    super();
    const limits = { ...defaultLimits, ...parts.limits };
    this.fuse = fuse;
    this.queueLimit = new Backlog({ entriesMax: limits.queueEntriesMax, bytesMax: limits.queueBytesMax });
    this.backlog = new Backlog({ entriesMax: limits.backlogEntriesMax, bytesMax: limits.backlogBytesMax });
    this.#cellName = parts.cellName;
    this.#keyChanges = new KeyChanges(this, parts.clock);
  }

  abstract append(name: LogName, entry: LedgerEntry, attachment?: Uint8Array): Promise<AppendedEntry>;
  abstract settled(name: LogName, index: number): Promise<void>;
  abstract settledNow(name: LogName): Promise<void>;

  protected abstract find(name: LogName): LogState | undefined;
  protected abstract createLog(name: LogName): Promise<void>;
  /** While `waiting` is pending, trees grow as fast as they may. */
  protected abstract hurryFor(waiting: Promise<void>): Promise<void>;
  /** Entries that became durable here. */
  protected abstract durableEntries(): LedgerLoad['appended'];
  protected abstract shutDown(): Promise<void>;

  async ensureLog(name: LogName): Promise<void> {
    if (this.find(name) !== undefined) return;
    if (!Slug.safeParse(name).success) throw new SekishoError('invalid_request', name);
    let opening = this.#opening.get(name);
    if (opening === undefined) {
      opening = this.createLog(name).finally(() => this.#opening.delete(name));
      this.#opening.set(name, opening);
    }
    await opening;
  }

  async changeKeys(name: LogName, change: KeyChange, principal: string): Promise<LogKey> {
    return this.#keyChanges.take(this.logState(name).tree, change, principal);
  }

  /** Resolves when a published checkpoint covers the entry. */
  async published(name: LogName, index: number): Promise<void> {
    const { tree, published } = this.logState(name);
    this.requireOpen();
    if (tree.size <= index) await this.hurryFor(published.wait(index));
  }

  load(): LedgerLoad {
    return {
      appended: this.durableEntries(),
      queued: this.queueLimit.held,
      unsettled: this.backlog.held,
    };
  }

  close(): Promise<void> {
    this.#closed ??= this.shutDown();
    return this.#closed;
  }

  protected get isClosed(): boolean {
    return this.#closed !== undefined;
  }

  /** Throws `ledger_unavailable` once it takes nothing more. */
  protected requireOpen(): void {
    if (this.fuse.blown !== undefined) throw this.fuse.blown;
    if (this.isClosed) throw new SekishoError('ledger_unavailable');
  }

  /**
   * Holds room for an entry until the sink has accepted it; throws `ledger_unavailable` where there is none.
   * What was begun must be closed: there are at most as many outcomes as intents that had room.
   */
  protected takeRoom(entry: LedgerEntry, bytes: number): void {
    if (entry.kind !== 'outcome') {
      this.queueLimit.requireRoom(bytes);
      this.backlog.requireRoom(bytes);
    }
    this.backlog.add(bytes);
  }

  /** Name of a log's keys, and its origin. */
  protected keyName(log: LogName): string {
    return `${this.#cellName}/ledger/${log}`;
  }

  protected tree(name: LogName): LogTree {
    return this.logState(name).tree;
  }

  protected logState(name: LogName): LogState {
    const log = this.find(name);
    if (log === undefined) throw new SekishoError('not_found', `ledger ${name}`);
    return log;
  }
}
