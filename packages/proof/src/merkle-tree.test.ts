import { existsSync, globSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { utf8 } from './byte-encodings.ts';
import {
  consistencyProof,
  emptyTreeHash,
  inclusionProof,
  leafHash,
  nodeHash,
  treeHash,
  verifyConsistency,
  verifyInclusion,
} from './merkle-tree.ts';
import type { ReadHash } from './merkle-tree.ts';
import { TreeFrontier } from './tree-frontier.ts';
import { growTree } from './testing/sample-log.ts';

const LEAVES = 600;
const leafHashes = Array.from({ length: LEAVES }, (_, index) => leafHash(utf8(`entry ${index}`)));
const { readHash } = growTree(leafHashes);

/** RFC 6962 section 2.1, word for word. */
function recursiveTreeHash(hashes: readonly Uint8Array[]): Uint8Array {
  if (hashes.length === 0) return emptyTreeHash;
  if (hashes.length === 1) return hashes[0]!;
  let k = 1;
  while (k * 2 < hashes.length) k *= 2;
  return nodeHash(recursiveTreeHash(hashes.slice(0, k)), recursiveTreeHash(hashes.slice(k)));
}

/** A tree of any size whose leaves are all the same: a complete subtree depends on its level only. */
const uniformLevels = [leafHash(utf8('same'))];
while (uniformLevels.length < 54) uniformLevels.push(nodeHash(uniformLevels.at(-1)!, uniformLevels.at(-1)!));
const readUniformHash: ReadHash = async (level) => uniformLevels[level]!;
const hugeSize = fc.oneof(
  fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
  fc.integer({ min: 2 ** 31 - 3, max: 2 ** 33 }),
  fc.integer({ min: 1, max: 53 }).map((bits) => 2 ** bits - 1),
);

describe('hashes', () => {
  test('are those of RFC 6962', () => {
    const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
    expect(hex(emptyTreeHash)).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
    // Known answers of certificate-transparency's own tests: the empty leaf.
    expect(hex(leafHash(new Uint8Array(0)))).toBe(
      '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
    );
  });

  test('of a longer entry do not leak into the next', () => {
    const short = leafHash(utf8('a'));
    leafHash(new Uint8Array(70_000).fill(1));
    leafHash(new Uint8Array(65_535).fill(1));
    expect(leafHash(utf8('a'))).toEqual(short);
  });

  test('refuse a node of anything but two hashes', () => {
    expect(() => nodeHash(emptyTreeHash, new Uint8Array(31))).toThrow(RangeError);
  });
});

describe('TreeFrontier', () => {
  test('has the root of the recursive definition at every size', () => {
    const frontier = new TreeFrontier();
    for (let size = 0; size <= 130; size++) {
      expect(frontier.root()).toEqual(recursiveTreeHash(leafHashes.slice(0, size)));
      frontier.append(leafHashes[size]!);
    }
  });

  test('restored from stored hashes goes on as if never stopped', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 300 }),
        fc.integer({ min: 0, max: 300 }),
        async (size, more) => {
          const frontier = await TreeFrontier.restore(size, readHash);
          for (const hash of leafHashes.slice(size, size + more)) frontier.append(hash);
          expect(frontier.size).toBe(size + more);
          expect(frontier.root()).toEqual(recursiveTreeHash(leafHashes.slice(0, size + more)));
        },
      ),
      { numRuns: 40 },
    );
  });

  test('emits each complete subtree once, when its last leaf arrives', () => {
    const frontier = new TreeFrontier();
    const emitted: string[] = [];
    for (const hash of leafHashes.slice(0, 4))
      frontier.append(hash, (level, index) => emitted.push(`${level}/${index}`));
    expect(emitted).toEqual(['0/0', '0/1', '1/0', '0/2', '0/3', '1/1', '2/0']);
  });

  test('cloned leaves the original alone', () => {
    const frontier = new TreeFrontier();
    frontier.append(leafHashes[0]!);
    const root = frontier.root();
    frontier.clone().append(leafHashes[1]!);
    expect([frontier.size, frontier.root()]).toEqual([1, root]);
  });

  test('refuses to grow past 2^53 - 1 leaves', async () => {
    const frontier = await TreeFrontier.restore(Number.MAX_SAFE_INTEGER, readUniformHash);
    expect(() => frontier.append(uniformLevels[0]!)).toThrowError(
      expect.objectContaining({ code: 'proof_out_of_range' }),
    );
  });
});

