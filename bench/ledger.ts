/**
 * What the ledger costs, beside the limits of the same machine in the same run: `node bench/ledger.ts`.
 * Absolute numbers depend on the disk and on what else runs; compare the ratios.
 */
import { hash } from 'node:crypto';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { canonicalJson, formatTlogProof, inclusionProof, leafHash, verifyInclusion } from '@sekisho/proof';
import { fileTileStore, fileWriteAheadLog } from '../packages/server/src/adapters/ledger-files/index.ts';
import { systemClock } from '../packages/server/src/base/clock.ts';
import { openLedger } from '../packages/server/src/domains/ledger/index.ts';
import type { Ledger } from '../packages/server/src/domains/ledger/index.ts';
import { LogKeys } from '../packages/server/src/domains/ledger/log-keys.ts';
import { LogTree } from '../packages/server/src/domains/ledger/log-tree.ts';
import { memoryKeys } from '../packages/server/src/domains/ledger/testing/memory-storage.ts';
import { TileCache } from '../packages/server/src/domains/ledger/tile-cache.ts';
import { intentOfAChat } from './intent-of-a-chat.ts';

const SECONDS_A_CASE = 3;
const OUTSTANDING = [1, 16, 256, 512, 1024, 4096];
const TREE_SIZES = [1_000, 10_000, 100_000, 1_000_000, 10_000_000];
const PROOFS_A_SIZE = 200;
/** Entries of one growth while a tree is built. */
const GROWTH = 50_000;

const home = await mkdtemp(join(tmpdir(), 'sekisho-bench-'));
try {
  console.log(
    `entry: ${canonicalJson(intentOfAChat(0)).length} bytes of canonical JSON, 64 bytes attached\n`,
  );
  const raw = await rawLimits();
  await appendRates(raw);
  await proofTimes();
} finally {
  await rm(home, { recursive: true, force: true });
}

interface RawLimits {
  /** Bare write + fdatasync of a batch of that many entries: entries per second. */
  readonly durablePerSecond: ReadonlyMap<number, number>;
  readonly hashedPerSecond: number;
}

async function rawLimits(): Promise<RawLimits> {
  const bytes = canonicalJson(intentOfAChat(0));
  const hashed = perSecond(1, () => {
    hash('sha256', bytes, 'buffer');
    return 1;
  });
  console.log(`bare SHA-256 of one entry           ${rate(hashed)}/s`);
  const durablePerSecond = new Map<number, number>();
  for (const outstanding of OUTSTANDING) {
    // A batch of the ledger holds at most 1024 entries.
    const entries = Math.min(outstanding, 1024);
    const frame = Buffer.alloc(entries * (bytes.length + 64), 1);
    const file = await open(join(home, `raw-${outstanding}`), 'w');
    const started = performance.now();
    let syncs = 0;
    for (; performance.now() - started < 1000; syncs++) {
      await file.write(frame, 0, frame.length, syncs * frame.length);
      await file.datasync();
    }
    const seconds = (performance.now() - started) / 1000;
    await file.close();
    durablePerSecond.set(outstanding, (syncs * entries) / seconds);
    console.log(
      `bare write+fdatasync, ${String(entries).padStart(4)} a batch    ${rate(syncs / seconds)} syncs/s, ${rate((syncs * entries) / seconds)} entries/s`,
    );
  }
  return { durablePerSecond, hashedPerSecond: hashed };
}

async function appendRates({ durablePerSecond, hashedPerSecond }: RawLimits): Promise<void> {
  console.log(
    '\noutstanding   durable entries/s   of bare fdatasync   of bare SHA-256   ack p50    p99 ms   settled after',
  );
  for (const outstanding of OUTSTANDING) {
    const ledger = await openBenchLedger(join(home, `append-${outstanding}`));
    await ledger.ensureLog('bench');
    const latenciesMs: number[] = [];
    const attachment = new Uint8Array(64);
    const started = performance.now();
    const appendUntilDone = async (): Promise<void> => {
      while (performance.now() - started < SECONDS_A_CASE * 1000) {
        const asked = performance.now();
        await ledger.append('bench', intentOfAChat(latenciesMs.length), attachment);
        latenciesMs.push(performance.now() - asked);
      }
    };
    await Promise.all(Array.from({ length: outstanding }, appendUntilDone));
    const ended = performance.now();
    const entriesPerSecond = latenciesMs.length / ((ended - started) / 1000);
    await ledger.settledNow('bench');
    const settledMs = performance.now() - ended;
    await ledger.close();
    latenciesMs.sort((a, b) => a - b);
    const at = (share: number) => (latenciesMs[Math.floor(latenciesMs.length * share)] ?? 0).toFixed(1);
    const ratio = (limit: number) => `${((100 * entriesPerSecond) / limit).toFixed(0)}%`;
    console.log(
      [
        String(outstanding).padStart(11),
        rate(entriesPerSecond).padStart(19),
        ratio(durablePerSecond.get(outstanding) ?? 0).padStart(19),
        ratio(hashedPerSecond).padStart(17),
        at(0.5).padStart(10),
        at(0.99).padStart(9),
        `${settledMs.toFixed(0)} ms`.padStart(15),
      ].join(' '),
    );
  }
}

