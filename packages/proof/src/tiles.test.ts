import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { concatBytes, utf8 } from './byte-encodings.ts';
import { inclusionProof, leafHash, nodeHash, treeHash } from './merkle-tree.ts';
import { Refusal } from './refusal.ts';
import {
  TILE_WIDTH,
  decodeEntryBundle,
  encodeEntryBundle,
  entriesPath,
  nodeLocation,
  parseTilePath,
  readHashFromTiles,
  tilePath,
  tileWidth,
  tilesOfGrowth,
  tilesOfTree,
} from './tiles.ts';
import type { ReadTile, TileCoordinate } from './tiles.ts';
import { growTree } from './testing/sample-log.ts';

const refusal = (code: string): unknown => expect.objectContaining({ name: 'Refusal', code });

describe('paths', () => {
  // The examples of C2SP tlog-tiles, "Merkle Tree".
  test.each([
    ['tile/0/x001/x234/067', 0, 1_234_067, 256],
    ['tile/0/x001/x234/067.p/5', 0, 1_234_067, 5],
    ['tile/0/000', 0, 0, 256],
    ['tile/1/000.p/1', 1, 0, 1],
    ['tile/0/x001/000', 0, 1000, 256],
    ['tile/0/999.p/255', 0, 999, 255],
    ['tile/6/001', 6, 1, 256],
  ])('%s', (path, level, index, width) => {
    expect(tilePath(level, index, width)).toBe(path);
    expect(parseTilePath(path)).toEqual({ kind: 'tile', tile: { level, index, width } });
  });

  test.each([
    ['tile/entries/x001/x234/067', 1_234_067, 256],
    ['tile/entries/000.p/17', 0, 17],
  ])('%s', (path, index, width) => {
    expect(entriesPath(index, width)).toBe(path);
    expect(parseTilePath(path)).toEqual({ kind: 'entries', tile: { level: 0, index, width } });
  });

  test.each([
    'tile/0/0',
    'tile/0/x000/000',
    'tile/0/1234',
    'tile/0/001/002',
    'tile/00/000',
    'tile/7/000',
    'tile/64/000',
    'tile/0/000.p/0',
    'tile/0/000.p/256',
    'tile/0/000.p/05',
    'tile/0/000.p/999',
    'tile/-1/000',
    '/tile/0/000',
    'tile/0/000/',
    'tile/0/../000',
    'tile/data/000',
    'tile/0/000\n',
    'tile/entries/x999/x999/x999/x999/x999/999',
    '',
  ])('parse refuses %j', (path) => {
    expect(parseTilePath(path)).toBeUndefined();
  });

  test('are one-to-one', () => {
    fc.assert(
      fc.property(fc.nat(6), fc.maxSafeNat(), fc.integer({ min: 1, max: 256 }), (level, index, width) => {
        expect(parseTilePath(tilePath(level, index, width))).toEqual({
          kind: 'tile',
          tile: { level, index, width },
        });
      }),
    );
  });

  test('of impossible tiles are refused', () => {
    for (const [level, index, width] of [
      [7, 0, 1],
      [-1, 0, 1],
      [0, -1, 1],
      [0, 0.5, 1],
      [0, 0, 0],
      [0, 0, 257],
    ] as const) {
      expect(() => tilePath(level, index, width)).toThrowError(refusal('tile_out_of_range'));
    }
  });
});

describe('coordinates', () => {
  test('of a tree of 70,000', () => {
    const tiles = [...tilesOfTree(70_000)];
    expect(tiles.filter((tile) => tile.level === 0)).toHaveLength(274);
    expect(tiles.slice(273)).toEqual([
      { level: 0, index: 273, width: 112 },
      { level: 1, index: 0, width: 256 },
      { level: 1, index: 1, width: 17 },
      { level: 2, index: 0, width: 1 },
    ]);
  });

  test('of growth are those whose width changed', () => {
    fc.assert(
      fc.property(fc.nat(3000), fc.nat(1000), (oldSize, more) => {
        const name = ({ level, index, width }: TileCoordinate): string => tilePath(level, index, width);
        const before = new Set([...tilesOfTree(oldSize)].map(name));
        const after = [...tilesOfTree(oldSize + more)].map(name);
        expect([...tilesOfGrowth(oldSize, oldSize + more)].map(name)).toEqual(
          after.filter((tile) => !before.has(tile)),
        );
      }),
    );
  });

  test('of a node name the stored hashes under it', () => {
    expect(nodeLocation(0, 1000)).toEqual({ tileLevel: 0, tileIndex: 3, offset: 232, count: 1 });
    expect(nodeLocation(3, 33)).toEqual({ tileLevel: 0, tileIndex: 1, offset: 8, count: 8 });
    expect(nodeLocation(8, 256)).toEqual({ tileLevel: 1, tileIndex: 1, offset: 0, count: 1 });
    expect(() => nodeLocation(56, 0)).toThrowError(refusal('tile_out_of_range'));
    expect(() => nodeLocation(7, 2 ** 50)).toThrowError(refusal('tile_out_of_range'));
  });
});

