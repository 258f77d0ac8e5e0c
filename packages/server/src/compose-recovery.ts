import type { Database } from './adapters/postgres/index.ts';
import { describeCause, type Log } from './base/log.ts';
import type { Ledger, ReplicaLedger } from './domains/ledger/index.ts';
import type { PayloadStore } from './domains/payloads/index.ts';
import { CloseAbandonedCrossings } from './flows/close-abandoned-crossings.ts';
import { closeOrphanedIntents, inheritedLogEnds } from './flows/close-orphaned-intents.ts';
import type { CrossingKernel } from './flows/crossing-kernel.ts';
import type { RebuildCrossings } from './flows/rebuild-crossings.ts';

/** Closes the crossings that a crash left open. Returns what does so for other replicas, where there are any. */
export async function recoverCrossings(parts: {
  readonly ledger: Ledger;
  readonly replica: ReplicaLedger | undefined;
  readonly database: Pick<Database, 'crossings' | 'carriedCrossings' | 'crossingGenerations'>;
  readonly kernel: CrossingKernel;
  readonly payloads: PayloadStore;
  readonly rebuildCrossings: RebuildCrossings;
  readonly log: Log;
}): Promise<CloseAbandonedCrossings | undefined> {
  const { ledger, replica, database, kernel, payloads, rebuildCrossings, log } = parts;
  const inherited = await inheritedLogEnds(ledger);
  const closeOrphans = async (): Promise<void> => {
    const closed = await closeOrphanedIntents(ledger, database.crossings, kernel, payloads, inherited);
    if (closed > 0) log.warn('orphaned_crossings_closed', { count: closed });
  };
  // Where replicas share the ledger, what is under way in a living one is no orphan.
  const abandoned =
    replica && new CloseAbandonedCrossings(replica, database.carriedCrossings, kernel, payloads, log);
  if (await database.crossingGenerations.isComplete()) await (abandoned?.run() ?? closeOrphans());
  else {
    // Dropped, or of an earlier version: it is rebuilt while the cell serves, and then names the orphans.
    rebuildCrossings
      .untilComplete()
      .then(() => (abandoned === undefined ? closeOrphans() : undefined))
      .catch((cause: unknown) => log.warn('crossings_left_incomplete', { cause: describeCause(cause) }));
  }
  return abandoned;
}
