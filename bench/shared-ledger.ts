/**
 * What the shared ledger costs, beside plain `insert … select from unnest` of the same bytes in the same
 * run: `node bench/shared-ledger.ts`. `SEKISHO_BENCH_DATABASE_URL` names a PostgreSQL to measure; else the
 * embedded one is started. Absolute numbers depend on the disk and on what else runs; compare the ratios.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { openDatabase } from '../packages/server/src/adapters/postgres/index.ts';
import { openPlainStatements } from '../packages/server/src/adapters/postgres/testing/plain-statements.ts';
import { startEmbeddedPostgres } from '../packages/server/src/adapters/postgres/embedded-postgres.ts';
import { systemClock } from '../packages/server/src/base/clock.ts';
import { systemRandom } from '../packages/server/src/base/random.ts';

const WRITERS = [1, 2, 4];
const SECONDS_A_CASE = 4;
const OFFERED_PER_SECOND = 5000;
const SECONDS_OFFERED = 8;

const Result = z.object({
  entries: z.number(),
  seconds: z.number(),
  latenciesMs: z.array(z.number()),
  settledMs: z.array(z.number()),
});
type Result = z.infer<typeof Result>;

const quiet = { info: () => {}, warn: () => {}, error: () => {} };
const folder = await mkdtemp(join(tmpdir(), 'sekisho-bench-'));
const machine = { clock: systemClock, random: systemRandom(), log: quiet };
const given = process.env['SEKISHO_BENCH_DATABASE_URL'];
const server =
  given === undefined
    ? await startEmbeddedPostgres({ folder: join(folder, 'postgres'), ...machine })
    : undefined;
const stopAll = async (): Promise<void> => {
  await server?.stop();
  await rm(folder, { recursive: true, force: true });
};
try {
  const url = given ?? urlOf(server?.connection);
  const database = await openDatabase({ url }, quiet, () => []);
  await database.close();
  await durableAppends(url);
  await receiptLatency(url);
} finally {
  await stopAll();
}

async function durableAppends(url: string): Promise<void> {
  console.log(
    'writers   insert unnest, entries/s   shared ledger, durable entries/s   ratio   ack p50    p99 ms',
  );
  const plain = await openPlainStatements(url);
  for (const writers of WRITERS) {
    await plain.run('drop table if exists bench_raw');
    await plain.run(`create table bench_raw (
      log text, index bigint, bytes bytea, leaf_hash bytea, attachment bytea, primary key (log, index))`);
    const raw = await run('raw', writers, url);
    const ledger = await run('ledger', writers, url);
    console.log(
      [
        String(writers).padStart(7),
        rate(raw.perSecond).padStart(26),
        rate(ledger.perSecond).padStart(34),
        `${((100 * ledger.perSecond) / raw.perSecond).toFixed(0)}%`.padStart(7),
        at(ledger.latenciesMs, 0.5).padStart(9),
        at(ledger.latenciesMs, 0.99).padStart(9),
      ].join(' '),
    );
  }
  await plain.run('drop table bench_raw');
  await plain.close();
}

async function receiptLatency(url: string): Promise<void> {
  // One replica is asked, and one stands beside it: either may integrate.
  const { latenciesMs, settledMs, perSecond } = await run('offered', 2, url);
  console.log(`\noffered ${rate(OFFERED_PER_SECOND)}/s to two replicas, taken ${rate(perSecond)}/s`);
  for (const [what, values] of [
    ['durable', latenciesMs],
    ['in a published tree and accepted by the sink', settledMs],
  ] as const) {
    console.log(`${what}: p50 ${at(values, 0.5)} ms, p99 ${at(values, 0.99)} ms`);
  }
}

async function run(
  mode: 'raw' | 'ledger' | 'offered',
  writers: number,
  url: string,
): Promise<{ perSecond: number; latenciesMs: number[]; settledMs: number[] }> {
  const seconds = mode === 'offered' ? SECONDS_OFFERED : SECONDS_A_CASE;
  const program = join(import.meta.dirname, 'shared-ledger', 'writer.ts');
  const children = Array.from({ length: writers }, (_, writer) =>
    fork(program, [
      mode,
      url,
      join(folder, 'logs'),
      String(seconds),
      String(OFFERED_PER_SECOND / writers),
      `${mode}-${writers}-${writer}`,
    ]),
  );
  // They begin together.
  await Promise.all(children.map((child) => once(child, 'message')));
  for (const child of children) {
    child.once('exit', (code) => {
      // Without its answer the others would be waited for without end.
      if (code !== 0) void stopAll().then(() => process.exit(1));
    });
  }
  const results = children.map(async (child): Promise<Result> => {
    const [message] = await once(child, 'message');
    return Result.parse(message);
  });
  const ended = children.map((child) => once(child, 'exit'));
  for (const child of children) child.send('begin');
  const done = await Promise.all(results);
  for (const child of children) child.send('end');
  await Promise.all(ended);
  const sorted = (pick: (result: Result) => number[]): number[] => done.flatMap(pick).sort((a, b) => a - b);
  return {
    perSecond: done.reduce((sum, { entries, seconds: took }) => sum + entries / took, 0),
    latenciesMs: sorted((result) => result.latenciesMs),
    settledMs: sorted((result) => result.settledMs),
  };
}

function urlOf(
  connection: { host: string; user: string; database: string; password: string } | undefined,
): string {
  if (connection === undefined) throw new Error('no server was started');
  const { host, user, database, password } = connection;
  return `postgresql://${user}:${password}@localhost/${database}?host=${encodeURIComponent(host)}`;
}

function at(sorted: readonly number[], share: number): string {
  return (sorted[Math.floor(sorted.length * share)] ?? 0).toFixed(1);
}

function rate(value: number): string {
  return Math.round(value).toLocaleString('en');
}
