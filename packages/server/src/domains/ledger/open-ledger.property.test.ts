import {
  leafHash,
  parseCheckpoint,
  parseNote,
  parseVerifierKey,
  verifyCheckpoint,
  verifyConsistency,
  verifyInclusion,
} from '@sekisho/proof';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { describeLedgerStorage } from './testing/ledger-storage.contract.ts';
import { MemoryDisk, memoryKeys, openMemoryStorage } from './testing/memory-storage.ts';
import type { WriteFate } from './testing/memory-storage.ts';
import { fixedClock, keyEntry, quietLog } from './testing/sample-entries.ts';
import { openLedger } from './index.ts';
import type { Ledger, SettledEntry } from './index.ts';

describeLedgerStorage('memory', async () => {
  const disk = new MemoryDisk();
  return { open: () => openMemoryStorage(disk) };
});

const RUNS = process.env['SEKISHO_TEST_FULL'] === '1' ? 1000 : 60;
/** A run takes some 60 ms on a busy machine; shrinking a failure takes longer. */
const TIMEOUT_MS = 30_000 + RUNS * 500;

/** One thing that happens to a cell. */
type Step =
  | { readonly does: 'append'; readonly log: string; readonly count: number; readonly waits: boolean }
  | { readonly does: 'settle'; readonly log: string }
  | { readonly does: 'crash' }
  | { readonly does: 'close' }
  /** After that many further writes, one write goes wrong. */
  | { readonly does: 'arm'; readonly afterWrites: number; readonly fate: WriteFate }
  | { readonly does: 'sink-fails'; readonly times: number };

const logName = fc.constantFrom('north', 'south');
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      does: fc.constant('append' as const),
      log: logName,
      // Both a trickle and what crosses the edge of a tile.
      count: fc.oneof(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 200, max: 600 })),
      waits: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: fc.record({ does: fc.constant('settle' as const), log: logName }) },
  { weight: 2, arbitrary: fc.record({ does: fc.constant('crash' as const) }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('close' as const) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      does: fc.constant('arm' as const),
      afterWrites: fc.integer({ min: 0, max: 12 }),
      fate: fc.constantFrom('lost' as const, 'stored-but-failed' as const),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ does: fc.constant('sink-fails' as const), times: fc.integer({ min: 1, max: 3 }) }),
  },
);

/** A cell's life over many processes, and what it has promised to its callers. */
class Life {
  readonly disk = new MemoryDisk();
  readonly keys = memoryKeys();
  readonly acknowledged = new Map<string, string>();
  readonly delivered = new Map<string, SettledEntry[]>();
  ledger: Ledger | undefined;
  #serial = 0;
  #armed: { afterWrites: number; fate: WriteFate } | undefined;
  #sinkFails = 0;

