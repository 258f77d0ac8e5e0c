import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { RetryPace } from './delivery.ts';
import type { IntegrationPace } from './integrator.ts';
import type { LedgerSink, SigningKeyStore, TileFiles, TileStore, WriteAheadLog } from './ports.ts';
import type { ReplicaListener, SharedSequence } from './shared-ports.ts';

export interface LedgerLimits {
  /** Waiting for the disk. */
  readonly queueEntriesMax: number;
  readonly queueBytesMax: number;
  /** Not yet accepted by the sink: held in memory and in the write-ahead log. */
  readonly backlogEntriesMax: number;
  readonly backlogBytesMax: number;
}

export const defaultLimits: LedgerLimits = {
  queueEntriesMax: 16_384,
  queueBytesMax: 64 * 1024 * 1024,
  backlogEntriesMax: 262_144,
  backlogBytesMax: 256 * 1024 * 1024,
};
export const defaultPace: IntegrationPace = { intervalMs: 200, intervalMsMin: 20 };
export const defaultRetry: RetryPace = { firstMs: 50, lastMs: 5000 };

/** What every ledger is made of, wherever it keeps its entries. */
export interface CommonParts {
  /** First part of every origin and key name: `{cellName}/ledger/{log}`. */
  readonly cellName: string;
  readonly keys: SigningKeyStore;
  readonly sink: LedgerSink;
  readonly clock: Clock;
  readonly log: Log;
  readonly limits?: Partial<LedgerLimits>;
  readonly pace?: IntegrationPace;
  readonly retry?: RetryPace;
}

export interface LedgerParts extends CommonParts {
  readonly wal: WriteAheadLog;
  readonly tiles: TileStore;
}

export interface SharedRhythm {
  /** Between two tries to become the integrator, while another replica is. */
  readonly campaignMs: number;
  /** Between two looks at all logs, beside those that others' news bring about. */
  readonly lookMs: number;
  /** Between two looks of the integrator for new entries of other replicas. */
  readonly readMs: number;
}
export const defaultRhythm: SharedRhythm = { campaignMs: 500, lookMs: 1000, readMs: 50 };

/** The limits are those of one replica. All replicas open the same keys and the same tiles. */
export interface SharedLedgerParts extends CommonParts {
  readonly join: (listener: ReplicaListener) => Promise<SharedSequence>;
  readonly tiles: TileFiles;
  readonly rhythm?: SharedRhythm;
}
