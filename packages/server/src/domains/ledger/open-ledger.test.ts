import { beforeEach, describe, expect, test } from 'vitest';
import { openLedger } from './index.ts';
import type { Ledger, LedgerParts } from './index.ts';
import { MemoryDisk, memoryKeys, openMemoryStorage } from './testing/memory-storage.ts';
import type { WriteFate } from './testing/memory-storage.ts';
import { fixedClock, keyEntry, quietLog } from './testing/sample-entries.ts';

const unavailable = { code: 'ledger_unavailable' };

let disk: MemoryDisk;
let fates: WriteFate[];
beforeEach(() => {
  disk = new MemoryDisk();
  fates = [];
});

function open(parts: Partial<LedgerParts> = {}): Promise<Ledger> {
  return openLedger({
    ...openMemoryStorage(disk, () => fates.shift() ?? 'ok'),
    cellName: 'cell.example',
    keys: memoryKeys(),
    clock: fixedClock,
    log: quietLog,
    pace: { intervalMs: 0, intervalMsMin: 0 },
    retry: { firstMs: 0, lastMs: 0 },
    sink: { accept: async () => {} },
    ...parts,
  });
}

describe('the embedded ledger', () => {
  test('writes what is queued together as one batch for all logs', async () => {
    const ledger = await open();
    await ledger.ensureLog('north');
    await ledger.ensureLog('south');
    const before = disk.nextPosition;
    await Promise.all(
      Array.from({ length: 100 }, (_, serial) =>
        ledger.append(serial % 2 ? 'north' : 'south', keyEntry(serial)),
      ),
    );
    expect(disk.nextPosition - before).toBe(1);
    await ledger.close();
  });

  test.each(['lost', 'stored-but-failed'] as const)(
    'refuses everything after a write was %s',
    async (fate) => {
      const ledger = await open();
      await ledger.ensureLog('north');
      await ledger.settledNow('north');
      // The release of the genesis entry is a write of its own.
      await expect.poll(() => disk.batches.length).toBe(0);
      fates = [fate];
      await expect(ledger.append('north', keyEntry(0))).rejects.toMatchObject(unavailable);
      await expect(ledger.append('north', keyEntry(1))).rejects.toMatchObject(unavailable);
      await expect(ledger.ensureLog('south')).rejects.toMatchObject(unavailable);
      expect(ledger.checkpoint('north').size).toBe(1);
      await expect(ledger.close()).rejects.toMatchObject(unavailable);

      const reopened = await open();
      expect(reopened.checkpoint('north').size).toBe(fate === 'lost' ? 1 : 2);
      await reopened.close();
    },
  );
});
