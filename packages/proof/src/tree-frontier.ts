import { completeSubtrees, emptyTreeHash, foldRight, nodeHash } from './merkle-tree.ts';
import type { ReadHash } from './merkle-tree.ts';
import { Refusal } from './refusal.ts';

/** Receives each complete subtree when its last leaf arrives, lowest level first. */
export type NodeSink = (level: number, index: number, hash: Uint8Array) => void;

/**
 * The right edge of a growing tree: the roots of its complete subtrees, at most 53 hashes. All
 * that an append needs. Synchronous, so a batch is appended without a gap.
 */
export class TreeFrontier {
  #size = 0;
  /** Widest first: the binary digits of the size that are one, most significant first. */
  readonly #peaks: Uint8Array[] = [];

  /** The frontier of a stored tree. Throws Refusal `proof_out_of_range`. */
  static async restore(size: number, readHash: ReadHash): Promise<TreeFrontier> {
    if (!Number.isSafeInteger(size) || size < 0) throw new Refusal('proof_out_of_range');
    const frontier = new TreeFrontier();
    frontier.#size = size;
    const subtrees = completeSubtrees({ from: 0, to: size });
    frontier.#peaks.push(...(await Promise.all(subtrees.map(({ level, index }) => readHash(level, index)))));
    return frontier;
  }

  get size(): number {
    return this.#size;
  }

  /** Root of the tree so far (RFC 6962 section 2.1). */
  root(): Uint8Array {
    return this.#peaks.length === 0 ? emptyTreeHash : foldRight(this.#peaks);
  }

  /** Adds one leaf and hands every subtree that it completes to `onNode`. */
  append(leafHash: Uint8Array, onNode?: NodeSink): void {
    if (this.#size === Number.MAX_SAFE_INTEGER) throw new Refusal('proof_out_of_range');
    let level = 0;
    let index = this.#size;
    let hash = leafHash;
    onNode?.(level, index, hash);
    while (index % 2 === 1) {
      const left = this.#peaks.pop();
      if (left === undefined) throw new RangeError('a frontier has a peak for each one in its size');
      hash = nodeHash(left, hash);
      level++;
      index = (index - 1) / 2;
      onNode?.(level, index, hash);
    }
    this.#peaks.push(hash);
    this.#size++;
  }

  /** An independent frontier: a batch that may fail is tried on the copy. */
  clone(): TreeFrontier {
    const copy = new TreeFrontier();
    copy.#size = this.#size;
    copy.#peaks.push(...this.#peaks);
    return copy;
  }
}
