import { expect, test } from 'vitest';
import { parseExposition } from '../../../../../tests/harness/parse-exposition.ts';
import { Metrics } from '../../base/metrics.ts';
import { measureLedger } from './index.ts';

const clock = { nowMs: () => 1_800_000_000_000, monotonicMs: () => 0 };

function measured() {
  const metrics = new Metrics();
  const measure = measureLedger(metrics, clock);
  const sum = async (name: string): Promise<number> =>
    parseExposition(await metrics.exposition('prometheus'), 'prometheus').sum(name);
  return { measure, sum };
}

const entry = { log: 'city', index: 0, bytes: new Uint8Array(1) };

test('counts what the sink takes, and what it refuses, which stays refused', async () => {
  const { measure, sum } = measured();
  let refuses = true;
  const taken: unknown[] = [];
  const sink = measure.sink({
    accept: async (entries) => {
      if (refuses) throw new Error('down');
      taken.push(...entries);
    },
  });
  await expect(sink.accept([entry])).rejects.toThrow('down');
  expect(await sum('sekisho_ledger_sink_failures_total')).toBe(1);
  expect(await sum('sekisho_ledger_settled_entries_total')).toBe(0);
  refuses = false;
  await sink.accept([entry, entry]);
  expect(taken).toEqual([entry, entry]);
  expect(await sum('sekisho_ledger_sink_failures_total')).toBe(1);
  expect(await sum('sekisho_ledger_settled_entries_total')).toBe(2);
  expect(await sum('sekisho_ledger_settled_time_seconds')).toBe(1_800_000_000);
});

test('knows when a checkpoint was published, and only when it was', async () => {
  const { measure } = measured();
  const files = {
    read: async () => undefined,
    removePartials: async () => {},
    write: async () => {},
    logs: async () => [],
    readCheckpoint: async () => undefined,
    publishCheckpoint: async (log: string) => {
      if (log === 'bad') throw new Error('full');
    },
  };
  const store = measure.tileStore(files);
  await store.publishCheckpoint('city', undefined, 'note');
  await expect(store.publishCheckpoint('bad', undefined, 'note')).rejects.toThrow('full');
  const shared = measure.tileFiles(files);
  await shared.write('tiles', [{ path: 'tile/0/000', bytes: new Uint8Array() }]);
  await shared.write('shared', [{ path: 'checkpoint', bytes: new Uint8Array() }]);
  expect([...measure.publishedAt]).toEqual([
    ['city', 1_800_000_000],
    ['shared', 1_800_000_000],
  ]);
});
