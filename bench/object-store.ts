/**
 * `npm run bench:object-store`: what the S3 tile store costs beside a bare HTTP client.
 *
 * Both write and read full tiles (8,192 bytes) on the same Ceph of this machine, in turns:
 * - `bare`     undici with a URL that was signed beforehand: no digest, no signature, no check
 * - `sekisho`  the tile store: SHA-256 and signature of each request, every answer checked against its ETag
 *
 * The ratios count: formed between neighbours of one round, so that what disturbs one disturbs the other.
 * Gateway, monitor and OSD (in memory) share the cores with the client. Takes about 45 s and needs the
 * Debian packages `ceph-common ceph-mon ceph-osd radosgw`.
 */
import { randomBytes } from 'node:crypto';
import { availableParallelism, cpus, loadavg } from 'node:os';
import { tilePath } from '@sekisho/proof';
import { Pool } from 'undici';
import { s3TileFiles } from '../packages/server/src/adapters/s3-tiles/index.ts';
import { systemClock } from '../packages/server/src/base/clock.ts';
import { systemRandom } from '../packages/server/src/base/random.ts';
import { makeBucket, presignedUrl, startCeph } from '../tests/harness/ceph-cluster.ts';

const SECONDS_A_CASE = 1.5;
const ROUNDS = 3;
const OUTSTANDING = [1, 16];
const TILES = 512;
const LOG = 'bench';

type Operation = 'write' | 'read';
interface Contender {
  readonly name: 'bare' | 'sekisho';
  readonly write: (tile: number) => Promise<void>;
  readonly read: (tile: number) => Promise<void>;
}
interface Measured {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

const ceph = await startCeph();
const bucket = await makeBucket(ceph);
const bytes = randomBytes(8192);
const paths = Array.from({ length: TILES }, (_, index) => tilePath(0, index));
const pathOf = (tile: number): string => paths[tile % TILES] ?? '';

const tiles = s3TileFiles(
  {
    endpoint: ceph.endpoint,
    region: ceph.region,
    bucket,
    accessKeyId: ceph.accessKey,
    secretAccessKey: ceph.secretKey,
  },
  { clock: systemClock, random: systemRandom() },
);
const pool = new Pool(ceph.endpoint, { connections: Math.max(...OUTSTANDING) });
try {
  console.log(
    `${cpus()[0]?.model ?? 'CPU'}, ${availableParallelism()} cores, Node ${process.version}, load ${loadavg()[0]?.toFixed(1)}\n`,
  );
  await compare([bareClient(), tileStore()]);
} finally {
  await tiles.close();
  await pool.destroy();
  await ceph.stop();
}

function tileStore(): Contender {
  return {
    name: 'sekisho',
    write: (tile) => tiles.write(LOG, [{ path: pathOf(tile), bytes }]),
    async read(tile) {
      check((await tiles.read(LOG, pathOf(tile)))?.length === bytes.length);
    },
  };
}

function bareClient(): Contender {
  const signed = (method: 'PUT' | 'GET') =>
    paths.map((path) => {
      const { pathname, search } = new URL(presignedUrl(ceph, method, `/${bucket}/${LOG}/${path}`));
      return pathname + search;
    });
  const puts = signed('PUT');
  const gets = signed('GET');
  return {
    name: 'bare',
    async write(tile) {
      const answer = await pool.request({ method: 'PUT', path: puts[tile % TILES] ?? '', body: bytes });
      await answer.body.dump();
      check(answer.statusCode === 200);
    },
    async read(tile) {
      const answer = await pool.request({ method: 'GET', path: gets[tile % TILES] ?? '' });
      const body = await answer.body.arrayBuffer();
      check(answer.statusCode === 200 && body.byteLength === bytes.length);
    },
  };
}

async function compare(contenders: readonly Contender[]): Promise<void> {
  // Every tile is there before one is read.
  await tiles.write(
    LOG,
    paths.map((path) => ({ path, bytes })),
  );
  console.log('           at once   contender        /s    p50 ms    p99 ms   of bare');
  for (const operation of ['write', 'read'] as const) {
    for (const outstanding of OUTSTANDING) {
      const rounds: Record<Contender['name'], Measured>[] = [];
      for (let round = 0; round < ROUNDS; round++) {
        const measured: Partial<Record<Contender['name'], Measured>> = {};
        // Who goes first changes, for what the first one warms up.
        const order = round % 2 === 0 ? contenders : contenders.toReversed();
        for (const contender of order)
          measured[contender.name] = await run(contender[operation], outstanding);
        const { bare, sekisho } = measured;
        if (bare !== undefined && sekisho !== undefined) rounds.push({ bare, sekisho });
      }
      report(operation, outstanding, rounds);
    }
  }
}

async function run(act: (tile: number) => Promise<void>, outstanding: number): Promise<Measured> {
  const latenciesMs: number[] = [];
  const started = performance.now();
  const until = started + SECONDS_A_CASE * 1000;
  let next = 0;
  const work = async (): Promise<void> => {
    while (performance.now() < until) {
      const begun = performance.now();
      await act(next++);
      latenciesMs.push(performance.now() - begun);
    }
  };
  await Promise.all(Array.from({ length: outstanding }, work));
  const seconds = (performance.now() - started) / 1000;
  latenciesMs.sort((a, b) => a - b);
  const quantile = (share: number): number => latenciesMs[Math.floor((latenciesMs.length - 1) * share)] ?? 0;
  return { perSecond: latenciesMs.length / seconds, p50Ms: quantile(0.5), p99Ms: quantile(0.99) };
}

function report(
  operation: Operation,
  outstanding: number,
  rounds: readonly Record<Contender['name'], Measured>[],
): void {
  const ratio = median(rounds.map(({ bare, sekisho }) => sekisho.perSecond / bare.perSecond));
  for (const name of ['bare', 'sekisho'] as const) {
    const of = (field: keyof Measured): number => median(rounds.map((round) => round[name][field]));
    console.log(
      [
        operation.padEnd(10),
        String(outstanding).padStart(8),
        `  ${name}`.padEnd(11),
        of('perSecond').toFixed(0).padStart(10),
        of('p50Ms').toFixed(2).padStart(10),
        of('p99Ms').toFixed(2).padStart(10),
        (name === 'bare' ? '' : ratio.toFixed(2)).padStart(10),
      ].join(''),
    );
  }
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

function check(held: boolean): void {
  if (!held) throw new Error('a wrong answer: the numbers would mean nothing');
}
