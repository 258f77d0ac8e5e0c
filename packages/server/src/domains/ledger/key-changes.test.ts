import { parseCheckpoint, parseNote, parseVerifierKey } from '@sekisho/proof';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../base/clock.ts';
import type { Ledger } from './ledger.ts';
import { embeddedUnderTest, sharedUnderTest } from './testing/ledgers-under-test.ts';
import type { LedgerUnderTest } from './testing/ledger.contract.ts';
import { MemoryCell } from './testing/memory-sequence.ts';
import { MemoryDisk, memoryKeys, openMemoryStorage } from './testing/memory-storage.ts';
import type { MemoryKeyring } from './testing/memory-storage.ts';
import { keyEntry } from './testing/sample-entries.ts';

const BY = 'operator:tests';
const LOG = 'north';

let keyring: MemoryKeyring;
const kinds: [string, boolean, () => LedgerUnderTest][] = [
  [
    'embedded, restarted in between',
    false,
    () => {
      const disk = new MemoryDisk();
      const storage = () => openMemoryStorage(disk);
      return embeddedUnderTest({ storage, keys: memoryKeys(keyring), clock: systemClock });
    },
  ],
  [
    'shared, from two replicas in turn',
    true,
    () => {
      const cell = new MemoryCell();
      const { tiles } = openMemoryStorage(new MemoryDisk());
      const join: Parameters<typeof sharedUnderTest>[0]['join'] = async (listener) => cell.join(listener);
      return sharedUnderTest({ join, tiles, keys: memoryKeys(keyring), clock: systemClock });
    },
  ],
];

describe.each(kinds)('keys of a ledger, %s', (_, beside, make) => {
  let storage: LedgerUnderTest;
  let opened: Ledger[];
  beforeEach(() => {
    keyring = new Map();
    storage = make();
    opened = [];
  });
  afterEach(async () => {
    for (const ledger of opened) await ledger.close().catch(() => undefined);
  });

  /** Another process: beside the one before, or in its place. */
  async function another(): Promise<Ledger> {
    const [before] = beside && opened.length === 2 ? [opened[0]] : [undefined];
    if (before !== undefined) {
      opened.reverse();
      return before;
    }
    const sink = { accept: async () => {} };
    const ledger = await storage.open({ cellName: 'cell.example', sink, limits: {}, fateOf: () => 'ok' });
    opened.push(ledger);
    await ledger.ensureLog(LOG);
    return ledger;
  }

  const idOf = (vkey: string): number => parseVerifierKey(vkey).keyId;
  const signersOf = (note: string): number[] => parseNote(note).signatures.map(({ keyId }) => keyId);

  test(
    'go over from one to the next, whoever asks for it and whoever signs',
    { timeout: 30_000 },
    async () => {
      const first = (await another()).verifierKey(LOG);
      const expected: number[][] = [[idOf(first)]];
      let old = first;
      for (let turn = 0; turn < 3; turn++) {
        const ledger = await another();
        const { verifierKey: young } = await ledger.changeKeys(LOG, { change: 'introduce' }, BY);
        expected.push([idOf(old), idOf(young)]);
        const other = await another();
        await other.append(LOG, keyEntry(turn));
        await other.settledNow(LOG);
        await other.changeKeys(LOG, { change: 'retire', verifierKey: old }, BY);
        expected.push([idOf(young)]);
        old = young;
      }
      const ledger = await another();
      await ledger.settledNow(LOG);
      const seen = storage.published(LOG).map((note) => JSON.stringify(signersOf(note)));
      expect(seen.filter((signers, at) => signers !== seen[at - 1])).toEqual(
        expected.map((signers) => JSON.stringify(signers)),
      );
      expect(ledger.verifierKeys(LOG).map(({ standing }) => standing.state)).toEqual([
        'retired',
        'retired',
        'retired',
        'signing',
      ]);
    },
  );

  test('end at once when they are lost, with another in their place', { timeout: 30_000 }, async () => {
    const lost = (await another()).verifierKey(LOG);
    const ledger = await another();
    const change = { change: 'compromise' as const, verifierKey: lost, trustedToSize: 1 };
    const { standing } = await ledger.changeKeys(LOG, change, BY);
    const after = await another();
    await after.append(LOG, keyEntry(1));
    await after.settledNow(LOG);
    if (standing.state !== 'compromised') throw new Error(standing.state);
    for (const note of storage.published(LOG)) {
      const { size } = parseCheckpoint(parseNote(note).body);
      expect(signersOf(note).includes(idOf(lost))).toBe(size <= standing.toSize);
    }
    expect(signersOf(after.checkpoint(LOG).note)).toEqual([idOf(after.verifierKey(LOG))]);
  });
});
