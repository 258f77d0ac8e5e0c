import { LedgerEntry } from '@sekisho/contract';
import type { LogKeyEntry } from '@sekisho/contract';
import {
  parseCanonicalJson,
  parseCheckpoint,
  parseNote,
  parseVerifierKey,
  verifiedSignatures,
  verifyConsistency,
} from '@sekisho/proof';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { openLedger } from './index.ts';
import type { KeyChange, Ledger } from './index.ts';
import { MemoryDisk, openMemoryStorage } from './testing/memory-storage.ts';
import type { WriteFate } from './testing/memory-storage.ts';
import { fixedClock, keyEntry, quietLog } from './testing/sample-entries.ts';

const RUNS = process.env['SEKISHO_TEST_FULL'] === '1' ? 1000 : 80;
const TIMEOUT_MS = 30_000 + RUNS * 500;

type Step =
  | { readonly does: 'append'; readonly count: number; readonly settles: boolean }
  /** `which` is taken modulo the number of keys. */
  | { readonly does: 'introduce' | 'retire' | 'compromise'; readonly which: number; readonly waits: boolean }
  | { readonly does: 'crash' }
  | { readonly does: 'arm'; readonly afterWrites: number; readonly fate: WriteFate };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      does: fc.constant('append' as const),
      count: fc.oneof(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 200, max: 300 })),
      settles: fc.boolean(),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      does: fc.constantFrom('introduce' as const, 'retire' as const, 'compromise' as const),
      which: fc.nat(5),
      waits: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: fc.record({ does: fc.constant('crash' as const) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      does: fc.constant('arm' as const),
      afterWrites: fc.integer({ min: 0, max: 9 }),
      fate: fc.constantFrom('lost' as const, 'stored-but-failed' as const),
    }),
  },
);

class Life {
  readonly disk = new MemoryDisk();
  #ledger: Ledger | undefined;
  #armed: { afterWrites: number; fate: WriteFate } | undefined;
  #serial = 0;