async function proofTimes(): Promise<void> {
  console.log(
    '\n     entries   built at/s   growth by 1, ms   hashes   bytes of tlog-proof   proof ms, tile cache cold / warm',
  );
  const keys = await LogKeys.openOrCreate(memoryKeys(), 'bench.example/ledger/bench');
  const store = fileTileStore({ folder: join(home, 'tree') });
  const parts = { log: 'bench', keys, store };
  let tree = LogTree.empty({ ...parts, cache: new TileCache(512) });
  for (const size of TREE_SIZES) {
    const grown = size - tree.size;
    const started = performance.now();
    while (tree.size < size) {
      const next = Array.from({ length: Math.min(GROWTH, size - tree.size) }, (_, at) =>
        newLeaf(tree.size + at),
      );
      await tree.grow(next);
    }
    const buildSeconds = (performance.now() - started) / 1000;

    const cold = await proofMs(() => LogTree.open({ ...parts, cache: new TileCache(512) }), size);
    const opened = await LogTree.open({ ...parts, cache: new TileCache(8192) });
    await proofMs(async () => opened, size);
    const warm = await proofMs(async () => opened, size);

    tree = opened;
    const growthStarted = performance.now();
    for (let one = 0; one < 20; one++) await tree.grow([newLeaf(tree.size)]);
    const growthMs = (performance.now() - growthStarted) / 20;
    console.log(
      [
        String(size).padStart(12),
        rate(grown / buildSeconds).padStart(12),
        growthMs.toFixed(1).padStart(17),
        String(cold.hashes).padStart(8),
        String(cold.bytes).padStart(21),
        `${cold.ms.toFixed(2)} / ${warm.ms.toFixed(2)}`.padStart(34),
      ].join(' '),
    );
  }
}

/** Time of one inclusion proof, each from the tree that `openTree` gives; hashes and bytes of the longest. */
async function proofMs(
  openTree: () => Promise<LogTree>,
  size: number,
): Promise<{ ms: number; hashes: number; bytes: number }> {
  let ms = 0;
  let hashes = 0;
  let bytes = 0;
  for (let proof = 0; proof < PROOFS_A_SIZE; proof++) {
    const index = Math.floor((proof * size) / PROOFS_A_SIZE);
    const tree = await openTree();
    const started = performance.now();
    const path = await inclusionProof(index, size, tree.readHash());
    ms += performance.now() - started;
    hashes = Math.max(hashes, path.length);
    const { note: checkpoint, root } = tree.published();
    bytes = Math.max(bytes, formatTlogProof({ extra: undefined, index, hashes: path, checkpoint }).length);
    const verdict = verifyInclusion({ index, size, root, leafHash: newLeaf(index).leafHash, hashes: path });
    if (!verdict.ok) throw new Error(`the proof of ${index} in ${size} does not verify`);
  }
  return { ms: ms / PROOFS_A_SIZE, hashes, bytes };
}

function newLeaf(index: number) {
  const bytes = Buffer.from(`{"index":${index}}`);
  return { bytes, leafHash: leafHash(bytes) };
}

function openBenchLedger(folder: string): Promise<Ledger> {
  return openLedger({
    cellName: 'bench.example',
    wal: fileWriteAheadLog({ folder: join(folder, 'wal') }),
    tiles: fileTileStore({ folder: join(folder, 'logs') }),
    keys: memoryKeys(),
    sink: { accept: async () => {} },
    clock: systemClock,
    log: { info: () => {}, warn: console.warn, error: console.error },
  });
}

function perSecond(seconds: number, act: () => number): number {
  const started = performance.now();
  let done = 0;
  while (performance.now() - started < seconds * 1000) for (let at = 0; at < 1000; at++) done += act();
  return done / ((performance.now() - started) / 1000);
}

function rate(value: number): string {
  return Math.round(value).toLocaleString('en');
}
