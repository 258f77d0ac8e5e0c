import type { LedgerEntry } from '@sekisho/contract';
import type { NoteSigner } from '@sekisho/proof';
import type { KeyStanding } from './key-standing.ts';
import type { LogName } from './ledger.ts';

/** An integrated entry on its way to the projections. */
export interface SettledEntry {
  readonly log: LogName;
  readonly index: number;
  /** Canonical JSON of a LedgerEntry. */
  readonly bytes: Uint8Array;
  /** What the bytes say, where this process wrote them; absent after a replay. */
  readonly entry?: LedgerEntry;
  readonly attachment?: Uint8Array;
  /** Number of the replica that carries what the entry opens, where a cell has several. */
  readonly replica?: number;
}

/**
 * Receives every entry at least once, in index order per log, after it is in a published tree. The
 * ledger keeps the write-ahead log of an entry until `accept` has resolved for it, so a sink that
 * commits its cursor with its effect sees each entry exactly once.
 */
export interface LedgerSink {
  accept(entries: readonly SettledEntry[]): Promise<void>;
}

/** Longest payload of one batch that a write-ahead log must take, in bytes. */
export const WAL_BATCH_BYTES_MAX = 8 * 1024 * 1024;

export interface WalBatch {
  readonly position: number;
  readonly payload: Uint8Array;
}

/**
 * One write-ahead log for all logs of a cell. One writer; calls do not overlap, except that
 * `release` may run beside `append`.
 *
 * - Replay to its end, take over, then append. Replay changes nothing. It yields every batch whose
 *   append resolved and that was not released, oldest first, byte for byte. It may also yield
 *   released batches, and one last batch whose append rejected or never returned.
 * - A half-written last batch is left out. Any other damage rejects with SekishoError
 *   `ledger_corrupt`.
 */
export interface WriteAheadLog {
  replay(): AsyncIterable<WalBatch>;
  /**
   * Opens the log for appends. Drops what replay left out, and makes durable what it yielded: the
   * last batch may have been readable without being on the disk.
   */
  takeOver(): Promise<void>;
  /**
   * Resolves with the batch's position when it is durable. Positions rise by one a batch, also over
   * restarts. After a rejection nobody knows whether the batch is stored: every further append
   * rejects until the log is opened anew.
   * With `apartFromEarlier` no file holds this batch together with earlier ones: once it is
   * released, nothing that was appended before it is stored here any more.
   */
  append(payload: Uint8Array, options?: { readonly apartFromEarlier: boolean }): Promise<number>;
  /** Batches up to and with this position are no longer needed. When space is freed is up to it. */
  release(position: number): Promise<void>;
  /** Releases all files. */
  close(): Promise<void>;
}

export interface StoredFile {
  /** As `tilePath` and `entriesPath` of the proof package name it, or `checkpoint`: the copy that readers get. */
  readonly path: string;
  readonly bytes: Uint8Array;
}

/** Tiles and entry bundles by log. One writer per log, any number of readers. */
export interface TileFiles {
  /** Undefined when there is no such file. Never a file that `write` has not resolved for, unless a crash left it. */
  read(log: LogName, path: string): Promise<Uint8Array | undefined>;
  /**
   * Resolves when all of them are durable. Need not be atomic: before a checkpoint covers them
   * nobody reads them, and the same bytes are written again after a crash, or after a rejection,
   * which says nothing about which of them are stored.
   */
  write(log: LogName, files: readonly StoredFile[]): Promise<void>;
  /** Removes the partial tiles or bundles (`{path}.p/*`) of this full one. Nothing to remove is no error. */
  removePartials(log: LogName, path: string): Promise<void>;
}

/** The newest checkpoint of each log: what decides how long the log is. */
export interface Checkpoints {
  /** Names of the logs that have a published checkpoint. */
  logs(): Promise<readonly LogName[]>;
  readCheckpoint(log: LogName): Promise<string | undefined>;
  /**
   * Replaces the checkpoint atomically and durably, if the stored one is still `previous`
   * (undefined: none yet); otherwise rejects with SekishoError `ledger_corrupt`, for somebody else
   * writes this log.
   */
  publishCheckpoint(log: LogName, previous: string | undefined, next: string): Promise<void>;
}

/** Tiles, entry bundles and checkpoints by log, laid out as C2SP tlog-tiles. */
export interface TileStore extends TileFiles, Checkpoints {}

/** Signs checkpoints under one name, and says which verifier key (C2SP vkey) checks them. */
export interface SigningKey extends NoteSigner {
  readonly verifierKey: string;
}

export interface StoredKey {
  /** C2SP vkey; its name is that under which the key is stored. */
  readonly verifierKey: string;
  readonly standing: KeyStanding;
  /** Absent once the key is retired or compromised. */
  readonly signer?: SigningKey;
}

/**
 * Ed25519 keys, several of one name, in the order in which they were made. A key is durable before it
 * is first handed out. Rejects with SekishoError `keystore_unusable` when a key cannot be opened.
 */
export interface SigningKeyStore {
  /** Empty for a name without keys. */
  keysOf(name: string): Promise<readonly StoredKey[]>;
  /** As {@link keysOf}, with one new key that signs from the first tree on where there is none. Calls at once make one. */
  findOrCreate(name: string): Promise<readonly StoredKey[]>;
  add(name: string, standing: KeyStanding): Promise<StoredKey>;
  /**
   * Resolves when it is durable; a crash leaves the old or the new standing. The private part of a key
   * that becomes `retired` or `compromised` is destroyed with it. Rejects with `not_found`.
   */
  setStanding(name: string, verifierKey: string, standing: KeyStanding): Promise<void>;
}
