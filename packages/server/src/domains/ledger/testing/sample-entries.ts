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

/** An outcome in every respect that the ledger looks at. */
export const outcomeEntry: LedgerEntry = {
  action: 'process',
  crossing: '01a20aad-5836-7925-bd53-334213f0b35e',
  dataClass: 'confidentiality-2',
  intent: { index: 0, leafHash: `sha256:${'0'.repeat(64)}` },
  kind: 'outcome',
  platformRevision: 1,
  policies: [],
  policyDigest: `sha256:${'0'.repeat(64)}`,
  principal: 'cell',
  purpose: 'inference',
  request: { commitment: `hmac-sha256:${'0'.repeat(64)}`, saltDigest: `sha256:${'0'.repeat(64)}` },
  result: 'interrupted',
  status: 0,
  subject: 'mini',
  tenant: 'north',
  time: '2026-04-01T00:00:00.000Z',
  usage: { amountYen: '0', estimated: false, inputTokens: 0, outputTokens: 0 },
  version: 1,
  workspace: 'records',
};
