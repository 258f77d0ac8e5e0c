/**
 * How soon after its answer a crossing's receipt is there, by crossings offered a second: `node bench/receipts.ts`.
 * The whole road but for the model: intent and outcome durable, tree, signed checkpoint, projection into the
 * embedded PostgreSQL, inclusion proof. Arrivals do not wait for each other, as clients do not.
 */
import { mkdtemp, rm, chmod } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseVerifierKey, verifyReceipt } from '@sekisho/proof';
import { fileTileStore, fileWriteAheadLog } from '../packages/server/src/adapters/ledger-files/index.ts';
import { openDatabase } from '../packages/server/src/adapters/postgres/index.ts';
import { openSoftwareKeystore } from '../packages/server/src/adapters/software-keystore/index.ts';
import { systemClock } from '../packages/server/src/base/clock.ts';
import { systemRandom } from '../packages/server/src/base/random.ts';
import { openLedger } from '../packages/server/src/domains/ledger/index.ts';
import type { Decision } from '../packages/server/src/domains/residency/index.ts';
import { CrossingKernel } from '../packages/server/src/flows/crossing-kernel.ts';
import { getReceipt } from '../packages/server/src/flows/get-receipt.ts';

const OFFERED_PER_SECOND = [1000, 2500, 5000];
const SECONDS = 8;
/** A receipt is asked for after every so many crossings, at once. */
const RECEIPT_EACH = 100;
const TICK_MS = 5;
const TENANT = 'bench';

const payload = Buffer.alloc(1024, 'a');
const target = {
  endpoint: 'sapporo-1',
  copies: [
    {
      kind: 'processing',
      site: 'sapporo',
      place: '011002',
      operator: 'Hokkai Cloud',
      operatorCountry: 'JP',
    },
  ],
  assurance: 'declared',
} as const;
const decision: Decision = {
  decision: 'allow',
  policyDigest: `sha256:${'0'.repeat(64)}`,
  platformRevision: 1,
  policies: ['inside-japan'],
  targets: [target],
};

const home = await mkdtemp(join(tmpdir(), 'sekisho-bench-'));
// The database runs as another user.
await chmod(home, 0o755);
const log = { info: () => {}, warn: console.warn, error: console.error };
const random = systemRandom();
const database = await openDatabase({ embeddedIn: join(home, 'postgres') }, log, () => []);
const ledger = await openLedger({
  cellName: 'bench.example',
  wal: fileWriteAheadLog({ folder: join(home, 'wal') }),
  tiles: fileTileStore({ folder: join(home, 'logs') }),
  keys: await openSoftwareKeystore({
    folder: join(home, 'keys'),
    passphraseFile: join(home, 'passphrase'),
    random,
    scryptCost: 10,
  }),
  sink: database.ledgerSink,
  clock: systemClock,
  log,
});
try {
  await ledger.ensureLog(TENANT);
  const kernel = new CrossingKernel(ledger, systemClock, random);
  console.log('crossings/s   recorded/s   answer ms p50   p99   receipt ms p50      p99      max   refused');
  for (const offered of OFFERED_PER_SECOND) await offer(kernel, offered);
} finally {
  await ledger.close();
  await database.close();
  await rm(home, { recursive: true });
}

async function offer(kernel: CrossingKernel, perSecond: number): Promise<void> {
  const answeredMs: number[] = [];
  const receiptMs: number[] = [];
  let refused = 0;
  const running: Promise<void>[] = [];
  const started = performance.now();
  let begun = 0;
  while (begun < perSecond * SECONDS) {
    const due = Math.min(perSecond * SECONDS, ((performance.now() - started) / 1000) * perSecond);
    for (; begun < due; begun++) {
      running.push(
        cross(begun % RECEIPT_EACH === 0).catch((cause: unknown) => {
          if (refused++ === 0) console.error(cause);
        }),
      );
    }
    await new Promise((resolve) => setTimeout(resolve, TICK_MS));
  }
  await Promise.all(running);
  const seconds = (performance.now() - started) / 1000;

  async function cross(wantsReceipt: boolean): Promise<void> {
    const asked = performance.now();
    const crossing = await kernel.recordIntent(
      {
        tenant: TENANT,
        workspace: 'welfare',
        principal: 'key:bench',
        action: 'process',
        subject: 'sekisho-mini',
        dataClass: 'confidentiality-2',
        purpose: 'bench',
        payload,
      },
      decision,
    );
    await crossing.recordOutcome({
      result: 'completed',
      status: 200,
      carried: { endpoint: 'sapporo-1', copies: target.copies, assurance: 'declared' },
      answer: crossing.commitAnswer(payload),
      usage: { inputTokens: 100, outputTokens: 100, estimated: false, amountYen: '0.02' },
    });
    const answered = performance.now();
    answeredMs.push(answered - asked);
    if (!wantsReceipt) return;
    const bytes = await getReceipt(
      { ledger, anchors: undefined, crossings: database.crossings },
      { kind: 'workspace-key', name: 'key:bench', tenant: TENANT, workspace: 'welfare' },
      crossing.id,
      { form: 'sekisho-receipt', witnesses: 'if-there' },
    );
    receiptMs.push(performance.now() - answered);
    const verdict = verifyReceipt(bytes, [parseVerifierKey(ledger.verifierKey(TENANT))]);
    if (verdict.verdict !== 'valid') throw new Error(verdict.code);
  }

  console.log(
    [
      String(perSecond).padStart(11),
      String(Math.round(answeredMs.length / seconds)).padStart(12),
      share(answeredMs, 0.5).padStart(15),
      share(answeredMs, 0.99).padStart(5),
      share(receiptMs, 0.5).padStart(16),
      share(receiptMs, 0.99).padStart(8),
      share(receiptMs, 1).padStart(8),
      String(refused).padStart(9),
    ].join(' '),
  );
}

function share(values: readonly number[], quantile: number): string {
  const sorted = values.toSorted((a, b) => a - b);
  return (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * quantile))] ?? 0).toFixed(0);
}
