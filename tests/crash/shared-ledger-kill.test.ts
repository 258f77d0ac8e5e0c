/**
 * Replicas of one cell are killed, stopped and cut off while they append and integrate, at every named
 * step and in between. What any of them was promised is there once, in one history, and counted once.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { leafHash, parseVerifierKey, verifyCheckpoint, verifyConsistency } from '@sekisho/proof';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Ledger } from '../../packages/server/src/domains/ledger/index.ts';
import {
  openPlainStatements,
  type PlainStatements,
} from '../../packages/server/src/adapters/postgres/testing/plain-statements.ts';
import { startSharedCell, type SharedCell } from '../harness/shared-cell.ts';
import { openReplica } from './shared-ledger-parts.ts';

const FULL = process.env['SEKISHO_TEST_FULL'] === '1';
/** Lives of replicas; each ends in a kill, or in a refusal after a fault of its own. */
const LIVES = Number(process.env['SEKISHO_SHARED_KILLS'] ?? (FULL ? 230 : 12));
/** Processes that are up at once. */
const REPLICAS = 3;
const LIFE_MS_MAX = 6000;
/** Longer than the server bears the silence of a session, and an integrator the absence of a replica. */
const STOPPED_MS = 20_000;

const steps = [
  'append',
  'createLog',
  'campaign',
  'standings',
  'readRuns',
  'write',
  'publishCheckpoint',
  'readCheckpoint',
  'accept',
  'settle',
  'removePartials',
  'findOrCreate',
] as const;
const fates = ['kill', 'kill-after', 'lost', 'stored-but-failed'] as const;

let cell: SharedCell;
let admin: PlainStatements;
beforeAll(async () => {
  cell = await startSharedCell();
  admin = await openPlainStatements(cell.databaseUrl);
  // Makes the schema and the keystore.
  await (await openReplica(cell.folder, cell.databaseUrl)).close();
}, 60_000);
afterAll(async () => {
  await admin?.close();
  await cell?.stop();
});

/** What replicas were promised. */
const acknowledged = new Map<string, string>();
const checkpoints = new Map<string, Set<string>>();
let kills = 0;
let refusals = 0;
let faultsMet = 0;
/** Integrators that were stopped in a step, and how many of them the cell went on without. */
let stops = 0;
const stoppedNow = new Set<ChildProcess>();
let stopsRefused = 0;

interface Life {
  readonly step: string;
  readonly call: number;
  readonly fate: string;
  /** Killed after so many lines, if its own fault has not ended it. */
  readonly lines: number;
}

function lifeOf(number: number): Life {
  const step = steps[number % steps.length]!;
  const fate = fates[Math.floor(number / steps.length) % fates.length]!;
  // Early and late in a life; the first calls of some steps come only to whoever integrates.
  return { step, call: (number * 7) % 5, fate, lines: 200 + ((number * 1_237) % 2500) };
}

async function live(number: number, { step, call, fate, lines }: Life): Promise<void> {
  const program = `${import.meta.dirname}/shared-ledger-replica.ts`;
  const args = [program, cell.folder, cell.databaseUrl, String(number * 1_000_000), step, String(call), fate];
  const replica = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const late = setTimeout(() => replica.kill('SIGKILL'), fate === 'stop' ? 60_000 : LIFE_MS_MAX);
  const closed = once(replica, 'close');
  const steady: ReturnType<typeof openReplica>[] = [];
  let said = 0;
  for await (const line of createInterface({ input: replica.stdout })) {
    if (++said >= lines && fate !== 'stop') replica.kill('SIGKILL');
    if (line.startsWith('fault')) {
      faultsMet++;
      if (fate === 'stop') {
        stops++;
        stoppedNow.add(replica);
        // Integrators come and go in a drill; to end an absent replica takes one that stays.
        steady.push(openReplica(cell.folder, cell.databaseUrl));
        continueLater(replica);
      }
    }
    hear(line);
  }
  await closed;
  clearTimeout(late);
  stoppedNow.delete(replica);
  for (const opened of steady) await (await opened).close();
  if (replica.signalCode === 'SIGKILL') kills++;
  else {
    expect(replica.exitCode, `${step} ${call} ${fate}`).toBe(3);
    refusals++;
    if (fate === 'stop') stopsRefused++;
  }
}

function continueLater(replica: ChildProcess): void {
  setTimeout(() => {
    replica.kill('SIGCONT');
    // It goes on where it stood, and finds that the cell went on without it; or it is killed.
    setTimeout(() => replica.kill('SIGKILL'), 10_000);
  }, STOPPED_MS);
}