describe('inclusion', () => {
  test('proofs verify at every index of small trees', async () => {
    for (let size = 1; size <= 40; size++) {
      const root = recursiveTreeHash(leafHashes.slice(0, size));
      for (let index = 0; index < size; index++) {
        const hashes = await inclusionProof(index, size, readHash);
        expect(verifyInclusion({ index, size, root, leafHash: leafHashes[index]!, hashes })).toEqual({
          ok: true,
        });
      }
    }
  });

  test('proofs verify, and any change to them does not', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: LEAVES }),
        fc.nat(),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        async (size, pick, at, flip) => {
          const index = pick % size;
          const root = await treeHash(size, readHash);
          const hashes = await inclusionProof(index, size, readHash);
          const claim = { index, size, root, leafHash: leafHashes[index]!, hashes };
          expect(verifyInclusion(claim)).toEqual({ ok: true });

          expect(verifyInclusion({ ...claim, root: flipped(root, at, flip) }).ok).toBe(false);
          expect(verifyInclusion({ ...claim, leafHash: flipped(claim.leafHash, at, flip) }).ok).toBe(false);
          for (const position of hashes.keys()) {
            expect(
              verifyInclusion({
                ...claim,
                hashes: hashes.with(position, flipped(hashes[position]!, at, flip)),
              }).ok,
            ).toBe(false);
            expect(verifyInclusion({ ...claim, hashes: hashes.toSpliced(position, 1) }).ok).toBe(false);
          }
          expect(verifyInclusion({ ...claim, hashes: [...hashes, root] }).ok).toBe(false);
          const otherIndex = (index + 1 + (at % size)) % (size + 1);
          if (otherIndex !== index) expect(verifyInclusion({ ...claim, index: otherIndex }).ok).toBe(false);
        },
      ),
      { numRuns: 60 },
    );
  });

  test('proofs verify up to 2^53 - 1 leaves', async () => {
    await fc.assert(
      fc.asyncProperty(hugeSize, fc.double({ min: 0, max: 1, noNaN: true }), async (size, part) => {
        const index = Math.min(size - 1, Math.floor(size * part));
        const root = await treeHash(size, readUniformHash);
        const hashes = await inclusionProof(index, size, readUniformHash);
        const claim = { index, size, root, leafHash: uniformLevels[0]!, hashes };
        expect(hashes.length).toBeLessThanOrEqual(53);
        expect(verifyInclusion(claim)).toEqual({ ok: true });
        expect(verifyInclusion({ ...claim, leafHash: uniformLevels[1]! }).ok).toBe(false);
      }),
    );
  });

  test('claims outside the tree are refused', async () => {
    for (const [index, size] of [
      [0, 0],
      [1, 1],
      [-1, 2],
      [0.5, 2],
      [0, 2 ** 53],
    ] as const) {
      const claim = { index, size, root: emptyTreeHash, leafHash: emptyTreeHash, hashes: [] };
      expect(verifyInclusion(claim)).toEqual({ ok: false, code: 'proof_out_of_range' });
      await expect(inclusionProof(index, size, readHash)).rejects.toMatchObject({
        code: 'proof_out_of_range',
      });
    }
  });
});

