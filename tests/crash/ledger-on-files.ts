import { join } from 'node:path';
import type { LedgerEntry } from '@sekisho/contract';
import { fileTileStore, fileWriteAheadLog } from '../../packages/server/src/adapters/ledger-files/index.ts';
import { openSoftwareKeystore } from '../../packages/server/src/adapters/software-keystore/index.ts';
import { systemClock } from '../../packages/server/src/base/clock.ts';
import { systemRandom } from '../../packages/server/src/base/random.ts';
import { openLedger } from '../../packages/server/src/domains/ledger/index.ts';
import type { Ledger, LedgerParts, LedgerSink } from '../../packages/server/src/domains/ledger/index.ts';

/** The embedded ledger below a folder, with short segments so that a drill crosses their edges. */
export async function openLedgerOnFiles(
  home: string,
  sink: LedgerSink,
  change: (parts: LedgerParts) => LedgerParts = (parts) => parts,
): Promise<Ledger> {
  const parts: LedgerParts = {
    cellName: 'drill.example',
    wal: fileWriteAheadLog({ folder: join(home, 'wal'), segmentBytesMax: 128 * 1024 }),
    tiles: fileTileStore({ folder: join(home, 'logs') }),
    keys: await openSoftwareKeystore({
      folder: join(home, 'keys'),
      passphraseFile: join(home, 'passphrase'),
      random: systemRandom(),
      scryptCost: 10,
    }),
    sink,
    clock: systemClock,
    log: { info: () => {}, warn: () => {}, error: (event, fields) => console.error(event, fields) },
    pace: { intervalMs: 20, intervalMsMin: 5 },
  };
  return openLedger(change(parts));
}

export function numberedEntry(serial: number): LedgerEntry {
  return {
    version: 1,
    kind: 'key-created',
    time: '2026-04-01T00:00:00.000Z',
    principal: 'operator:drill',
    keyId: `k${serial}`,
    workspace: 'welfare',
  };
}
