import type { LedgerEntry } from '@sekisho/contract';

/** About as long as the intent of a chat completion. */
export function intentOfAChat(serial: number): LedgerEntry {
  return {
    version: 1,
    kind: 'intent',
    time: '2026-04-01T00:00:00.000Z',
    crossing: `01960000-0000-7000-8000-${String(serial).padStart(12, '0')}`,
    tenant: 'bench',
    workspace: 'welfare',
    principal: 'key:k1',
    action: 'process',
    subject: 'sekisho-mini',
    dataClass: 'confidentiality-2',
    purpose: 'bench',
    platformRevision: 1,
    policyDigest: `sha256:${'0'.repeat(64)}`,
    policies: ['inside-japan'],
    decision: 'allow',
    targets: ['sapporo-1'],
    request: { commitment: `hmac-sha256:${'0'.repeat(64)}`, saltDigest: `sha256:${'0'.repeat(64)}` },
  };
}
