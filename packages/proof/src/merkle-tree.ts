import { sha256 } from '#crypto';
import { equalBytes } from './byte-encodings.ts';
import type { RefusalCode } from './refusal.ts';
import { Refusal } from './refusal.ts';

/**
 * The Merkle tree of RFC 6962 section 2.1 (RFC 9162 section 2.1). Sizes and indexes are plain
 * numbers to 2^53 - 1, so no 32-bit operator may touch them: halve with Math.floor, test with %.
 */

export const HASH_BYTES = 32;

/** Root of the tree without leaves: SHA-256 of nothing. */
export const emptyTreeHash: Uint8Array = sha256(new Uint8Array(0));

const LEAF_SCRATCH_BYTES = 1 + 65_535;
const leafScratch = new Uint8Array(LEAF_SCRATCH_BYTES);
const nodeScratch = new Uint8Array(1 + 2 * HASH_BYTES);
nodeScratch[0] = 1;

/** `SHA-256(00 ‖ entry)`. */
export function leafHash(entry: Uint8Array): Uint8Array {
  // Hashing is synchronous, so one scratch buffer serves all calls: leafScratch[0] is always 0.
  const input =
    entry.length < LEAF_SCRATCH_BYTES
      ? leafScratch.subarray(0, entry.length + 1)
      : new Uint8Array(entry.length + 1);
  input.set(entry, 1);
  return sha256(input);
}

/** `SHA-256(01 ‖ left ‖ right)`; both are 32 bytes. */
export function nodeHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  // A shorter hash would leave bytes of the previous call in the scratch buffer.
  if (left.length !== HASH_BYTES || right.length !== HASH_BYTES) throw new RangeError('a hash is 32 bytes');
  nodeScratch.set(left, 1);
  nodeScratch.set(right, 1 + HASH_BYTES);
  return sha256(nodeScratch);
}

interface RefusedProof {
  readonly ok: false;
  readonly code: Extract<RefusalCode, `proof_${string}`>;
}

export type ProofVerdict = { readonly ok: true } | RefusedProof;

const proven: ProofVerdict = { ok: true };

/** A leaf's place in a tree, and the way up. */
interface InclusionPath {
  readonly index: number;
  readonly size: number;
  readonly leafHash: Uint8Array;
  /** From the leaf to the root. */
  readonly hashes: readonly Uint8Array[];
}

/** RFC 9162 section 2.1.3.2. */
export function verifyInclusion(claim: InclusionPath & { readonly root: Uint8Array }): ProofVerdict {
  if (!isHash(claim.root)) return refused('proof_malformed');
  const led = inclusionRoot(claim);
  if (!led.ok) return led;
  return equalBytes(led.root, claim.root) ? proven : refused('proof_root_mismatch');
}

/**
 * The root that an inclusion proof leads to, by the computation of RFC 9162 section 2.1.3.2, for
 * proofs whose root is not stated but signed. It proves nothing before that signature is checked,
 * and only if the signature also covers `size`: two sizes can give one root to two indexes.
 */
export function inclusionRoot(
  path: InclusionPath,
): { readonly ok: true; readonly root: Uint8Array } | RefusedProof {
  const { index, size, hashes } = path;
  if (!isCount(index) || !isCount(size) || index >= size) return refused('proof_out_of_range');
  if (![path.leafHash, ...hashes].every(isHash)) return refused('proof_malformed');

  let position = index;
  let last = size - 1;
  let hash = path.leafHash;
  for (const sibling of hashes) {
    if (last === 0) return refused('proof_malformed');
    if (position % 2 === 1 || position === last) {
      hash = nodeHash(sibling, hash);
      // A node without right sibling is its own parent: climb to where it has a left one.
      while (position % 2 === 0 && position !== 0) {
        position = position / 2;
        last = half(last);
      }
    } else {
      hash = nodeHash(hash, sibling);
    }
    position = half(position);
    last = half(last);
  }
  return last === 0 ? { ok: true, root: hash } : refused('proof_malformed');
}

/**
 * RFC 9162 section 2.1.4.2. A tree is consistent with itself, by an empty proof. An empty old tree
 * is refused: it commits to nothing, so there is nothing to prove.
 */
