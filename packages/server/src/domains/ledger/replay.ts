import { SekishoError } from '@sekisho/contract';
import { equalBytes, leafHash } from '@sekisho/proof';
import type { LogName } from './ledger.ts';
import type { LogEntry, LogState } from './log-state.ts';
import type { WriteAheadLog } from './ports.ts';
import { decodeBatch } from './wal-batch.ts';

export interface ReplayedBatch {
  readonly position: number;
  readonly entries: readonly LogEntry[];
}

/**
 * Reads the write-ahead log to its end and checks it against the trees, before anything is
 * changed: each log's indexes follow each other and continue its tree, and what both hold is the
 * same. Rejects with SekishoError `ledger_corrupt`.
 */
export async function replayWal(
  wal: WriteAheadLog,
  openLog: (name: LogName) => Promise<LogState>,
): Promise<ReplayedBatch[]> {
  const batches: ReplayedBatch[] = [];
  const nextIndexes = new Map<LogState, number>();
  for await (const { position, payload } of wal.replay()) {
    const entries: LogEntry[] = [];
    for (const record of decodeBatch(payload)) {
      const log = await openLog(record.log);
      const nextIndex = nextIndexes.get(log) ?? firstIndex(log, record.index);
      if (record.index !== nextIndex) throw corrupt(log.name, `entry ${nextIndex} is not where it must be`);
      nextIndexes.set(log, record.index + 1);
      const entry = {
        log,
        index: record.index,
        bytes: record.bytes,
        value: undefined,
        leafHash: leafHash(record.bytes),
        attachment: record.attachment,
      };
      if (entry.index < log.tree.size) {
        const integrated = await log.tree.readHash()(0, entry.index);
        if (!equalBytes(integrated, entry.leafHash)) throw corrupt(log.name, `entry ${entry.index} differs`);
      }
      entries.push(entry);
    }
    batches.push({ position, entries });
  }
  for (const [log, nextIndex] of nextIndexes) {
    // Batches are released from the front: one that is in the tree and gone from the end was lost.
    if (nextIndex < log.tree.size) throw corrupt(log.name, `the entries from ${nextIndex} are missing`);
    log.nextIndex = nextIndex;
    log.durableSize = nextIndex;
  }
  return batches;
}

/** What the write-ahead log no longer holds is in the tree, and the sink has accepted it. */
function firstIndex(log: LogState, index: number): number {
  if (index > log.tree.size) throw corrupt(log.name, `the entries before ${index} are missing`);
  log.settledSize = index;
  return index;
}

function corrupt(log: LogName, what: string): SekishoError {
  return new SekishoError('ledger_corrupt', `write-ahead log of ${log}: ${what}`);
}
