import { systemClock } from '../../base/clock.ts';
import { describeLedger } from './testing/ledger.contract.ts';
import { embeddedUnderTest, sharedUnderTest } from './testing/ledgers-under-test.ts';
import { MemoryCell } from './testing/memory-sequence.ts';
import { MemoryDisk, memoryKeys, openMemoryStorage } from './testing/memory-storage.ts';

const FAULTS = process.env['SEKISHO_TEST_FULL'] === '1' ? 120 : 40;

describeLedger(
  'embedded, in memory',
  async () => {
    const disk = new MemoryDisk();
    return embeddedUnderTest({
      storage: () => openMemoryStorage(disk),
      keys: memoryKeys(),
      clock: systemClock,
    });
  },
  FAULTS,
);

describeLedger(
  'shared, in memory',
  async () => {
    const cell = new MemoryCell();
    const { tiles } = openMemoryStorage(new MemoryDisk());
    return sharedUnderTest({
      join: async (listener) => cell.join(listener),
      tiles,
      keys: memoryKeys(),
      clock: systemClock,
    });
  },
  FAULTS,
);
