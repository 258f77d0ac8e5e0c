import type { LedgerEntry } from '@sekisho/contract';
import type { CoseTreeHead, TileCoordinate } from '@sekisho/proof';
import type { KeyStanding } from './key-standing.ts';

/** What a ledger has to do, in this process. */
export interface LedgerLoad {
  /** Entries that became durable since the start, and in how many batches. */
  readonly appended: { readonly items: number; readonly batches: number };
  /** Waiting for the disk, or for the sequence. */
  readonly queued: { readonly entries: number; readonly bytes: number };
  /** Not yet accepted by the sink, the queued ones with them. */
  readonly unsettled: { readonly entries: number; readonly bytes: number };
}

/** Name of a log inside the cell: a tenant's id, or `cell` for the cell's own. */
export type LogName = string;

export interface AppendedEntry {
  readonly index: number;
  readonly leafHash: Uint8Array;
}

export interface SignedCheckpoint {
  /** Signed note, C2SP tlog-checkpoint. */
  readonly note: string;
  readonly size: number;
  readonly root: Uint8Array;
}

/** What every replica can answer of the published trees, each byte checked up to a signed root. */
export interface LedgerReading {
  /** The newest published checkpoint. */
  checkpoint(log: LogName): SignedCheckpoint;
  /** The tree of the newest published checkpoint, signed by the newest of its keys as a COSE receipt needs it. */
  coseTreeHead(log: LogName): CoseTreeHead;
  /**
   * What the file of this tile or entry bundle holds (C2SP tlog-tiles), byte for byte, checked up to the
   * signed root. Undefined when the published tree does not reach it or is narrower there. A
   * partial one is answered also after the full one took its place.
   */
  readTile(log: LogName, tile: TileCoordinate): Promise<Uint8Array | undefined>;
  readEntryBundle(log: LogName, index: number, width: number): Promise<Uint8Array | undefined>;
  /**
   * The published tree as it was at an earlier size (at least 1), under a signature of today's keys. Its root
   * is computed from verified tiles, so it is always a beginning of the published tree.
   */
  checkpointAt(log: LogName, size: number): Promise<SignedCheckpoint>;
  /** RFC 6962 inclusion proof, leaf to root, in the tree of that size (at most the checkpoint's). */
  inclusionProof(log: LogName, index: number, size: number): Promise<readonly Uint8Array[]>;
  consistencyProof(log: LogName, oldSize: number, size: number): Promise<readonly Uint8Array[]>;
  /** Integrated entries `from` (inclusive) to `to` (exclusive), in order, without holding them all. */
  readEntries(
    log: LogName,
    from: number,
    to: number,
  ): AsyncIterable<{ readonly index: number; readonly bytes: Uint8Array }>;
  /** Names of all logs, in order. */
  logs(): readonly LogName[];
  /** Every key that signs this log's checkpoints, ever signed them or is about to, oldest first. */
  verifierKeys(log: LogName): readonly LogKey[];
  /** Of these, the newest that signs. */
  verifierKey(log: LogName): string;
}

/** A key of a log, as anybody may know it. */
export interface LogKey {
  /** C2SP signed-note vkey, named as the log's origin. */
  readonly verifierKey: string;
  readonly standing: KeyStanding;
}

/**
 * - `introduce`: a new key signs beside those in force. At most {@link SIGNING_KEYS_MAX} at a time.
 * - `retire`: a key signs no more. Another must stay.
 * - `compromise`: a key signs no more, and what it alone vouches for in trees of more than `trustedToSize`
 *   leaves proves nothing. Where no other key signs, one is introduced first.
 */
export type KeyChange =
  | { readonly change: 'introduce' }
  | { readonly change: 'retire'; readonly verifierKey: string }
  | { readonly change: 'compromise'; readonly verifierKey: string; readonly trustedToSize: number };

/** Each is a line under every checkpoint, and readers must take 16 (C2SP tlog-checkpoint). */
export const SIGNING_KEYS_MAX = 4;

/** A ledger that several processes share: this is one of them. */
export interface ReplicaLedger extends Ledger {
  /** Number of this replica, which no other ever had. */
  readonly replica: number;
  /** Whether this replica takes entries into the trees, as far as it knows. */
  readonly integrates: boolean;
}

/**
 * Append-only logs, one a tenant. An append resolves only when the entry is durable: it survives
 * `kill -9` and power loss from then on. Indexes are contiguous and never reused.
 */
export interface Ledger extends LedgerReading {
  /**
   * Opens the log of this name, with its genesis entry and its own signing key, if it does not
   * exist yet. Idempotent.
   */
  ensureLog(log: LogName): Promise<void>;
  /**
   * Rejects with SekishoError `ledger_unavailable` when the entry is not known to be durable: the
   * queue is full (an outcome always has room, since its intent had), the disk failed, the ledger is closing. After a failed write nothing more is
   * accepted until a restart. `attachment` (at most 4 KiB) is durable with the entry but outside
   * the tree; the sink receives it.
   */
  append(log: LogName, entry: LedgerEntry, attachment?: Uint8Array): Promise<AppendedEntry>;
  /**
   * Resolves when a published checkpoint covers the entry and the sink has accepted it. When it has resolved for an
   * `erasure`, no attachment of an entry that was settled before it is stored here any more.
   */
  settled(log: LogName, index: number): Promise<void>;
  /** `settled` for everything that is durable at the time of the call; at once for an unknown log. */
  settledNow(log: LogName): Promise<void>;
  /**
   * Changes the keys of a log by a `log-key` entry in it, and resolves with the key's new standing when a
   * checkpoint that follows it is published. Changes of one log take turns. Rejects with SekishoError
   * `log_key_refused` where the rules of {@link KeyChange} forbid it, `not_found` for an unknown key.
   */
  changeKeys(log: LogName, change: KeyChange, principal: string): Promise<LogKey>;
  load(): LedgerLoad;
  /** Refuses new appends, makes everything accepted durable and published, releases all files. */
  close(): Promise<void>;
}
