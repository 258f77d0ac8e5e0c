import { leafHash, parseVerifierKey, signCheckpoint, verifyCheckpoint } from '@sekisho/proof';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../base/clock.ts';
import { openSharedLedger } from './index.ts';
import type { ReplicaLedger, SharedLedgerParts, SigningKeyStore } from './index.ts';
import { MemoryCell } from './testing/memory-sequence.ts';
import { MemoryDisk, memoryKeys, openMemoryStorage } from './testing/memory-storage.ts';
import { keyEntry, quietLog } from './testing/sample-entries.ts';

const unavailable = { code: 'ledger_unavailable' };
const corrupt = { code: 'ledger_corrupt' };

let cell: MemoryCell;
let disk: MemoryDisk;
let delivered: string[];
const opened: ReplicaLedger[] = [];
beforeEach(() => {
  cell = new MemoryCell();
  disk = new MemoryDisk();
  delivered = [];
  keys = memoryKeys();
});
afterEach(async () => {
  for (const ledger of opened.splice(0)) await ledger.close().catch(() => undefined);
});

let keys: SigningKeyStore;
async function open(over: Partial<SharedLedgerParts> = {}): Promise<ReplicaLedger> {
  const storage = openMemoryStorage(disk);
  // Every replica sees the same disk, and none has crashed.
  const { tiles } = storage;
  const ledger = await openSharedLedger({
    cellName: 'cell.example',
    join: async (listener) => cell.join(listener),
    tiles: {
      read: (log, path) => tiles.read(log, path),
      write: async (log, files) => {
        for (const { path, bytes } of files) disk.files.set(`${log}/${path}`, Uint8Array.from(bytes));
      },
      removePartials: async (log, path) => {
        for (const file of disk.files.keys()) {
          if (file.startsWith(`${log}/${path}.p/`)) disk.files.delete(file);
        }
      },
    },
    keys,
    sink: {
      accept: async (entries) => void delivered.push(...entries.map(({ log, index }) => `${log}/${index}`)),
    },
    clock: systemClock,
    log: quietLog,
    pace: { intervalMs: 0, intervalMsMin: 0 },
    retry: { firstMs: 0, lastMs: 10 },
    rhythm: { campaignMs: 10, lookMs: 20, readMs: 5 },
    ...over,
  });
  opened.push(ledger);
  return ledger;
}

async function appendTo(ledger: ReplicaLedger, count: number): Promise<void> {
  await Promise.all(Array.from({ length: count }, (_, serial) => ledger.append('north', keyEntry(serial))));
  await ledger.settledNow('north');
}

describe('replicas of one ledger', () => {
  test('one integrates; when it is deposed another does, and nothing is lost or told twice', async () => {
    const [one, two] = [await open(), await open()];
    await Promise.all([one.ensureLog('north'), two.ensureLog('north')]);
    expect([one.integrates, two.integrates].filter(Boolean)).toHaveLength(1);
    expect(one.replica).not.toBe(two.replica);
    for (let round = 0; round < 5; round++) {
      const appending = Promise.all([appendTo(one, 60), appendTo(two, 60)]);
      cell.depose();
      await appending;
    }
    await Promise.all([one.settledNow('north'), two.settledNow('north')]);
    expect(one.checkpoint('north').size).toBe(601);
    expect(two.checkpoint('north')).toEqual(one.checkpoint('north'));
    expect(cell.term).toBeGreaterThan(5);
    expect(new Set(delivered).size).toBe(601);
  });

  test('keys change by whichever replica is asked: the integrator signs with a key that another made', async () => {
    const [one, two] = [await open(), await open()];
    await one.ensureLog('north');
    await two.ensureLog('north');
    const other = one.integrates ? two : one;
    const { verifierKey } = await other.changeKeys('north', { change: 'introduce' }, 'operator:tests');
    const [old] = other.verifierKeys('north');
    await appendTo(other, 3);
    for (const ledger of [one, two]) {
      await ledger.settledNow('north');
      expect(ledger.checkpoint('north').note.match(/^— /gm)).toHaveLength(2);
    }
    await other.changeKeys('north', { change: 'retire', verifierKey: old!.verifierKey }, 'operator:tests');
    await appendTo(one, 3);
    await appendTo(two, 3);
    const key = parseVerifierKey(verifierKey);
    for (const ledger of [one, two, await open()]) {
      await ledger.settledNow('north');
      const { note, size } = ledger.checkpoint('north');
      expect(verifyCheckpoint(note, [key]).size).toBe(size);
      expect(note.match(/^— /gm)).toHaveLength(1);
      expect(ledger.verifierKeys('north').map(({ standing }) => standing.state)).toEqual([
        'retired',
        'signing',
      ]);
    }
  });

  test('one that the cell has ended appends nothing any more, and leaves the term to the others', async () => {
    const [one, two] = [await open(), await open()];
    await one.ensureLog('north');
    await two.ensureLog('north');
    cell.end(one.replica);
    await expect(one.append('north', keyEntry(1))).rejects.toMatchObject(unavailable);
    await expect(one.append('north', keyEntry(2))).rejects.toMatchObject(unavailable);
    await appendTo(two, 10);
    expect(two.checkpoint('north').size).toBe(11);
    expect(two.integrates).toBe(true);
  });
});

