import type { LedgerEntry } from '@sekisho/contract';
import type { Clock } from '../../../base/clock.ts';
import type { Log } from '../../../base/log.ts';

const NOW_MS = Date.UTC(2026, 3, 1);

/** Time stands still. */
export const fixedClock: Clock = { nowMs: () => NOW_MS, monotonicMs: () => 0 };

export const quietLog: Log = { info: () => {}, warn: () => {}, error: () => {} };

/** An entry that differs from every other by its number. */
export function keyEntry(serial: number): LedgerEntry {
  return {
    version: 1,
    kind: 'key-created',
    time: '2026-04-01T00:00:00.000Z',
    principal: 'operator:tests',
    keyId: `k${serial}`,
    workspace: 'welfare',
  };
}
