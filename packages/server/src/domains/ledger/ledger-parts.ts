import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { RetryPace } from './delivery.ts';
import type { IntegrationPace } from './integrator.ts';
import type { LedgerSink, SigningKeyStore, TileStore, WriteAheadLog } from './ports.ts';

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
export interface LedgerParts {
  /** First part of every origin and key name: `{cellName}/ledger/{log}`. */
  readonly cellName: string;
  readonly wal: WriteAheadLog;
  readonly tiles: TileStore;
  readonly keys: SigningKeyStore;
  readonly sink: LedgerSink;
  readonly clock: Clock;
  readonly log: Log;
  readonly limits?: Partial<LedgerLimits>;
  readonly pace?: IntegrationPace;
  readonly retry?: RetryPace;
}
