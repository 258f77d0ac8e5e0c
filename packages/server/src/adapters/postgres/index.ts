import { crossingSearchLimits, SekishoError } from '@sekisho/contract';
import { systemClock, type Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import { systemRandom, type Random } from '../../base/random.ts';
import type {
  CarriedCrossings,
  CrossingGenerations,
  CrossingIndex,
  CrossingSearch,
} from '../../domains/crossings/ports.ts';
import type { ApiKeyStore } from '../../domains/identity/ports.ts';
import type { LedgerSink, ReplicaListener, SharedSequence } from '../../domains/ledger/index.ts';
import type { UsageTable } from '../../domains/metering/ports.ts';
import type { BackupRows, RetentionRegister } from '../../domains/payloads/index.ts';
import type { PlatformStore } from '../../domains/platform/ports.ts';
import { postgresApiKeyStore } from './api-key-store.ts';
import { postgresBackupRows } from './backup-rows.ts';
import { postgresCarriedCrossings } from './carried-crossings.ts';
import { postgresCellChanges } from './cell-changes.ts';
import { connect, poolLoad, type ConnectionSettings, type PoolLoad } from './connection.ts';
import { postgresCrossingGenerations, throwAwayHalfBuilt } from './crossing-generations.ts';
import { postgresCrossingIndex } from './crossing-index.ts';
import { postgresCrossingSearch } from './crossing-search.ts';
import { CrossingTable } from './crossing-table.ts';
import { startEmbeddedPostgres, type EmbeddedPostgres } from './embedded-postgres.ts';
import { postgresLedgerSink } from './ledger-sink.ts';
import { migrate } from './migrate.ts';
import { postgresPlatformStore } from './platform-store.ts';
import type { PlaceAncestors } from './projected-crossings.ts';
import { joinSharedSequence } from './shared-sequence.ts';
import { postgresRestoreRows, type RestoreRows } from './restore-rows.ts';
import { postgresRetentionRegister } from './retention-register.ts';
import { postgresUsageTable } from './usage-table.ts';

/** A site's own PostgreSQL (15 or later), or one that the cell runs in a folder of its home. */
export type DatabaseConfig = { readonly url: string } | { readonly embeddedIn: string };

const SEARCH_CONNECTIONS_MAX = 4;

/** The relational state of a cell. */
export interface Database {
  readonly platformStore: PlatformStore;
  readonly apiKeys: ApiKeyStore;
  readonly crossings: CrossingIndex;
  readonly carriedCrossings: CarriedCrossings;
  /** What a replica asks to learn what others changed. */
  readonly changes: { token(): Promise<string> };
  readonly crossingSearch: CrossingSearch;
  readonly crossingGenerations: CrossingGenerations;
  readonly usage: UsageTable;
  readonly ledgerSink: LedgerSink;
  /** Enters the cell as a new replica, where several share its ledger. Rejects with `database_unavailable`. */
  joinSequence(listener: ReplicaListener): Promise<SharedSequence>;
  readonly retention: RetentionRegister;
  readonly backupRows: BackupRows;
  readonly restoreRows: RestoreRows;
  /** The pools of connections, by name. */
  pools(): Readonly<Record<string, PoolLoad>>;
  /** Ends the connections, then an embedded server. Call it last: after the ledger has closed. */
  close(): Promise<void>;
}

/**
 * Starts or reaches PostgreSQL and brings its schema forward. Throws SekishoError
 * `database_unavailable`. The caller holds the lock of the home that `embeddedIn` lies in.
 */
export async function openDatabase(
  config: DatabaseConfig,
  log: Log,
  ancestors: PlaceAncestors,
  machine: { readonly clock: Clock; readonly random: Random } = {
    clock: systemClock,
    random: systemRandom(),
  },
): Promise<Database> {
  const embedded =
    'embeddedIn' in config
      ? await startEmbeddedPostgres({ folder: config.embeddedIn, log, ...machine })
      : undefined;
  const settings: ConnectionSettings =
    'url' in config ? { connectionString: config.url } : connectionOf(embedded);
  const db = connect(settings, log);
  // Searches have few connections of their own: no client's search may keep the sink waiting.
  const searchDb = connect(settings, log, {
    connectionsMax: SEARCH_CONNECTIONS_MAX,
    statementTimeoutMs: crossingSearchLimits.statementMs,
  });
  const crossingTable = new CrossingTable(db, log);
  const close = async (): Promise<void> => {
    await searchDb.destroy();
    await db.destroy();
    await embedded?.stop();
  };
  try {
    await migrate(db);
    await crossingTable.ensure();
    await throwAwayHalfBuilt(db);
  } catch (error) {
    await close();
    throw error instanceof SekishoError ? error : unreachable(error);
  }
  return {
    platformStore: postgresPlatformStore(db),
    apiKeys: postgresApiKeyStore(db),
    crossings: postgresCrossingIndex(db, crossingTable),
    carriedCrossings: postgresCarriedCrossings(db),
    changes: postgresCellChanges(db),
    crossingSearch: postgresCrossingSearch(searchDb, crossingTable),
    crossingGenerations: postgresCrossingGenerations(db, crossingTable, ancestors),
    usage: postgresUsageTable(db),
    ledgerSink: postgresLedgerSink(db, crossingTable, ancestors),
    joinSequence: (listener) => joinSharedSequence({ settings, clock: machine.clock, log, listener }),
    retention: postgresRetentionRegister(db),
    backupRows: postgresBackupRows(db),
    restoreRows: postgresRestoreRows(db),
    pools: () => ({ main: poolLoad(db), search: poolLoad(searchDb) }),
    close,
  };
}

function connectionOf(embedded: EmbeddedPostgres | undefined): ConnectionSettings {
  if (embedded === undefined) throw new Error('an embedded database was asked for and not started');
  return embedded.connection;
}

/** The address is not named: it may hold a password. */
function unreachable(cause: unknown): SekishoError {
  return new SekishoError(
    'database_unavailable',
    { ja: 'PostgreSQLに接続できません。', en: 'PostgreSQL cannot be reached.' },
    { cause },
  );
}
