import { entriesPath, tilePath } from '@sekisho/proof';
import { beforeEach, describe, expect, test } from 'vitest';
import type { TileFiles } from '../ports.ts';

export interface TileFilesUnderTest {
  /** As after a restart of the process: sees what the one before it stored. */
  open(): TileFiles;
}

/** What every store of tiles and entry bundles must do. Each test gets an empty one from `make`. */
export function describeTileFiles(name: string, make: () => Promise<TileFilesUnderTest>): void {
  describe(`${name}: tiles`, () => {
    let storage: TileFilesUnderTest;
    beforeEach(async () => {
      storage = await make();
    });

    test('reads what was written, by log, after a restart', async () => {
      const path = tilePath(0, 1234, 7);
      await storage.open().write('a', [{ path, bytes: payload(224) }]);
      const tiles = storage.open();
      expect(Buffer.from((await tiles.read('a', path)) ?? [])).toEqual(Buffer.from(payload(224)));
      expect(await tiles.read('b', path)).toBeUndefined();
      expect(await tiles.read('a', tilePath(0, 1234))).toBeUndefined();
    });

    test('writes over what a crash left', async () => {
      const tiles = storage.open();
      const path = entriesPath(3);
      await tiles.write('a', [{ path, bytes: payload(9000) }]);
      await tiles.write('a', [{ path, bytes: payload(5) }]);
      expect((await tiles.read('a', path))?.length).toBe(5);
    });

    test('keeps a copy of the newest checkpoint among them', async () => {
      for (const note of ['a longer checkpoint\n', 'one\n']) {
        await storage.open().write('a', [{ path: 'checkpoint', bytes: Buffer.from(note) }]);
        expect(Buffer.from((await storage.open().read('a', 'checkpoint')) ?? []).toString()).toBe(note);
      }
      expect(await storage.open().read('b', 'checkpoint')).toBeUndefined();
    });

    test('removes partial tiles and nothing else', async () => {
      const tiles = storage.open();
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
  });
}

/** Bytes that differ by length. */
export function payload(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, at) => (at * 31 + length) % 256);
}
