import { tilePath } from '@sekisho/proof';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { TileStore, WriteAheadLog } from '../ports.ts';
import { describeCheckpoints } from './checkpoints.contract.ts';
import { describeTileFiles, payload } from './tile-files.contract.ts';

export { payload };

export interface StorageUnderTest {
  /** As after a restart of the process: sees what the one before it stored. */
  open(): { readonly wal: WriteAheadLog; readonly tiles: TileStore };
}

/** What every storage of the ledger must do. Each test gets an empty one from `make`. */
export function describeLedgerStorage(name: string, make: () => Promise<StorageUnderTest>): void {
  describe(`${name}: write-ahead log`, () => {
    let storage: StorageUnderTest;
    beforeEach(async () => {
      storage = await make();
    });

    // A crashed process closes nothing, but this one stays.
    const opened: WriteAheadLog[] = [];
    afterEach(async () => {
      for (const wal of opened.splice(0)) await wal.close();
    });

    const restart = async () => {
      const { wal } = storage.open();
      opened.push(wal);
      const replayed = await replay(wal);
      await wal.takeOver();
      return { wal, replayed };
    };

    test('starts empty, and takes no batch before it was taken over', async () => {
      const { wal } = storage.open();
      await expect(wal.append(payload(1))).rejects.toThrow();
      expect((await restart()).replayed).toEqual([]);
    });

    test('replays every batch byte for byte, in order, after a restart without close', async () => {
      const { wal } = await restart();
      const payloads = [payload(1), payload(70_000), new Uint8Array(0), payload(300)];
      const positions: number[] = [];
      for (const bytes of payloads) positions.push(await wal.append(bytes));
      const { replayed } = await restart();
      expect(replayed.map((batch) => Buffer.from(batch.payload))).toEqual(
        payloads.map((bytes) => Buffer.from(bytes)),
      );
      expect(replayed.map((batch) => batch.position)).toEqual(positions);
    });

    test('positions rise by one, also over restarts and a clean close', async () => {
      const positions: number[] = [];
      for (let run = 0; run < 3; run++) {
        const { wal } = await restart();
        for (let batch = 0; batch < 3; batch++) positions.push(await wal.append(payload(10)));
        await wal.release(positions.at(-1) ?? -1);
        await wal.close();
      }
      expect(positions).toEqual(positions.map((_, at) => Number(positions[0]) + at));
    });

    test('keeps what is not released', async () => {
      const { wal } = await restart();
      const positions: number[] = [];
      for (let batch = 0; batch < 20; batch++) positions.push(await wal.append(payload(500)));
      await wal.release(Number(positions[11]));
      await wal.close();
      const { replayed } = await restart();
      expect(replayed.map((batch) => batch.position)).toEqual(positions.slice(-replayed.length));
      expect(replayed.length).toBeGreaterThanOrEqual(8);
    });

    test('a clean close with everything released leaves nothing to replay', async () => {
      const { wal } = await restart();
      await wal.append(payload(10));
      await wal.release(await wal.append(payload(10)));
      await wal.close();
      await expect(wal.append(payload(10))).rejects.toThrow();
      expect((await restart()).replayed).toEqual([]);
    });
  });

  describeTileFiles(name, async () => tilesOf(await make()));
  describeCheckpoints(name, async () => tilesOf(await make()));

  describe(`${name}: tiles and checkpoints`, () => {
    test('a log without a checkpoint has no name', async () => {
      const storage = await make();
      const { tiles } = storage.open();
      await tiles.write('b', [{ path: tilePath(0, 0, 1), bytes: payload(32) }]);
      await tiles.publishCheckpoint('a', undefined, 'one\n');
      expect(await storage.open().tiles.logs()).toEqual(['a']);
    });
  });
}

function tilesOf(storage: StorageUnderTest): { open(): TileStore } {
  return { open: () => storage.open().tiles };
}

export async function replay(wal: WriteAheadLog): Promise<{ position: number; payload: Uint8Array }[]> {
  const batches: { position: number; payload: Uint8Array }[] = [];
  for await (const batch of wal.replay()) batches.push(batch);
  return batches;
}
