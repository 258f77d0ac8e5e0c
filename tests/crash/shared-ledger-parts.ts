import { join } from 'node:path';
import type { LedgerEntry } from '@sekisho/contract';
import { fileTileStore } from '../../packages/server/src/adapters/ledger-files/index.ts';
import { openDatabase } from '../../packages/server/src/adapters/postgres/index.ts';
import {
  intentEntry,
  outcomeEntry,
} from '../../packages/server/src/adapters/postgres/testing/ledger-entries.ts';
import { openSoftwareKeystore } from '../../packages/server/src/adapters/software-keystore/index.ts';
import { systemClock } from '../../packages/server/src/base/clock.ts';
import { systemRandom } from '../../packages/server/src/base/random.ts';
import { openSharedLedger } from '../../packages/server/src/domains/ledger/index.ts';
import type { ReplicaLedger, SharedLedgerParts } from '../../packages/server/src/domains/ledger/index.ts';

const quiet = { info: () => {}, warn: () => {}, error: () => {} };

/** One replica of the drill's cell: the real database, sink and keystore; tiles in a folder of all. */
export async function openReplica(
  folder: string,
  databaseUrl: string,
  change: (parts: SharedLedgerParts) => SharedLedgerParts = (parts) => parts,
): Promise<{ readonly ledger: ReplicaLedger; close(): Promise<void> }> {
  const random = systemRandom();
  const database = await openDatabase({ url: databaseUrl }, quiet, () => []);
  const keys = await openSoftwareKeystore({
    folder: join(folder, 'keys'),
    passphraseFile: join(folder, 'passphrase'),
    random,
    scryptCost: 10,
  });
  const ledger = await openSharedLedger(
    change({
      cellName: 'drill.example',
      join: (listener) => database.joinSequence(listener),
      tiles: fileTileStore({ folder: join(folder, 'logs'), shared: { random } }),
      keys,
      sink: database.ledgerSink,
      clock: systemClock,
      log: quiet,
      pace: { intervalMs: 20, intervalMsMin: 5 },
      rhythm: { campaignMs: 50, lookMs: 300, readMs: 10 },
    }),
  );
  return {
    ledger,
    close: async () => {
      await ledger.close();
      await database.close();
    },
  };
}

/** Every other entry counts one crossing and fifteen tokens. */
export function countedEntry(serial: number): LedgerEntry {
  const intent = intentEntry();
  return serial % 2 === 0 ? intent : outcomeEntry(intent, 0);
}