  async take(taken: Step): Promise<void> {
    if (taken.does === 'arm') {
      this.#armed = { ...taken };
      return;
    }
    if (taken.does === 'crash') {
      this.#crash();
      return;
    }
    const ledger = await this.open();
    if (ledger === undefined) return;
    if (taken.does === 'append') {
      const appends = Array.from({ length: taken.count }, () =>
        ledger.append('north', keyEntry(this.#serial++)),
      );
      await this.#survive(Promise.all(appends));
      if (taken.settles) await this.#survive(ledger.settledNow('north'));
      return;
    }
    const change = this.#survive(ledger.changeKeys('north', changeOf(taken, ledger), 'operator:tests'));
    if (taken.waits) await change;
  }

  /** A process without faults, whose log is settled. */
  async settle(): Promise<Ledger> {
    this.#armed = undefined;
    this.#crash();
    const ledger = await this.open();
    await ledger?.settledNow('north');
    return ledger!;
  }

  async open(): Promise<Ledger | undefined> {
    for (let attempt = 0; this.#ledger === undefined && attempt < 3; attempt++) {
      const storage = openMemoryStorage(this.disk, () => {
        if (this.#armed === undefined || this.#armed.afterWrites-- > 0) return 'ok';
        const { fate } = this.#armed;
        this.#armed = undefined;
        return fate;
      });
      const opened = openLedger({
        ...storage,
        cellName: 'cell.example',
        clock: fixedClock,
        log: quietLog,
        pace: { intervalMs: 0, intervalMsMin: 0 },
        retry: { firstMs: 0, lastMs: 0 },
        sink: { accept: async () => {} },
      });
      try {
        const ledger = await opened;
        this.#ledger = ledger;
        await ledger.ensureLog('north');
      } catch (error) {
        expect(error).toMatchObject({ code: 'ledger_unavailable' });
        this.#crash();
      }
    }
    return this.#ledger;
  }

  /** The cell lives on after a change that is refused, or that the keystore fails. */
  async #survive(work: Promise<unknown>): Promise<void> {
    const ledger = this.#ledger;
    try {
      await work;
    } catch (error) {
      if (this.#ledger !== ledger) return;
      const { code } = error as { code?: string };
      if (code === 'ledger_unavailable') this.#crash();
      else if (code !== 'log_key_refused') expect(String(error)).toMatch(/the write was/);
    }
  }

  #crash(): void {
    this.disk.generation++;
    this.#ledger = undefined;
  }
}

function changeOf(taken: Extract<Step, { which: number }>, ledger: Ledger): KeyChange {
  if (taken.does === 'introduce') return { change: 'introduce' };
  const keys = ledger.verifierKeys('north');
  const { verifierKey } = keys[taken.which % keys.length]!;
  if (taken.does === 'retire') return { change: 'retire', verifierKey };
  return { change: 'compromise', verifierKey, trustedToSize: ledger.checkpoint('north').size };
}

/** Ids of the keys that must sign a tree of this size, from the entries alone. */
function signersOf(first: string, events: readonly (LogKeyEntry & { index: number })[], size: number) {
  const inForce = new Set([first]);
  for (const { index, event, verifierKey } of events) {
    if (index >= size) break;
    if (event === 'introduced') inForce.add(verifierKey);
    else inForce.delete(verifierKey);
  }
  return inForce;
}

test(
  'every checkpoint that was ever published is signed by exactly the keys that its tree puts in force',
  async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 16 }), async (steps) => {
        const life = new Life();
        for (const taken of steps) await life.take(taken);
        const ledger = await life.settle();
        const keys = ledger.verifierKeys('north');
        const verifiers = keys.map(({ verifierKey }) => parseVerifierKey(verifierKey));
        const events: (LogKeyEntry & { index: number })[] = [];
        const { size: newest } = ledger.checkpoint('north');
        for await (const { index, bytes } of ledger.readEntries('north', 0, newest)) {
          const entry = LedgerEntry.parse(parseCanonicalJson(bytes));
          if (entry.kind === 'log-key') events.push({ ...entry, index });
        }

        let before: { size: number; root: Uint8Array } | undefined;
        for (const { note } of life.disk.everPublished) {
          const { size, root } = parseCheckpoint(parseNote(note).body);
          const { signatures } = verifiedSignatures(note, verifiers);
          const mustSign = signersOf(keys[0]!.verifierKey, events, size);
          const signed = keys.filter((_, at) => signatures.some(({ key }) => key === verifiers[at]));
          expect(signed.map(({ verifierKey }) => verifierKey)).toEqual(
            keys.map(({ verifierKey }) => verifierKey).filter((vkey) => mustSign.has(vkey)),
          );
          expect(parseNote(note).signatures).toHaveLength(mustSign.size);
          expect(mustSign.size).toBeGreaterThan(0);
          if (before !== undefined) {
            const hashes = await ledger.consistencyProof('north', before.size, size);
            const claim = { oldSize: before.size, oldRoot: before.root, size, root, hashes };
            expect(verifyConsistency(claim)).toEqual({ ok: true });
          }
          before = { size, root };
        }

        // The keystore says what the entries say, and keeps no private part of a key that has ended.
        const inForce = signersOf(keys[0]!.verifierKey, events, newest);
        for (const { verifierKey, standing, signer } of [...life.disk.keyring.values()].flat()) {
          const introduced = events.some(
            (event) => event.verifierKey === verifierKey && event.event === 'introduced',
          );
          if (inForce.has(verifierKey)) expect(standing.state).toBe('signing');
          else if (!introduced && verifierKey !== keys[0]!.verifierKey)
            expect(standing.state).toBe('pending');
          else expect(['retired', 'compromised']).toContain(standing.state);
          expect(signer === undefined).toBe(['retired', 'compromised'].includes(standing.state));
        }
        await ledger.close();
      }),
      { numRuns: RUNS },
    );
  },
  TIMEOUT_MS,
);
