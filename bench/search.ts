/**
 * What searches over crossings cost, beside a bare select by primary key of the same table in the same
 * run; what projecting an entry costs, and how fast a rebuild reads the ledger: `node bench/search.ts`.
 * Absolute numbers depend on the machine and on what else runs; compare the ratios.
 */
import { randomBytes } from 'node:crypto';
import { canonicalJson } from '@sekisho/proof';
import {
  runPlain,
  searchBench,
  type SearchBench,
} from '../packages/server/src/adapters/postgres/testing/search-bench.ts';
import {
  intentEntry,
  newCrossing,
  outcomeEntry,
} from '../packages/server/src/adapters/postgres/testing/ledger-entries.ts';
import { systemClock } from '../packages/server/src/base/clock.ts';
import type { CrossingFilter, CrossingPosition } from '../packages/server/src/domains/crossings/index.ts';
import { RebuildCrossings } from '../packages/server/src/flows/rebuild-crossings.ts';
import { SearchCrossings } from '../packages/server/src/flows/search-crossings.ts';

const SIZES = [10_000, 100_000, 1_000_000];
const ASKED = 200;
const BUDGET_MS_A_FILTER = 600;
const PAGE = 50;
const PAGES_DEEP = 20;
const PROJECTED_CROSSINGS = 20_480;
const BATCH_CROSSINGS = 512;
const START_MS = Date.parse('2026-04-01T00:00:00.000Z');

/** One value that nearly all crossings have, and one that one in ten thousand has. */
const filters: readonly (readonly [string, CrossingFilter])[] = [
  ['newest', {}],
  ['an hour', { startedFrom: '2026-04-01T01:00:00.000Z', startedBefore: '2026-04-01T02:00:00.000Z' }],
  ['tenant, 1 %', { tenant: 'city7' }],
  ['tenant + workspace', { tenant: 'city7', workspace: 'w7' }],
  ['principal, 0.1 %', { principal: 'key:k7' }],
  ['principal, rare', { principal: 'key:rare' }],
  ['model, common', { subject: 'mini' }],
  ['model, rare', { subject: 'rare' }],
  ['action, rare', { action: 'train' }],
  ['data class, common', { dataClass: 'confidentiality-2' }],
  ['data class, rare', { dataClass: 'my-number' }],
  ['decision, rare', { decision: 'deny' }],
  ['result, common', { result: 'completed' }],
  ['result, rare', { result: 'failed' }],
  ['place JP, all', { place: 'JP' }],
  ['place, rare', { place: 'JP-01' }],
  ['endpoint, rare', { endpoint: 'rare' }],
  ['assurance, rare', { assurance: 'hardware-attested' }],
  ['tenant + rare place', { tenant: 'city7', place: 'JP-01' }],
  ['tenant + rare model + class', { tenant: 'city0', subject: 'rare', dataClass: 'my-number' }],
  ['workspace alone, absent', { workspace: 'nowhere' }],
];

const started = performance.now();
const bench = await searchBench();
try {
  await projection(bench);
  await payloads(bench);
  for (const size of SIZES) await searches(bench, size);
} finally {
  await bench.stop();
}
console.log(`\n${((performance.now() - started) / 1000).toFixed(0)} s`);
process.exit(0);

/** The sink, live; then a rebuild of the same entries from their stored bytes. */
async function projection({ sink, generations }: SearchBench): Promise<void> {
  const stored: Uint8Array[] = [];
  const batches: {
    readonly log: string;
    readonly index: number;
    readonly bytes: Uint8Array;
    readonly entry: never;
    readonly attachment: Uint8Array;
  }[][] = [];
  const settle = (entry: unknown, salts: number) => {
    const bytes = canonicalJson(JSON.parse(JSON.stringify(entry)));
    stored.push(bytes);
    return {
      log: 'city',
      index: stored.length - 1,
      bytes,
      entry: entry as never,
      attachment: randomBytes(32 * salts),
    };
  };
  for (let first = 0; first < PROJECTED_CROSSINGS; first += BATCH_CROSSINGS) {
    const intents = Array.from({ length: BATCH_CROSSINGS }, (_, at) => {
      const startedMs = START_MS + first + at;
      return intentEntry({
        tenant: 'city',
        crossing: newCrossing(startedMs),
        time: new Date(startedMs).toISOString(),
        request: commitment(),
      });
    });
    const base = stored.length;
    // The outcome comes in a later batch than the intent: the dearer case, two writes a crossing.
    batches.push(intents.map((intent) => settle(intent, 1)));
    batches.push(
      intents.map((intent, at) => settle(outcomeEntry(intent, base + at, { answer: commitment() }), 2)),
    );
  }
  const cpu = process.cpuUsage();
  const began = performance.now();
  for (const batch of batches) await sink.accept(batch);
  const seconds = (performance.now() - began) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  console.log(
    `sink, intent and outcome apart   ${perSecond(stored.length, seconds)} entries/s, ${((user + system) / stored.length).toFixed(1)} us of the cell's thread an entry`,
  );

  const ledger = {
    async *readEntries(_log: string, from: number, to: number) {
      for (let index = from; index < to; index++) yield { index, bytes: stored[index] ?? new Uint8Array() };
    },
  };
  const log = { info: () => {}, warn: console.error, error: console.error };
  const rebuild = new RebuildCrossings(ledger, generations, systemClock, log);
  const cpuBefore = process.cpuUsage();
  const rebuildBegan = performance.now();
  let longestMs = 0;
  let last = performance.now();
  const watch = setInterval(() => {
    longestMs = Math.max(longestMs, performance.now() - last);
    last = performance.now();
  }, 1);
  await rebuild.start();
  while ((await rebuild.status()).rebuild.state === 'running')
    await new Promise((resolve) => setTimeout(resolve, 5));
  clearInterval(watch);
  const rebuildSeconds = (performance.now() - rebuildBegan) / 1000;
  const used = process.cpuUsage(cpuBefore);
  const { rebuild: state } = await rebuild.status();
  console.log(
    `rebuild (${state.state})               ${perSecond(stored.length, rebuildSeconds)} entries/s, ${((used.user + used.system) / stored.length).toFixed(1)} us of the cell's thread an entry, which it held for at most ${longestMs.toFixed(0)} ms`,
  );
}

