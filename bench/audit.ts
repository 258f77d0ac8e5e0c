/**
 * What an audit costs beside bare SHA-256 over the same bytes, in the same run: `node bench/audit.ts`.
 * Absolute numbers depend on the machine; compare the ratio.
 */
import { hash } from 'node:crypto';
import {
  TILE_WIDTH,
  auditLog,
  canonicalJson,
  encodeEntryBundle,
  entriesPath,
  leafHash,
  parseVerifierKeys,
  signCheckpoint,
  TreeFrontier,
} from '@sekisho/proof';
import type { AuditSource } from '@sekisho/proof';
import { mkdtemp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { firstEntries } from '../packages/proof/src/testing/audited-log.ts';
import { sampleCrossing, sampleOrigin, sampleSigner } from '../packages/proof/src/testing/sample-log.ts';

const ENTRIES = 100_000;

const folder = await mkdtemp(join(tmpdir(), 'sekisho-bench-'));
try {
  const checkpoint = await writeLog();
  const bundles = Array.from({ length: Math.ceil(ENTRIES / TILE_WIDTH) }, (_, index) => index);
  const read = (index: number): Promise<Buffer> =>
    readFile(join(folder, entriesPath(index, Math.min(TILE_WIDTH, ENTRIES - index * TILE_WIDTH))));

  let bytes = 0;
  const bareStarted = performance.now();
  for (const index of bundles) {
    const bundle = await read(index);
    bytes += bundle.length;
    hash('sha256', bundle, 'buffer');
  }
  const bareSeconds = (performance.now() - bareStarted) / 1000;

  const source: AuditSource = { checkpoint, readBundle: read };
  const rssBefore = process.memoryUsage().rss;
  let rssPeak = rssBefore;
  const started = performance.now();
  const report = await auditLog(source, parseVerifierKeys(sampleSigner(sampleOrigin).verifierKey), {
    onProgress: () => (rssPeak = Math.max(rssPeak, process.memoryUsage.rss())),
  });
  const seconds = (performance.now() - started) / 1000;
  if (report.verdict !== 'clean') throw new Error(`the log is not clean: ${report.findings[0]?.code}`);

  const mebibytes = (value: number): string => (value / 1024 / 1024).toFixed(0);
  console.log(`entries                 ${ENTRIES} (${mebibytes(bytes)} MiB)`);
  console.log(`bare read and SHA-256   ${bareSeconds.toFixed(2)} s`);
  console.log(`audit                   ${seconds.toFixed(2)} s, ${Math.round(ENTRIES / seconds)} entries/s`);
  console.log(`ratio                   ${(seconds / bareSeconds).toFixed(1)}`);
  console.log(`RSS before and peak     ${mebibytes(rssBefore)} and ${mebibytes(rssPeak)} MiB`);
} finally {
  await rm(folder, { recursive: true });
}

/** Crossings in turn, written bundle by bundle. Returns the checkpoint. */
async function writeLog(): Promise<string> {
  const tree = new TreeFrontier();
  let bundle: Uint8Array[] = [];
  for (const entry of entriesOfLog()) {
    tree.append(leafHash(entry));
    bundle.push(entry);
    if (bundle.length < TILE_WIDTH && tree.size < ENTRIES) continue;
    const file = join(folder, entriesPath(Math.floor((tree.size - 1) / TILE_WIDTH), bundle.length));
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, encodeEntryBundle(bundle));
    bundle = [];
  }
  return signCheckpoint(
    { origin: sampleOrigin, size: tree.size, root: tree.root() },
    sampleSigner(sampleOrigin),
  );
}

function* entriesOfLog(): Generator<Uint8Array> {
  const first = firstEntries();
  for (const entry of first) yield canonicalJson(entry);
  for (let n = 0; first.length + 2 * n < ENTRIES; n++) {
    const { intent, outcome } = sampleCrossing(n, first.length + 2 * n);
    yield canonicalJson(intent);
    yield canonicalJson(outcome);
  }
}
