import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { leafHash, parseVerifierKey, verifyCheckpoint, verifyConsistency } from '@sekisho/proof';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Ledger } from '../../packages/server/src/domains/ledger/index.ts';
import { openLedgerOnFiles } from './ledger-on-files.ts';

/** How often the writer is killed: SEKISHO_LEDGER_KILLS, 200 in the full run, else a few. */
const KILLS = Number(
  process.env['SEKISHO_LEDGER_KILLS'] ?? (process.env['SEKISHO_TEST_FULL'] === '1' ? 200 : 5),
);
const SECONDS_A_KILL_MAX = 20;

let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'sekisho-drill-'));
});
afterEach(async () => {
  await rm(home, { recursive: true, force: true });
});

/** What killed writers were promised. */
interface Promises {
  /** Leaf hash by `{log}/{index}`. */
  readonly acknowledged: Map<string, string>;
  /** Notes by log, oldest first. */
  readonly checkpoints: Map<string, string[]>;
}

/** Starts a writer and kills it once it has said this many lines. */
async function killAfter(lines: number, firstSerial: number, promises: Promises): Promise<void> {
  const writer = spawn(
    process.execPath,
    [join(import.meta.dirname, 'ledger-writer.ts'), home, String(firstSerial)],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const closed = once(writer, 'close');
  let said = 0;
  for await (const line of createInterface({ input: writer.stdout })) {
    // What was said before the signal took effect counts too.
    if (++said >= lines) writer.kill('SIGKILL');
    const [what, log = '', third = '', hash = ''] = line.split(' ');
    if (what === 'ack' && hash.length === 64) {
      const place = `${log}/${third}`;
      expect(promises.acknowledged.has(place), `${place} was given out before`).toBe(false);
      promises.acknowledged.set(place, hash);
    } else if (what === 'checkpoint' && third !== '') {
      const notes = promises.checkpoints.get(log) ?? [];
      promises.checkpoints.set(log, [...notes, Buffer.from(third, 'base64').toString()]);
    }
  }
  await closed;
  expect(writer.signalCode, 'the writer runs until it is killed').toBe('SIGKILL');
}

test(
  `kill -9 under load, ${KILLS} times: every acknowledged entry is there, in one history`,
  async () => {
    const promises: Promises = { acknowledged: new Map(), checkpoints: new Map() };
    for (let kill = 0; kill < KILLS; kill++) {
      // From "while it opens" to "after some thousand entries", without a pattern that repeats soon.
      const lines = 1 + ((kill * 1_237) % 3_001);
      await killAfter(lines, kill * 1_000_000, promises);
    }

    const ledger = await openLedgerOnFiles(home, { accept: async () => {} });
    for (const log of ledger.logs()) await ledger.settledNow(log);
    const stored = new Map<string, string>();
    for (const log of ledger.logs()) {
      for await (const { index, bytes } of ledger.readEntries(log, 0, ledger.checkpoint(log).size)) {
        stored.set(`${log}/${index}`, Buffer.from(leafHash(bytes)).toString('hex'));
      }
      await expectOneHistory(ledger, log, promises.checkpoints.get(log) ?? []);
    }
    const lost = [...promises.acknowledged].filter(([place, hash]) => stored.get(place) !== hash);
    expect(lost).toEqual([]);
    expect(promises.acknowledged.size).toBeGreaterThan(0);
    await ledger.close();
  },
  (KILLS + 2) * SECONDS_A_KILL_MAX * 1000,
);

async function expectOneHistory(ledger: Ledger, log: string, notes: readonly string[]): Promise<void> {
  const key = parseVerifierKey(ledger.verifierKey(log));
  const newest = ledger.checkpoint(log);
  for (const note of notes) {
    const { size, root } = verifyCheckpoint(note, [key]);
    const hashes = await ledger.consistencyProof(log, size, newest.size);
    const claim = { oldSize: size, oldRoot: root, size: newest.size, root: newest.root, hashes };
    expect(verifyConsistency(claim)).toEqual({ ok: true });
  }
}
