import { expect, test } from 'vitest';
import { parseExposition } from '../../../tests/harness/parse-exposition.ts';
import { Metrics } from './base/metrics.ts';
import { watchCell } from './compose-telemetry.ts';
import { PlatformInForce } from './flows/platform-in-force.ts';

type Watched = Parameters<typeof watchCell>[0];

test('shows witnesses, and how far they are behind', async () => {
  const metrics = new Metrics();
  const report = () => ({
    checkpointSize: 12,
    witnessedSize: 7,
    witnesses: [
      { name: 'city', keyName: 'k', state: 'cosigned', cosignedSize: 12, failures: 0 },
      { name: 'audit', keyName: 'l', state: 'refused', cosignedSize: 7, failures: 3 },
    ],
  });
  const load = { items: 0, batches: 0, entries: 0, bytes: 0 };
  const stop = watchCell({
    metrics,
    platform: new PlatformInForce(),
    database: { pools: () => ({ main: { open: 3, idle: 1, waiting: 2 } }) },
    ledger: { load: () => ({ appended: load, queued: load, unsettled: load }), logs: () => [] },
    replica: { integrates: false },
    measure: { publishedAt: new Map() },
    walFolder: undefined,
    inference: { pool: { standings: () => [], retriesLeft: 0 }, probes: { results: new Map() } },
    witnesses: { cosignatures: { report } },
    clock: { nowMs: () => 0, monotonicMs: () => 0 },
  } as unknown as Watched);
  try {
    const told = parseExposition(await metrics.exposition('openmetrics'), 'openmetrics');
    expect(told.sum('sekisho_witnessed_lag_entries')).toBe(5);
    expect(told.sum('sekisho_witness_state', { witness: 'audit', state: 'refused' })).toBe(1);
    expect(told.sum('sekisho_witness_failures', { witness: 'audit' })).toBe(3);
    expect(told.sum('sekisho_witness_cosigned_size', { witness: 'city' })).toBe(12);
    expect(told.sum('sekisho_ledger_integrates')).toBe(0);
    expect(told.sum('sekisho_database_connections', { pool: 'main', state: 'used' })).toBe(2);
    expect(told.sum('sekisho_database_waiting')).toBe(2);
    expect(told.sum('process_resident_memory_bytes')).toBeGreaterThan(1_000_000);
  } finally {
    stop();
  }
});
