import type { Database } from './adapters/postgres/index.ts';
import { folderBytes } from './adapters/ledger-files/index.ts';
import type { LedgerMeasure } from './adapters/measured-ledger/index.ts';
import type { Clock } from './base/clock.ts';
import type { Log } from './base/log.ts';
import type { ExpositionFormat, Metrics, Sample } from './base/metrics.ts';
import { showProcess } from './base/process-metrics.ts';
import type { Inference } from './compose-inference.ts';
import type { Witnesses } from './compose-witnesses.ts';
import type { Ledger, ReplicaLedger } from './domains/ledger/index.ts';
import { CELL_LOG } from './flows/cell-log.ts';
import { CrossingMetrics } from './flows/observe-crossings.ts';
import type { PlatformInForce } from './flows/platform-in-force.ts';

/** What there is to count of a cell, and its text at a scrape. Nothing is ever sent anywhere. */
export interface Telemetry {
  readonly crossings: CrossingMetrics;
  exposition(format: ExpositionFormat): Promise<string>;
}

/** Once the cell is composed: everything that is read when somebody asks. */
export function composeTelemetry(parts: {
  readonly metrics: Metrics;
  readonly platform: PlatformInForce;
  readonly log: Log;
}): Telemetry {
  const { metrics, platform, log } = parts;
  const crossings = new CrossingMetrics(metrics, platform, log);
  return {
    crossings,
    exposition: (format) => {
      crossings.forgetRemoved();
      return metrics.exposition(format);
    },
  };
}

interface Watched {
  readonly metrics: Metrics;
  readonly platform: PlatformInForce;
  readonly database: Pick<Database, 'pools'>;
  readonly ledger: Ledger;
  readonly replica: ReplicaLedger | undefined;
  readonly measure: LedgerMeasure;
  /** Undefined where the write-ahead log is no folder of this machine. */
  readonly walFolder: string | undefined;
  readonly inference: Pick<Inference, 'pool' | 'probes'>;
  readonly witnesses: Pick<Witnesses, 'cosignatures'>;
  readonly clock: Clock;
}

/** Shows what is read at each scrape. Returns what stops the measuring. */
export function watchCell(watched: Watched): () => void {
  const { metrics, platform, database } = watched;
  metrics.readOne(
    'gauge',
    { name: 'sekisho_platform_revision', help: 'Revision of the platform in force; 0 for none.' },
    () => platform.revision,
  );
  metrics.read(
    'counter',
    {
      name: 'sekisho_decisions',
      help: 'Decisions under the revision in force: remembered, or judged by Cedar.',
      labels: ['source'],
    },
    () => {
      const answers = platform.optional?.policy.answers;
      if (answers === undefined) return [];
      return [
        [['remembered'], answers.remembered],
        [['judged'], answers.judged],
      ];
    },
  );
  metrics.read(
    'gauge',
    { name: 'sekisho_database_connections', help: 'Connections to PostgreSQL.', labels: ['pool', 'state'] },
    () =>
      Object.entries(database.pools()).flatMap(([pool, { open, idle }]): Sample[] => [
        [[pool, 'idle'], idle],
        [[pool, 'used'], open - idle],
      ]),
  );
  metrics.read(
    'gauge',
    { name: 'sekisho_database_waiting', help: 'Queries that wait for a connection.', labels: ['pool'] },
    () => Object.entries(database.pools()).map(([pool, { waiting }]): Sample => [[pool], waiting]),
  );
  watchLedger(watched);
  watchTargets(watched);
  watchWitnesses(watched);
  return showProcess(metrics);
}

function watchLedger({ metrics, platform, ledger, replica, measure, walFolder }: Watched): void {
  const count = (name: string, help: string, read: () => number): void =>
    metrics.readOne('counter', { name, help }, read);
  const gauge = (name: string, help: string, read: () => number | undefined): void =>
    metrics.readOne('gauge', { name, help, ...(name.endsWith('_bytes') && { unit: 'bytes' }) }, read);
  count(
    'sekisho_ledger_appended_entries',
    'Entries of this process that became durable.',
    () => ledger.load().appended.items,
  );
  count('sekisho_ledger_batches', 'Writes that made them durable.', () => ledger.load().appended.batches);
  gauge(
    'sekisho_ledger_queued_entries',
    'Entries that wait to become durable.',
    () => ledger.load().queued.entries,
  );
  gauge('sekisho_ledger_queued_bytes', 'Bytes of these.', () => ledger.load().queued.bytes);
  gauge(
    'sekisho_ledger_unsettled_entries',
    'Entries that the database has not accepted yet.',
    () => ledger.load().unsettled.entries,
  );
  gauge('sekisho_ledger_unsettled_bytes', 'Bytes of these.', () => ledger.load().unsettled.bytes);
  gauge('sekisho_ledger_integrates', 'Whether this process writes the trees: 1 or 0.', () =>
    (replica?.integrates ?? true) ? 1 : 0,
  );
  metrics.read(
    'gauge',
    { name: 'sekisho_ledger_wal_bytes', help: 'Write-ahead log on the disk.', unit: 'bytes' },
    async () => (walFolder === undefined ? [] : [[[], await folderBytes(walFolder)]]),
  );
  const shown = (): readonly string[] =>
    ledger.logs().filter((log) => log === CELL_LOG || platform.optional?.tenants.has(log) === true);
  metrics.read(
    'gauge',
    { name: 'sekisho_ledger_checkpoint_size', help: 'Entries under the newest checkpoint.', labels: ['log'] },
    () => shown().map((log): Sample => [[log], ledger.checkpoint(log).size]),
  );
  metrics.read(
    'gauge',
    {
      name: 'sekisho_ledger_checkpoint_time_seconds',
      help: 'When this process last published a checkpoint, since the Unix epoch.',
      unit: 'seconds',
      labels: ['log'],
    },
    () =>
      shown().flatMap((log): Sample[] => {
        const at = measure.publishedAt.get(log);
        return at === undefined ? [] : [[[log], at]];
      }),
  );
}

