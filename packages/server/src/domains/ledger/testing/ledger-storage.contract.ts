import { entriesPath, tilePath } from '@sekisho/proof';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { TileStore, WriteAheadLog } from '../ports.ts';

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

  describe(`${name}: tiles`, () => {
    let storage: StorageUnderTest;
    beforeEach(async () => {
      storage = await make();
    });

    test('reads what was written, by log, after a restart', async () => {
      const path = tilePath(0, 1234, 7);
      await storage.open().tiles.write('a', [{ path, bytes: payload(224) }]);
      const { tiles } = storage.open();
      expect(Buffer.from((await tiles.read('a', path)) ?? [])).toEqual(Buffer.from(payload(224)));
      expect(await tiles.read('b', path)).toBeUndefined();
      expect(await tiles.read('a', tilePath(0, 1234))).toBeUndefined();
    });

    test('writes over what a crash left', async () => {
      const { tiles } = storage.open();
      const path = entriesPath(3);
      await tiles.write('a', [{ path, bytes: payload(9000) }]);
      await tiles.write('a', [{ path, bytes: payload(5) }]);
      expect((await tiles.read('a', path))?.length).toBe(5);
    });

    test('removes partial tiles and nothing else', async () => {
      const { tiles } = storage.open();
      const paths = [
        tilePath(0, 7, 1),
        tilePath(0, 7, 255),
        tilePath(0, 7),
        tilePath(0, 8, 1),
        tilePath(1, 7, 1),
      ];
      await tiles.write(
        'a',
        paths.map((path) => ({ path, bytes: payload(32) })),
      );
      await tiles.removePartials('a', tilePath(0, 7));
      await tiles.removePartials('a', tilePath(0, 7));
      const left: string[] = [];
      for (const path of paths) if ((await tiles.read('a', path)) !== undefined) left.push(path);
      expect(left).toEqual([tilePath(0, 7), tilePath(0, 8, 1), tilePath(1, 7, 1)]);
      // The folder of the partial tiles can be used again.
      await tiles.write('a', [{ path: tilePath(0, 7, 9), bytes: payload(288) }]);
      expect(await tiles.read('a', tilePath(0, 7, 9))).toBeDefined();
    });

    test('names the logs that have a checkpoint', async () => {
      const { tiles } = storage.open();
      expect(await tiles.logs()).toEqual([]);
      await tiles.write('b', [{ path: tilePath(0, 0, 1), bytes: payload(32) }]);
      await tiles.publishCheckpoint('a', undefined, 'one\n');
      expect(await storage.open().tiles.logs()).toEqual(['a']);
    });

    test('replaces a checkpoint only if it is the one that the caller knows', async () => {
      const { tiles } = storage.open();
      await expect(tiles.publishCheckpoint('a', 'none\n', 'one\n')).rejects.toMatchObject({
        code: 'ledger_corrupt',
      });
      await tiles.publishCheckpoint('a', undefined, 'one\n');
      await expect(tiles.publishCheckpoint('a', undefined, 'two\n')).rejects.toMatchObject({
        code: 'ledger_corrupt',
      });
      await tiles.publishCheckpoint('a', 'one\n', 'two\n');
      expect(await storage.open().tiles.readCheckpoint('a')).toBe('two\n');
      expect(await tiles.readCheckpoint('b')).toBeUndefined();
    });
  });
}

export async function replay(wal: WriteAheadLog): Promise<{ position: number; payload: Uint8Array }[]> {
  const batches: { position: number; payload: Uint8Array }[] = [];
  for await (const batch of wal.replay()) batches.push(batch);
  return batches;
}

export function payload(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, at) => (at * 31 + length) % 256);
}
