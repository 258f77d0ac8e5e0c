import type { Clock } from '../../base/clock.ts';
import type { Metrics } from '../../base/metrics.ts';
import type { LedgerSink, TileFiles, TileStore } from '../../domains/ledger/index.ts';

/** Stands in front of what a ledger writes to, and counts. */
export interface LedgerMeasure {
  sink(sink: LedgerSink): LedgerSink;
  /** Where a checkpoint becomes the one in force by `publishCheckpoint`. */
  tileStore(tiles: TileStore): TileStore;
  /** Where several processes share it: what this one has published. */
  tileFiles(tiles: TileFiles): TileFiles;
  /** Seconds since the Unix epoch, by log: only logs of which this process published a checkpoint. */
  readonly publishedAt: ReadonlyMap<string, number>;
}

export function measureLedger(metrics: Metrics, clock: Clock): LedgerMeasure {
  const publishedAt = new Map<string, number>();
  const published = (log: string): void => void publishedAt.set(log, clock.nowMs() / 1000);
  let failures = 0;
  let entries = 0;
  let acceptedAt: number | undefined;
  metrics.readOne(
    'counter',
    {
      name: 'sekisho_ledger_sink_failures',
      help: 'Times that the database refused entries; each is tried again.',
    },
    () => failures,
  );
  metrics.readOne(
    'counter',
    {
      name: 'sekisho_ledger_settled_entries',
      help: 'Entries that the database has accepted from this process.',
    },
    () => entries,
  );
  metrics.readOne(
    'gauge',
    {
      name: 'sekisho_ledger_settled_time_seconds',
      help: 'When the database last accepted entries, since the Unix epoch.',
      unit: 'seconds',
    },
    () => acceptedAt,
  );
  return {
    publishedAt,
    sink: (sink) => ({
      accept: async (settled) => {
        try {
          await sink.accept(settled);
        } catch (cause) {
          failures++;
          throw cause;
        }
        entries += settled.length;
        acceptedAt = clock.nowMs() / 1000;
      },
    }),
    tileStore: (tiles) => ({
      logs: () => tiles.logs(),
      read: (log, path) => tiles.read(log, path),
      write: (log, files) => tiles.write(log, files),
      removePartials: (log, path) => tiles.removePartials(log, path),
      readCheckpoint: (log) => tiles.readCheckpoint(log),
      publishCheckpoint: async (log, previous, next) => {
        await tiles.publishCheckpoint(log, previous, next);
        published(log);
      },
    }),
    tileFiles: (tiles) => ({
      read: (log, path) => tiles.read(log, path),
      removePartials: (log, path) => tiles.removePartials(log, path),
      write: async (log, files) => {
        await tiles.write(log, files);
        if (files.some(({ path }) => path === 'checkpoint')) published(log);
      },
    }),
  };
}