function watchTargets({ metrics, platform, inference: { pool, probes }, clock }: Watched): void {
  const declared = (endpoint: string): boolean => platform.optional?.endpoints.has(endpoint) === true;
  const standings = () => pool.standings(clock.monotonicMs()).filter(({ endpoint }) => declared(endpoint));
  const labels = ['sekisho_endpoint'];
  metrics.read(
    'gauge',
    { name: 'sekisho_target_in_flight', help: 'Requests under way at a target.', labels },
    () => standings().map(({ endpoint, inFlight }): Sample => [[endpoint], inFlight]),
  );
  metrics.read(
    'gauge',
    {
      name: 'sekisho_target_circuit',
      help: '1 for the state that the circuit of a target is in, 0 for the others.',
      labels: ['sekisho_endpoint', 'state'],
    },
    () =>
      standings().flatMap(({ endpoint, circuit }) =>
        (['closed', 'open', 'trial'] as const).map((state): Sample => [
          [endpoint, state],
          circuit === state ? 1 : 0,
        ]),
      ),
  );
  metrics.read(
    'gauge',
    { name: 'sekisho_target_failures', help: 'Failures of a target in a row.', labels },
    () => standings().map(({ endpoint, failures }): Sample => [[endpoint], failures]),
  );
  metrics.read(
    'gauge',
    {
      name: 'sekisho_target_latency_seconds',
      help: 'Moving average of the time to the first byte.',
      unit: 'seconds',
      labels,
    },
    () =>
      standings().flatMap(({ endpoint, latencyMs }): Sample[] =>
        latencyMs === undefined ? [] : [[[endpoint], latencyMs / 1000]],
      ),
  );
  metrics.read(
    'counter',
    {
      name: 'sekisho_target_probes',
      help: 'Probes of targets that were down.',
      labels: ['sekisho_endpoint', 'result'],
    },
    () =>
      [...probes.results]
        .filter(([endpoint]) => declared(endpoint))
        .flatMap(([endpoint, { up, down }]): Sample[] => [
          [[endpoint, 'up'], up],
          [[endpoint, 'down'], down],
        ]),
  );
  metrics.readOne(
    'gauge',
    { name: 'sekisho_target_retries_left', help: 'Retries that the budget still has.' },
    () => pool.retriesLeft,
  );
}

function watchWitnesses({ metrics, witnesses: { cosignatures } }: Watched): void {
  if (cosignatures === undefined) return;
  const labels = ['witness'];
  metrics.readOne(
    'gauge',
    {
      name: 'sekisho_witnessed_lag_entries',
      help: "Entries of the cell's log that the quorum of witnesses has not cosigned yet.",
    },
    () => {
      const { checkpointSize, witnessedSize } = cosignatures.report();
      return checkpointSize - witnessedSize;
    },
  );
  metrics.read(
    'gauge',
    {
      name: 'sekisho_witness_cosigned_size',
      help: 'Entries of the tree that a witness cosigned last.',
      labels,
    },
    () => cosignatures.report().witnesses.map(({ name, cosignedSize }): Sample => [[name], cosignedSize]),
  );
  metrics.read(
    'gauge',
    { name: 'sekisho_witness_failures', help: 'Failures of a witness since its last good answer.', labels },
    () => cosignatures.report().witnesses.map(({ name, failures }): Sample => [[name], failures]),
  );
  metrics.read(
    'gauge',
    {
      name: 'sekisho_witness_state',
      help: '1 with the state that a witness is in.',
      labels: ['witness', 'state'],
    },
    () => cosignatures.report().witnesses.map(({ name, state }): Sample => [[name, state], 1]),
  );
}
