import type { OutcomeEntry } from '@sekisho/contract';
import {
  base64,
  canonicalJson,
  commit,
  ed25519NoteSigner,
  formatReceipt,
  leafHash,
  nodeHash,
  signCheckpoint,
  utf8,
} from '@sekisho/proof';

/** A receipt of a crossing that failed, in a log of two entries, with the salt of its request. */
export function signedReceipt(request: Uint8Array): {
  readonly bytes: Uint8Array;
  readonly verifierKey: string;
} {
  const origin = 'cell.example.jp/ledger/city-demo';
  const signer = ed25519NoteSigner(origin, new Uint8Array(32).fill(7));
  const salt = new Uint8Array(32).fill(9);
  const intentHash = leafHash(utf8('an intent'));
  const statement: OutcomeEntry = {
    version: 1,
    kind: 'outcome',
    time: '2026-04-01T00:00:00.000Z',
    crossing: '019d4682-2000-7000-8000-000000000000',
    tenant: 'city-demo',
    workspace: 'resident-services',
    principal: 'key:k7m2p9',
    action: 'process',
    subject: 'sekisho-mini',
    dataClass: 'my-number',
    purpose: 'inference',
    platformRevision: 1,
    policyDigest: `sha256:${'00'.repeat(32)}`,
    policies: [],
    intent: { index: 0, leafHash: `sha256:${Buffer.from(intentHash).toString('hex')}` },
    result: 'failed',
    status: 503,
    request: commit(request, salt),
    usage: { inputTokens: 0, outputTokens: 0, estimated: false, amountYen: '0' },
  };
  const root = nodeHash(intentHash, leafHash(canonicalJson(statement)));
  const bytes = formatReceipt({
    statement,
    index: 1,
    hashes: [intentHash],
    checkpoint: signCheckpoint({ origin, size: 2, root }, signer),
    openings: { requestSalt: base64(salt) },
  });
  return { bytes, verifierKey: signer.verifierKey };
}
