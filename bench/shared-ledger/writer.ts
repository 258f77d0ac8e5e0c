/** One writer of the benchmark of the shared ledger: says `ready`, waits for `begin`, writes, says what it did. */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { canonicalJson, ed25519NoteSigner, leafHash } from '@sekisho/proof';
import {
  openPlainStatements,
  type PlainStatements,
} from '../../packages/server/src/adapters/postgres/testing/plain-statements.ts';
import { fileTileStore } from '../../packages/server/src/adapters/ledger-files/index.ts';
import { openDatabase } from '../../packages/server/src/adapters/postgres/index.ts';
import { systemClock } from '../../packages/server/src/base/clock.ts';
import { systemRandom } from '../../packages/server/src/base/random.ts';
import { openSharedLedger } from '../../packages/server/src/domains/ledger/index.ts';
import type { SigningKeyStore, StoredKey } from '../../packages/server/src/domains/ledger/index.ts';
import { intentOfAChat } from '../intent-of-a-chat.ts';

const BATCH = 1024;
const OUTSTANDING = 4096;
/** So many latencies are told; all are measured. */
const SAMPLES_MAX = 20_000;

const [mode = '', url = '', folder = '', seconds = '0', offeredPerSecond = '0', name = ''] =
  process.argv.slice(2);
const attachment = new Uint8Array(64);
const latenciesMs: number[] = [];
const settledMs: number[] = [];
const quiet = { info: () => {}, warn: () => {}, error: console.error };

const { write, close } = mode === 'raw' ? await openRaw() : await openLedger();
process.send?.('ready');
await once(process, 'message');
const started = performance.now();
const endMs = started + Number(seconds) * 1000;
const entries = await write();
const took = (performance.now() - started) / 1000;
process.send?.({ entries, seconds: took, latenciesMs: sample(latenciesMs), settledMs: sample(settledMs) });
await once(process, 'message');
await close();
process.exit(0);

/** Two connections, as a replica has, each inserting batches of rows: no order, no lock, no index of a log. */
async function openRaw(): Promise<{ write: () => Promise<number>; close: () => Promise<void> }> {
  const clients = [await openPlainStatements(url), await openPlainStatements(url)];
  const insert = async (client: PlainStatements, lane: number): Promise<number> => {
    let done = 0;
    for (; performance.now() < endMs; done += BATCH) {
      // Encoded and hashed each time, as a ledger must.
      const rows = Array.from({ length: BATCH }, (_, at) =>
        Buffer.from(canonicalJson(intentOfAChat(done + at))),
      );
      await client.run(
        `insert into bench_raw select $1, * from unnest($2::bigint[], $3::bytea[], $4::bytea[], $5::bytea[])`,
        [
          `${name}-${lane}`,
          rows.map((_, at) => done + at),
          rows,
          rows.map((bytes) => Buffer.from(leafHash(bytes))),
          rows.map(() => Buffer.from(attachment)),
        ],
      );
    }
    return done;
  };
  return {
    write: async () => (await Promise.all(clients.map(insert))).reduce((sum, done) => sum + done, 0),
    close: async () => {
      for (const client of clients) await client.close();
    },
  };
}

async function openLedger(): Promise<{ write: () => Promise<number>; close: () => Promise<void> }> {
  const database = await openDatabase({ url }, quiet, () => []);
  const random = systemRandom();
  const ledger = await openSharedLedger({
    cellName: 'bench.example',
    join: (listener) => database.joinSequence(listener),
    tiles: fileTileStore({ folder, shared: { random } }),
    keys: benchKeys(),
    sink: { accept: async () => {} },
    clock: systemClock,
    log: quiet,
    limits: { backlogEntriesMax: 1_000_000, backlogBytesMax: 1024 * 1024 * 1024 },
  });
  await ledger.ensureLog('bench');
  // What an earlier case left to be taken into the tree is not this one's.
  await ledger.settledNow('bench');
  let serial = 0;
  const append = async (): Promise<number> => {
    const asked = performance.now();
    const { index } = await ledger.append('bench', intentOfAChat(serial++), attachment);
    latenciesMs.push(performance.now() - asked);
    return index;
  };
  const appendUntilDone = async (): Promise<void> => {
    while (performance.now() < endMs) {
      // Refused while the backlog is full.
      await append().catch(() => sleep(5));
    }
  };
  const writeAll = async (): Promise<number> => {
    await Promise.all(Array.from({ length: OUTSTANDING }, appendUntilDone));
    return latenciesMs.length;
  };
  const writeOffered = async (): Promise<number> => {
    const waiting: Promise<void>[] = [];
    const one = async (): Promise<void> => {
      const asked = performance.now();
      const index = await append();
      await ledger.settled('bench', index);
      settledMs.push(performance.now() - asked);
    };
    for (let sent = 0; performance.now() < endMs; await sleep(1)) {
      const due = ((performance.now() - started) / 1000) * Number(offeredPerSecond);
      for (; sent < due; sent++) waiting.push(one());
    }
    const taken = latenciesMs.length;
    await Promise.all(waiting);
    return taken;
  };
  return {
    write: mode === 'offered' ? writeOffered : writeAll,
    close: async () => {
      await ledger.close();
      await database.close();
    },
  };
}

/** The same in every process. */
function benchKeys(): SigningKeyStore {
  const keysOf = async (key: string): Promise<readonly StoredKey[]> => {
    const signer = ed25519NoteSigner(key, createHash('sha256').update(key).digest());
    return [{ verifierKey: signer.verifierKey, standing: { state: 'signing', fromSize: 0 }, signer }];
  };
  const refuse = async (): Promise<never> => Promise.reject(new Error('keys do not change here'));
  return { keysOf, findOrCreate: keysOf, add: refuse, setStanding: refuse };
}

function sample(values: readonly number[]): number[] {
  const step = Math.max(1, Math.ceil(values.length / SAMPLES_MAX));
  return values.filter((_, at) => at % step === 0);
}