  async open(): Promise<Ledger> {
    // A recovery may itself meet the armed fault: the next process tries again.
    for (let attempt = 0; this.ledger === undefined && attempt < 3; attempt++) {
      this.ledger = await this.#start().catch((error: unknown) => {
        expect(error).toMatchObject({ code: 'ledger_unavailable' });
        return undefined;
      });
    }
    return this.ledger!;
  }

  async take(taken: Step): Promise<void> {
    const ledger = await this.open();
    if (taken.does === 'append') await this.#append(ledger, taken);
    else if (taken.does === 'settle') await this.#unlessFailed(ledger.settledNow(taken.log));
    else if (taken.does === 'crash') this.#crash();
    else if (taken.does === 'close') {
      await this.#unlessFailed(ledger.close());
      this.#crash();
    } else if (taken.does === 'arm') this.#armed = { ...taken };
    else this.#sinkFails = taken.times;
  }

  /** A process without faults until everything is settled. */
  async settle(): Promise<Ledger> {
    this.#armed = undefined;
    this.#sinkFails = 0;
    this.#crash();
    const ledger = await this.open();
    for (const log of ledger.logs()) await ledger.settledNow(log);
    return ledger;
  }

  async #append(ledger: Ledger, { log, count, waits }: Extract<Step, { does: 'append' }>): Promise<void> {
    if (!(await this.#unlessFailed(ledger.ensureLog(log)))) return;
    const appends = Array.from({ length: count }, async () => {
      const appended = await ledger.append(log, keyEntry(this.#serial++));
      const place = `${log}/${appended.index}`;
      expect(this.acknowledged.has(place), 'an index is never given out twice').toBe(false);
      this.acknowledged.set(place, Buffer.from(appended.leafHash).toString('hex'));
      return appended.index;
    });
    const results = await Promise.allSettled(appends);
    const refused = results.filter((result) => result.status === 'rejected');
    for (const { reason } of refused) expect(reason).toMatchObject({ code: 'ledger_unavailable' });
    if (refused.length > 0) this.#crash();
    else if (waits) await this.#unlessFailed(ledger.settledNow(log));
  }

  async #unlessFailed(work: Promise<void>): Promise<boolean> {
    try {
      await work;
      return true;
    } catch (error) {
      expect(error).toMatchObject({ code: 'ledger_unavailable' });
      this.#crash();
      return false;
    }
  }

  /** Whatever the old process still does has no effect on the disk. */
  #crash(): void {
    this.disk.generation++;
    this.ledger = undefined;
  }

  #start(): Promise<Ledger> {
    const storage = openMemoryStorage(this.disk, () => {
      if (this.#armed === undefined || this.#armed.afterWrites-- > 0) return 'ok';
      const { fate } = this.#armed;
      this.#armed = undefined;
      return fate;
    });
    const { generation } = this.disk;
    return openLedger({
      ...storage,
      cellName: 'cell.example',
      keys: this.keys,
      clock: fixedClock,
      log: quietLog,
      pace: { intervalMs: 0, intervalMsMin: 0 },
      retry: { firstMs: 0, lastMs: 0 },
      sink: {
        accept: async (entries) => {
          // A process that has crashed does not even retry.
          if (generation !== this.disk.generation) await new Promise(() => {});
          if (this.#sinkFails-- > 0) throw new Error('the database is down');
          for (const entry of entries) this.#deliver(entry);
        },
      },
    });
  }

  #deliver(entry: SettledEntry): void {
    const entries = this.delivered.get(entry.log) ?? [];
    this.delivered.set(entry.log, entries);
    const before = entries[entry.index];
    if (before === undefined) expect(entry.index, 'in index order, without a gap').toBe(entries.length);
    else expect(Buffer.from(before.bytes)).toEqual(Buffer.from(entry.bytes));
    entries[entry.index] = entry;
  }
}

test(
  'no crash and no failed write loses an acknowledged entry, reuses an index or splits a log',
  async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 14 }), async (steps) => {
        const life = new Life();
        for (const taken of steps) await life.take(taken);
        const ledger = await life.settle();

        const stored = new Map<string, string>();
        for (const log of ledger.logs()) {
          const { size } = ledger.checkpoint(log);
          for await (const { index, bytes } of ledger.readEntries(log, 0, size)) {
            stored.set(`${log}/${index}`, Buffer.from(leafHash(bytes)).toString('hex'));
          }
          expect(life.delivered.get(log)).toHaveLength(size);
          await expectOneHistory(life, ledger, log);
        }
        for (const [place, hash] of life.acknowledged) expect(stored.get(place), place).toBe(hash);
        await ledger.close();
      }),
      { numRuns: RUNS },
    );
  },
  TIMEOUT_MS,
);

/** Each checkpoint that was ever visible is inside every later one. */
async function expectOneHistory(life: Life, ledger: Ledger, log: string): Promise<void> {
  const key = parseVerifierKey(ledger.verifierKey(log));
  const seen = life.disk.everPublished
    .filter((published) => published.log === log)
    .map(({ note }) => verifyCheckpoint(note, [key]));
  for (const [at, newer] of seen.entries()) {
    const older = seen[at - 1];
    if (older === undefined) continue;
    const hashes = await ledger.consistencyProof(log, older.size, newer.size);
    const claim = { oldSize: older.size, oldRoot: older.root, size: newer.size, root: newer.root, hashes };
    expect(verifyConsistency(claim)).toEqual({ ok: true });
  }
  const newest = ledger.checkpoint(log);
  expect(parseCheckpoint(parseNote(newest.note).body).size).toBe(seen.at(-1)?.size);
  for (const index of new Set([0, Math.floor(newest.size / 2), newest.size - 1])) {
    const hashes = await ledger.inclusionProof(log, index, newest.size);
    for await (const { bytes } of ledger.readEntries(log, index, index + 1)) {
      const claim = { index, size: newest.size, root: newest.root, leafHash: leafHash(bytes), hashes };
      expect(verifyInclusion(claim)).toEqual({ ok: true });
    }
  }
}