describe('readHashFromTiles', () => {
  const SIZE = 1500;
  const { readHash } = growTree(Array.from({ length: SIZE }, (_, index) => leafHash(utf8(`entry ${index}`))));
  const readTile: ReadTile = async ({ level, index, width }) =>
    concatBytes(
      await Promise.all(
        Array.from({ length: width }, (_, at) => readHash(8 * level, index * TILE_WIDTH + at)),
      ),
    );

  test('gives the proofs of the tree itself, at every size', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: SIZE }), fc.nat(), async (size, pick) => {
        const fromTiles = readHashFromTiles(size, readTile);
        expect(await treeHash(size, fromTiles)).toEqual(await treeHash(size, readHash));
        const index = pick % size;
        expect(await inclusionProof(index, size, fromTiles)).toEqual(
          await inclusionProof(index, size, readHash),
        );
      }),
    );
  });

  test('serves older trees from the tiles of the newest', async () => {
    const fromTiles = readHashFromTiles(SIZE, readTile);
    expect(await inclusionProof(7, 300, fromTiles)).toEqual(await inclusionProof(7, 300, readHash));
  });

  test('works at 2^53 - 1 leaves', async () => {
    const size = Number.MAX_SAFE_INTEGER;
    const levels = [leafHash(utf8('same'))];
    while (levels.length < 54) levels.push(nodeHash(levels.at(-1)!, levels.at(-1)!));
    const uniform = readHashFromTiles(size, async ({ level, width }) =>
      concatBytes(Array.from({ length: width }, () => levels[8 * level]!)),
    );
    expect(await treeHash(size, uniform)).toEqual(await treeHash(size, async (level) => levels[level]!));
  });

  test('reads each tile once', async () => {
    const read: string[] = [];
    const counted = readHashFromTiles(SIZE, (tile) => {
      read.push(tilePath(tile.level, tile.index, tile.width));
      return readTile(tile);
    });
    await inclusionProof(700, SIZE, counted);
    expect(read.toSorted()).toEqual(['tile/0/002', 'tile/0/005.p/220', 'tile/1/000.p/5']);
  });

  test('refuses a tile of another length, and a node that the tree does not have', async () => {
    const truncated = readHashFromTiles(SIZE, async (tile) => (await readTile(tile)).subarray(1));
    await expect(truncated(0, 0)).rejects.toMatchObject({ code: 'tile_malformed', where: 'tile/0/000' });
    await expect(readHashFromTiles(SIZE, readTile)(0, SIZE)).rejects.toMatchObject({
      code: 'tile_out_of_range',
    });
    expect(tileWidth(0, 6, SIZE)).toBe(0);
  });
});

describe('entry bundles', () => {
  const entries = fc.array(fc.uint8Array({ maxLength: 400 }), { minLength: 1, maxLength: 256 });

  test('read back', () => {
    fc.assert(
      fc.property(entries, (list) => {
        expect(decodeEntryBundle(encodeEntryBundle(list), list.length)).toEqual(list);
      }),
      { numRuns: 30 },
    );
  });

  test('write the length in two bytes, big endian', () => {
    expect(encodeEntryBundle([new Uint8Array(258)]).subarray(0, 2)).toEqual(Uint8Array.of(1, 2));
    expect(decodeEntryBundle(encodeEntryBundle([new Uint8Array(65_535)]), 1)[0]).toHaveLength(65_535);
  });

  test('refuse an entry over 65,535 bytes', () => {
    expect(() => encodeEntryBundle([new Uint8Array(65_536)])).toThrowError(refusal('entry_too_large'));
  });

  test.each([
    [[], 1],
    [[0], 1],
    [[0, 1], 1],
    [[0, 0, 0], 1],
    [[0, 0], 2],
    [[0, 0, 0, 0], 1],
  ])('%j is not a bundle of %i', (bytes, width) => {
    expect(() => decodeEntryBundle(Uint8Array.from(bytes), width)).toThrowError(refusal('tile_malformed'));
  });

  test('answer random bytes with typed refusals only', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), fc.nat(5), (bytes, width) => {
        try {
          expect(encodeEntryBundle(decodeEntryBundle(bytes, width))).toEqual(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(Refusal);
        }
      }),
    );
  });
});
