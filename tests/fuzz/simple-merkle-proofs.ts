import { createHash } from 'node:crypto';

/**
 * Merkle proofs once more, straight from the recursive definitions of RFC 6962 sections 2.1.1 and
 * 2.1.2 and with integers that never overflow: slow, and written without a look at the package.
 */

const hashOf = (left: Buffer, right: Buffer): Buffer =>
  createHash('sha256').update(Buffer.of(1)).update(left).update(right).digest();

/** Largest power of two below `size`, which is above 1. */
function split(size: bigint): bigint {
  let power = 1n;
  while (power * 2n < size) power *= 2n;
  return power;
}

/** The root to which PATH(index, D[size]) leads; undefined when the path has another length. */
export function simplyLed(
  index: bigint,
  size: bigint,
  leafHash: Buffer,
  path: readonly Buffer[],
): Buffer | undefined {
  if (size === 1n) return path.length === 0 ? leafHash : undefined;
  const sibling = path.at(-1);
  if (sibling === undefined) return undefined;
  const left = split(size);
  const rest = path.slice(0, -1);
  if (index < left) {
    const root = simplyLed(index, left, leafHash, rest);
    return root && hashOf(root, sibling);
  }
  const root = simplyLed(index - left, size - left, leafHash, rest);
  return root && hashOf(sibling, root);
}

interface Roots {
  readonly old: Buffer;
  readonly whole: Buffer;
}

/** SUBPROOF(oldSize, D[size], true): the two roots that it leads to. `oldRoot` where the proof leaves it out. */
export function simplyConsistent(
  oldSize: bigint,
  size: bigint,
  oldRoot: Buffer,
  proof: readonly Buffer[],
  fromLeafZero = true,
): Roots | undefined {
  if (oldSize === size) {
    if (fromLeafZero) return proof.length === 0 ? { old: oldRoot, whole: oldRoot } : undefined;
    const [hash] = proof;
    return hash === undefined || proof.length > 1 ? undefined : { old: hash, whole: hash };
  }
  const sibling = proof.at(-1);
  if (sibling === undefined) return undefined;
  const left = split(size);
  const rest = proof.slice(0, -1);
  if (oldSize <= left) {
    const roots = simplyConsistent(oldSize, left, oldRoot, rest, fromLeafZero);
    return roots && { old: roots.old, whole: hashOf(roots.whole, sibling) };
  }
  const roots = simplyConsistent(oldSize - left, size - left, oldRoot, rest, false);
  return roots && { old: hashOf(sibling, roots.old), whole: hashOf(sibling, roots.whole) };
}
