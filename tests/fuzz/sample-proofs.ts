import { consistencyProof, inclusionProof, leafHash, treeHash, utf8 } from '@sekisho/proof';
import { growTree } from '../../packages/proof/src/testing/sample-log.ts';

/** Proofs of a tree of 300 leaves, in the form of transparency-dev's files. */

export const leaves: readonly Uint8Array[] = Array.from({ length: 300 }, (_, at) =>
  leafHash(utf8(`entry ${at}`)),
);
const tree = growTree(leaves);
const edges = [1, 2, 3, 4, 7, 8, 9, 255, 256, 257, 299, 300];

export async function ownInclusionProofs(): Promise<Uint8Array[]> {
  const claims = edges.flatMap((treeSize) =>
    [...new Set([0, treeSize >>> 1, treeSize - 1])].map((leafIdx) => ({ leafIdx, treeSize })),
  );
  return Promise.all(
    claims.map(async ({ leafIdx, treeSize }) =>
      json({
        leafIdx,
        treeSize,
        root: base64Of(await treeHash(treeSize, tree.readHash)),
        leafHash: base64Of(leaves[leafIdx]!),
        proof: (await inclusionProof(leafIdx, treeSize, tree.readHash)).map(base64Of),
      }),
    ),
  );
}

export async function ownConsistencyProofs(): Promise<Uint8Array[]> {
  const claims = edges.flatMap((size2) =>
    edges.filter((size1) => size1 <= size2).map((size1) => ({ size1, size2 })),
  );
  return Promise.all(
    claims.map(async ({ size1, size2 }) =>
      json({
        size1,
        size2,
        root1: base64Of(await treeHash(size1, tree.readHash)),
        root2: base64Of(await treeHash(size2, tree.readHash)),
        proof: (await consistencyProof(size1, size2, tree.readHash)).map(base64Of),
      }),
    ),
  );
}

function base64Of(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}

function json(value: unknown): Uint8Array {
  return utf8(JSON.stringify(value));
}