/** Every salt is tried: the cost is that of the hash and of reading the salts. */
async function payloads({ search }: SearchBench): Promise<void> {
  const searching = new SearchCrossings(search);
  const query = { side: 'request', tenant: 'city', from: '2026-04-01', to: '2026-04-30' } as const;
  for (const bytes of [200, 20_000]) {
    const payload = randomBytes(bytes);
    let cursor: string | undefined;
    let tested = 0;
    const spentMs = await timed(async () => {
      do {
        const some = await searching.findPayload({ ...query, cursor }, payload);
        tested += some.tested;
        cursor = some.nextCursor;
      } while (cursor !== undefined);
    });
    console.log(
      `find a payload of ${String(bytes).padStart(5)} bytes   ${perSecond(tested, spentMs / 1000)} crossings/s, ${((1000 * spentMs) / tested).toFixed(1)} us each`,
    );
  }
}

async function searches({ db, search }: SearchBench, size: number): Promise<void> {
  const fillMs = await timed(() => bench.fill(size));
  const some = (await search.page({}, 1000, undefined)).map(({ crossing }) => crossing);
  let turn = 0;
  const bare = await timesOf(() => runPlain(db, some[turn++ % some.length] ?? ''));
  console.log(`\n${size} crossings, filled and indexed in ${(fillMs / 1000).toFixed(1)} s`);
  console.log(`bare select by primary key       p50 ${ms(bare.p50)}  p99 ${ms(bare.p99)}`);
  console.log(`first page of ${PAGE}                  p50 ms    p99 ms   p50 ratio  rows`);
  const commitmentOfOne = (await search.page({}, 1, undefined))[0]?.requestCommitment;
  const all = [...filters, ['request commitment', { requestCommitment: commitmentOfOne }] as const];
  for (const [name, filter] of all) {
    let rows = 0;
    const times = await timesOf(async () => {
      rows = (await search.page(filter, PAGE + 1, undefined)).length;
    });
    console.log(
      `  ${name.padEnd(29)} ${ms(times.p50)} ${ms(times.p99)}  ${(times.p50 / bare.p50).toFixed(1).padStart(8)}  ${rows}`,
    );
  }
  let position: CrossingPosition | undefined;
  const deep: number[] = [];
  for (let page = 0; page < PAGES_DEEP; page++) {
    deep.push(await timed(async () => (position = (await search.page({}, 1000, position)).at(-1))));
  }
  const total = deep.reduce((sum, each) => sum + each, 0);
  console.log(
    `  ${PAGES_DEEP} pages of 1000 by cursor: ${perSecond(1000 * PAGES_DEEP, total / 1000)} crossings/s, last page ${(deep.at(-1) ?? 0).toFixed(1)} ms`,
  );
}

async function timesOf(
  work: () => Promise<unknown>,
): Promise<{ readonly p50: number; readonly p99: number }> {
  for (let warm = 0; warm < 3; warm++) await work();
  const times: number[] = [];
  const began = performance.now();
  while (times.length < ASKED && performance.now() - began < BUDGET_MS_A_FILTER)
    times.push(await timed(work));
  times.sort((a, b) => a - b);
  const at = (share: number): number =>
    times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? 0;
  return { p50: at(0.5), p99: at(0.99) };
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

function commitment() {
  return {
    commitment: `hmac-sha256:${randomBytes(32).toString('hex')}`,
    saltDigest: `sha256:${'a'.repeat(64)}`,
  };
}

function ms(value: number): string {
  return value.toFixed(2).padStart(8);
}

function perSecond(count: number, seconds: number): string {
  return Math.round(count / seconds).toString();
}
