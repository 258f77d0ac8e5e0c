import type { LogName } from './ledger.ts';

/** An integrated entry on its way to the projections. */
export interface SettledEntry {
  readonly log: LogName;
  readonly index: number;
  /** Canonical JSON of a LedgerEntry. */
  readonly bytes: Uint8Array;
  readonly attachment?: Uint8Array;
}

/**
 * Receives every entry at least once, in index order per log, after it is in a published tree. The
 * ledger keeps the write-ahead log of an entry until `accept` has resolved for it, so a sink that
 * commits its cursor with its effect sees each entry exactly once.
 */
export interface LedgerSink {
  accept(entries: readonly SettledEntry[]): Promise<void>;
}