/** What was said before the signal took effect counts too. */
function hear(line: string): void {
  const [what, log = '', third = '', hash = ''] = line.split(' ');
  if (what === 'ack' && hash.length === 64) {
    const place = `${log}/${third}`;
    expect(acknowledged.has(place), `${place} was given out before`).toBe(false);
    acknowledged.set(place, hash);
  } else if (what === 'checkpoint' && third !== '') {
    const notes = checkpoints.get(log) ?? new Set();
    checkpoints.set(log, notes.add(Buffer.from(third, 'base64').toString()));
  }
}

/** Breaks every session of the ledger, now and then, until told to stop. */
function breakSessions(): { stop(): Promise<number> } {
  let broken = 0;
  const stopping = new AbortController();
  const run = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      await new Promise((resolve) => setTimeout(resolve, 1500));
      const ended = await admin.run(
        `select pg_terminate_backend(pid) from pg_stat_activity
         where application_name = 'sekisho-ledger' and random() < 0.5
           and ($1 or pid not in (select pid from pg_locks where locktype = 'advisory' and objsubid = 2))`,
        // Who is to end an absent replica must be present for a while.
        [stoppedNow.size === 0],
      );
      broken += ended.length;
    }
  };
  const running = run();
  return {
    stop: async () => {
      stopping.abort();
      await running;
      return broken;
    },
  };
}

test(
  `${LIVES} lives of replicas lose nothing, reuse no index and keep one history`,
  async () => {
    const breaking = breakSessions();
    // Integrators that are stopped in a step, and continued when another has taken over.
    const stoppedLives = Array.from({ length: FULL ? 4 : 1 }, (_, at) => at);
    const stopped = [...stoppedLives].map(async (at) => {
      const step = ['publishCheckpoint', 'write', 'accept', 'settle'][at]!;
      await live(LIVES + at, { step, call: 1, fate: 'stop', lines: Infinity });
      stoppedLives.pop();
    });
    let next = 0;
    const keepOneUp = async (): Promise<void> => {
      // As long as one is stopped, others are there to end it.
      while (next < LIVES || stoppedLives.length > 0) {
        const number = next++;
        await live(number < LIVES ? number : 10_000 + number, lifeOf(number));
      }
    };
    await Promise.all([...stopped, ...Array.from({ length: REPLICAS - 1 }, keepOneUp)]);
    expect(await breaking.stop()).toBeGreaterThan(0);
    expect(kills, `${refusals} lives ended in a refusal`).toBeGreaterThanOrEqual(FULL ? 200 : 4);

    const opened = await openReplica(cell.folder, cell.databaseUrl);
    const { ledger } = opened;
    const stored = new Map<string, string>();
    let outcomes = 0;
    for (const log of ledger.logs()) {
      await ledger.append(log, { ...lastEntry, keyId: log });
      await ledger.settledNow(log);
      for await (const { index, bytes } of ledger.readEntries(log, 0, ledger.checkpoint(log).size)) {
        stored.set(`${log}/${index}`, Buffer.from(leafHash(bytes)).toString('hex'));
        if (Buffer.from(bytes).includes('"kind":"outcome"')) outcomes++;
      }
      await expectOneHistory(ledger, log);
    }
    expect([...acknowledged].filter(([place, hash]) => stored.get(place) !== hash)).toEqual([]);
    expect(acknowledged.size).toBeGreaterThan(LIVES);
    const counted = await admin.run('select sum(crossings)::integer as counted from usage');
    expect(counted).toEqual([{ counted: outcomes }]);
    await opened.close();
    expect(faultsMet).toBeGreaterThan(LIVES / 4);
    expect(stops).toBeGreaterThan(0);
    // It found that the cell went on without it, and appended nothing more.
    expect(stopsRefused).toBeGreaterThan(0);
  },
  120_000 + LIVES * 10_000,
);

const lastEntry = {
  version: 1,
  kind: 'key-created',
  time: '2026-04-01T00:00:00.000Z',
  principal: 'operator:drill',
  workspace: 'welfare',
} as const;

/** Each checkpoint that any replica ever saw is inside the newest, and so any two of them are consistent. */
async function expectOneHistory(ledger: Ledger, log: string): Promise<void> {
  const key = parseVerifierKey(ledger.verifierKey(log));
  const newest = ledger.checkpoint(log);
  for (const note of checkpoints.get(log) ?? []) {
    const { size, root } = verifyCheckpoint(note, [key]);
    const hashes = await ledger.consistencyProof(log, size, newest.size);
    const claim = { oldSize: size, oldRoot: root, size: newest.size, root: newest.root, hashes };
    expect(verifyConsistency(claim)).toEqual({ ok: true });
  }
}
