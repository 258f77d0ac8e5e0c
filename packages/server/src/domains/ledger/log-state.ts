import type { LedgerEntry } from '@sekisho/contract';
import type { LogName } from './ledger.ts';
import { IndexWaiters } from './index-waiters.ts';
import type { LogTree } from './log-tree.ts';

/**
 * How far a log has come, as counts of entries:
 * `settledSize <= tree.size <= durableSize <= nextIndex`.
 */
export interface LogState {
  readonly name: LogName;
  readonly tree: LogTree;
  /** The next entry's index. Given out when an entry is queued, in queue order. */
  nextIndex: number;
  /** Entries that are in the write-ahead log. */
  durableSize: number;
  /** Entries that the sink has accepted. */
  settledSize: number;
  readonly published: IndexWaiters;
  readonly settled: IndexWaiters;
}

export function logState(tree: LogTree): LogState {
  return {
    name: tree.log,
    tree,
    nextIndex: tree.size,
    durableSize: tree.size,
    settledSize: tree.size,
    published: new IndexWaiters(),
    settled: new IndexWaiters(),
  };
}

/** An entry on its way from the queue to the sink. */
export interface LogEntry {
  readonly log: LogState;
  readonly index: number;
  readonly bytes: Uint8Array;
  /** What the bytes say; undefined after a replay. */
  readonly value: LedgerEntry | undefined;
  readonly leafHash: Uint8Array;
  readonly attachment: Uint8Array | undefined;
  /** Which replica took it from its caller, where several do. */
  readonly replica?: number;
}

export function entryBytes(entry: LogEntry): number {
  return entry.bytes.length + (entry.attachment?.length ?? 0);
}
