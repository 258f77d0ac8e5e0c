import type { IntentEntry, OutcomeEntry } from '@sekisho/contract';
import { uuidV7 } from '../../../base/random.ts';
import type { SettledEntry } from '../../../domains/ledger/ports.ts';
import { machine } from './test-server.ts';

const digest = `sha256:${'a'.repeat(64)}`;
const commitment = { commitment: `hmac-sha256:${'b'.repeat(64)}`, saltDigest: digest };

export function newCrossing(nowMs = Date.parse('2026-04-01T00:00:00.000Z')): string {
  return uuidV7(nowMs, machine.random);
}

export function intentEntry(over: Partial<IntentEntry> = {}): IntentEntry {
  return {
    version: 1,
    kind: 'intent',
    time: '2026-04-01T00:00:00.000Z',
    crossing: newCrossing(),
    tenant: 'city-demo',
    workspace: 'desk',
    principal: 'key:abc',
    action: 'process',
    subject: 'sekisho-mini',
    dataClass: 'confidentiality-2',
    purpose: 'inference',
    platformRevision: 1,
    policyDigest: digest,
    policies: ['p'],
    decision: 'allow',
    targets: ['mini'],
    request: commitment,
    ...over,
  };
}

export function outcomeEntry(
  intent: IntentEntry,
  intentIndex: number,
  over: Partial<OutcomeEntry> = {},
): OutcomeEntry {
  const { decision: _decision, targets: _targets, kind: _kind, ...shared } = intent;
  return {
    ...shared,
    kind: 'outcome',
    intent: { index: intentIndex, leafHash: digest },
    result: 'completed',
    status: 200,
    carried: {
      endpoint: 'mini',
      copies: [
        { kind: 'processing', site: 'tokyo', place: '131016', operator: 'Operator', operatorCountry: 'JP' },
      ],
      assurance: 'declared',
    },
    usage: { inputTokens: 10, outputTokens: 5, estimated: false, amountYen: '0.0001' },
    ...over,
  };
}

export function settled(log: string, index: number, entry: unknown, attachment?: Uint8Array): SettledEntry {
  const bytes = Buffer.from(JSON.stringify(entry));
  return attachment === undefined ? { log, index, bytes } : { log, index, bytes, attachment };
}