export function verifyConsistency(claim: {
  readonly oldSize: number;
  readonly oldRoot: Uint8Array;
  readonly size: number;
  readonly root: Uint8Array;
  readonly hashes: readonly Uint8Array[];
}): ProofVerdict {
  const { oldSize, size, oldRoot, root, hashes } = claim;
  if (!isCount(oldSize) || !isCount(size) || oldSize === 0 || oldSize > size) {
    return refused('proof_out_of_range');
  }
  if (oldSize === size) {
    if (hashes.length > 0) return refused('proof_malformed');
    return equalBytes(oldRoot, root) ? proven : refused('proof_root_mismatch');
  }
  if (![oldRoot, root, ...hashes].every(isHash)) return refused('proof_malformed');

  let position = oldSize - 1;
  let last = size - 1;
  while (position % 2 === 1) {
    position = half(position);
    last = half(last);
  }
  // When the old tree is complete its root is itself the first node, and the proof leaves it out.
  const [first, ...rest] = position === 0 ? [oldRoot, ...hashes] : hashes;
  if (first === undefined) return refused('proof_malformed');
  let oldHash = first;
  let hash = first;
  for (const sibling of rest) {
    if (last === 0) return refused('proof_malformed');
    if (position % 2 === 1 || position === last) {
      oldHash = nodeHash(sibling, oldHash);
      hash = nodeHash(sibling, hash);
      while (position % 2 === 0 && position !== 0) {
        position = position / 2;
        last = half(last);
      }
    } else {
      hash = nodeHash(hash, sibling);
    }
    position = half(position);
    last = half(last);
  }
  if (last !== 0) return refused('proof_malformed');
  return equalBytes(oldHash, oldRoot) && equalBytes(hash, root) ? proven : refused('proof_root_mismatch');
}

/**
 * Reads the hash of the complete subtree `index` at `level`: the 2^level leaves from
 * index * 2^level. Level 0 is the leaf hashes.
 */
export type ReadHash = (level: number, index: number) => Promise<Uint8Array>;

/** RFC 9162 section 2.1.3.1, leaf to root. Throws Refusal `proof_out_of_range`. */
export async function inclusionProof(index: number, size: number, readHash: ReadHash): Promise<Uint8Array[]> {
  if (!isCount(index) || !isCount(size) || index >= size) throw new Refusal('proof_out_of_range');
  const siblings: LeafRange[] = [];
  let from = 0;
  let to = size;
  while (to - from > 1) {
    const middle = from + largestPowerBelow(to - from);
    if (index < middle) {
      siblings.unshift({ from: middle, to });
      to = middle;
    } else {
      siblings.unshift({ from, to: middle });
      from = middle;
    }
  }
  return Promise.all(siblings.map((range) => rangeHash(range, readHash)));
}

/**
 * RFC 9162 section 2.1.4.1; empty when the old tree is empty or the same. Throws Refusal
 * `proof_out_of_range`.
 */
export async function consistencyProof(
  oldSize: number,
  size: number,
  readHash: ReadHash,
): Promise<Uint8Array[]> {
  if (!isCount(oldSize) || !isCount(size) || oldSize > size) throw new Refusal('proof_out_of_range');
  if (oldSize === 0 || oldSize === size) return [];
  const nodes: LeafRange[] = [];
  let from = 0;
  let to = size;
  while (to !== oldSize) {
    const middle = from + largestPowerBelow(to - from);
    if (oldSize <= middle) {
      nodes.unshift({ from: middle, to });
      to = middle;
    } else {
      nodes.unshift({ from, to: middle });
      from = middle;
    }
  }
  // From leaf 0 the remaining node is the old root itself, which the verifier has.
  if (from !== 0) nodes.unshift({ from, to });
  return Promise.all(nodes.map((range) => rangeHash(range, readHash)));
}

/** Root of the tree of the first `size` leaves. Throws Refusal `proof_out_of_range`. */
export async function treeHash(size: number, readHash: ReadHash): Promise<Uint8Array> {
  if (!isCount(size)) throw new Refusal('proof_out_of_range');
  return size === 0 ? emptyTreeHash : rangeHash({ from: 0, to: size }, readHash);
}

/** Leaves `from` (inclusive) to `to` (exclusive). */
interface LeafRange {
  readonly from: number;
  readonly to: number;
}

/** The complete subtrees that make up a range, left to right, widest first. */
export function completeSubtrees(range: LeafRange): { readonly level: number; readonly index: number }[] {
  const subtrees: { level: number; index: number }[] = [];
  let from = range.from;
  while (from < range.to) {
    let level = 0;
    let width = 1;
    while (width * 2 <= range.to - from) {
      width *= 2;
      level++;
    }
    subtrees.push({ level, index: from / width });
    from += width;
  }
  return subtrees;
}

async function rangeHash(range: LeafRange, readHash: ReadHash): Promise<Uint8Array> {
  const hashes = await Promise.all(completeSubtrees(range).map(({ level, index }) => readHash(level, index)));
  return foldRight(hashes);
}

/** Root over complete subtrees that stand side by side: the narrowest, on the right, join first. */
export function foldRight(hashes: readonly Uint8Array[]): Uint8Array {
  return hashes.reduceRight((right, left) => nodeHash(left, right));
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

function isHash(bytes: Uint8Array): boolean {
  return bytes.length === HASH_BYTES;
}

function half(value: number): number {
  return Math.floor(value / 2);
}

/** Largest power of two strictly below `width`; `width` is at least 2. */
function largestPowerBelow(width: number): number {
  let power = 1;
  while (power * 2 < width) power *= 2;
  return power;
}

function refused(code: Extract<RefusalCode, `proof_${string}`>): RefusedProof {
  return { ok: false, code };
}