test('a replica that lags reads its tree, also where partial files have gone for full ones', async () => {
  const deaf = { changed: () => {}, ended: () => {} };
  const one = await open();
  await one.ensureLog('north');
  await appendTo(one, 100);
  const lagging = await open({
    join: async () => cell.join(deaf),
    rhythm: { campaignMs: 1_000_000, lookMs: 1_000_000, readMs: 5 },
  });
  expect(lagging.checkpoint('north').size).toBe(101);
  await appendTo(one, 300);
  expect([...disk.files.keys()].filter((path) => path.includes('entries/000.p/'))).toEqual([]);
  expect(lagging.checkpoint('north').size).toBe(101);
  const indexes: number[] = [];
  for await (const { index } of lagging.readEntries('north', 0, 101)) indexes.push(index);
  expect(indexes).toHaveLength(101);
  expect(await lagging.readEntryBundle('north', 0, 101)).toBeDefined();
  expect(await lagging.inclusionProof('north', 7, 101)).toEqual(await one.inclusionProof('north', 7, 101));
});

test('a log that no integrator can open is refused in the end, and not waited for without end', async () => {
  let nowMs = 0;
  const clock = { nowMs: () => nowMs, monotonicMs: () => (nowMs += 1000) };
  const failing = { ...keys, findOrCreate: async () => Promise.reject(new Error('the keystore is away')) };
  const ledger = await open({ keys: failing, clock });
  await expect(ledger.ensureLog('north')).rejects.toMatchObject(unavailable);
});

describe('a replica holds the storage to what it saw', () => {
  async function seen(): Promise<{ watching: ReplicaLedger; before: { note: string; nextIndex: number } }> {
    const watching = await open();
    await watching.ensureLog('north');
    await appendTo(watching, 5);
    const log = cell.logs.get('north')!;
    const before = { note: log.note!, nextIndex: log.nextIndex };
    await appendTo(watching, 300);
    return { watching, before };
  }
  const refused = async (ledger: ReplicaLedger): Promise<void> => {
    await expect
      .poll(() =>
        ledger.append('north', keyEntry(9)).then(
          () => 'taken',
          ({ code }: { code: string }) => code,
        ),
      )
      .toBe('ledger_unavailable');
  };

  test('a database that was put back', async () => {
    const { watching, before } = await seen();
    Object.assign(cell.logs.get('north')!, { ...before, settledSize: before.nextIndex, runs: [] });
    await refused(watching);
    // Nor is it opened again: the tiles are ahead of it.
    await expect(open()).rejects.toMatchObject(corrupt);
  });

  test('a log that is gone', async () => {
    const { watching } = await seen();
    cell.logs.delete('north');
    await refused(watching);
  });

  test('another history, signed by the log’s own key', async () => {
    const { watching } = await seen();
    const log = cell.logs.get('north')!;
    const [signer] = await keys.keysOf('cell.example/ledger/north');
    const root = leafHash(Buffer.from('another tree'));
    const origin = 'cell.example/ledger/north';
    log.note = signCheckpoint({ origin, size: watching.checkpoint('north').size, root }, signer!.signer!);
    // A look finds no more entries than before; the next term does, and so does whoever starts.
    await expect(open()).rejects.toMatchObject(corrupt);
  });

  test('a checkpoint that nobody of the cell has signed', async () => {
    const { watching } = await seen();
    const log = cell.logs.get('north')!;
    log.note = log.note!.replace(/\n(\d+)\n/, (_, size: string) => `\n${Number(size) + 1}\n`);
    log.nextIndex++;
    await refused(watching);
  });
});