describe('consistency', () => {
  test('proofs verify between all small trees', async () => {
    for (let size = 1; size <= 24; size++) {
      for (let oldSize = 1; oldSize <= size; oldSize++) {
        const claim = await consistencyClaim(oldSize, size, readHash);
        expect(verifyConsistency(claim)).toEqual({ ok: true });
      }
    }
  });

  test('proofs verify, and any change to them does not', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 2, max: LEAVES }),
        fc.nat(),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        async (size, pick, at, flip) => {
          const claim = await consistencyClaim(1 + (pick % (size - 1)), size, readHash);
          const { hashes } = claim;
          expect(verifyConsistency(claim)).toEqual({ ok: true });
          expect(verifyConsistency({ ...claim, oldRoot: flipped(claim.oldRoot, at, flip) }).ok).toBe(false);
          expect(verifyConsistency({ ...claim, root: flipped(claim.root, at, flip) }).ok).toBe(false);
          for (const position of hashes.keys()) {
            expect(
              verifyConsistency({
                ...claim,
                hashes: hashes.with(position, flipped(hashes[position]!, at, flip)),
              }).ok,
            ).toBe(false);
            expect(verifyConsistency({ ...claim, hashes: hashes.toSpliced(position, 1) }).ok).toBe(false);
          }
          expect(verifyConsistency({ ...claim, hashes: [...hashes, claim.root] }).ok).toBe(false);
        },
      ),
      { numRuns: 60 },
    );
  });

  test('proofs verify up to 2^53 - 1 leaves', async () => {
    await fc.assert(
      fc.asyncProperty(hugeSize, fc.double({ min: 0, max: 1, noNaN: true }), async (size, part) => {
        const oldSize = Math.max(1, Math.min(size, Math.floor(size * part)));
        expect(verifyConsistency(await consistencyClaim(oldSize, size, readUniformHash))).toEqual({
          ok: true,
        });
      }),
    );
  });

  test('with an empty old tree says nothing, so it is refused', () => {
    const claim = { oldSize: 0, oldRoot: emptyTreeHash, size: 1, root: leafHashes[0]!, hashes: [] };
    expect(verifyConsistency(claim)).toEqual({ ok: false, code: 'proof_out_of_range' });
  });
});

const vectorsFolder = join(
  process.env['SEKISHO_VECTORS'] ?? resolve(import.meta.dirname, '../../../../shared/vectors'),
  'merkle',
);
const haveVectors = existsSync(vectorsFolder);
const skipNote = haveVectors ? '' : ` (skipped: no folder ${vectorsFolder}; set SEKISHO_VECTORS)`;

describe.skipIf(!haveVectors)(`transparency-dev vectors${skipNote}`, () => {
  const files = haveVectors
    ? globSync('{inclusion,consistency}/**/*.json', { cwd: vectorsFolder }).sort()
    : [];

  test('are there in both kinds', () => {
    expect(files.filter((file) => file.startsWith('inclusion')).length).toBeGreaterThan(90);
    expect(files.filter((file) => file.startsWith('consistency')).length).toBeGreaterThan(90);
  });

  test.each(files)('%s', (file) => {
    const vector = JSON.parse(readFileSync(join(vectorsFolder, file), 'utf8')) as Record<string, unknown>;
    const bytes = (text: unknown): Uint8Array => Buffer.from(text as string, 'base64');
    const hashes = ((vector['proof'] ?? []) as string[]).map(bytes);
    const verdict = file.startsWith('inclusion')
      ? verifyInclusion({
          index: vector['leafIdx'] as number,
          size: vector['treeSize'] as number,
          root: bytes(vector['root']),
          leafHash: bytes(vector['leafHash']),
          hashes,
        })
      : verifyConsistency({
          oldSize: vector['size1'] as number,
          size: vector['size2'] as number,
          oldRoot: bytes(vector['root1']),
          root: bytes(vector['root2']),
          hashes,
        });
    expect(verdict.ok).toBe(vector['wantErr'] !== true);
  });
});

async function consistencyClaim(
  oldSize: number,
  size: number,
  read: ReadHash,
): Promise<Parameters<typeof verifyConsistency>[0]> {
  return {
    oldSize,
    size,
    oldRoot: await treeHash(oldSize, read),
    root: await treeHash(size, read),
    hashes: await consistencyProof(oldSize, size, read),
  };
}

function flipped(bytes: Uint8Array, at: number, flip: number): Uint8Array {
  const position = at % bytes.length;
  return bytes.with(position, bytes[position]! ^ flip);
}
