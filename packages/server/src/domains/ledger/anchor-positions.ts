/** Anchors of one log that no witnessed checkpoint covers yet, at most. Even, so that thinning one more keeps both ends. */
const PENDING_MAX = 16;

/** One anchor in the cell's log. */
export interface AnchorPosition {
  /** Of the entry in the cell's log. */
  readonly index: number;
  /** Leaves of the anchored tree. */
  readonly size: number;
}

/**
 * By log, the largest anchored tree that witnesses vouch for, and those that they may vouch for next. An
 * anchor of a larger tree proves all that one of a smaller does, so one is enough.
 */
export class AnchorPositions {
  readonly #byOrigin = new Map<
    string,
    { covered: AnchorPosition | undefined; pending: readonly AnchorPosition[] }
  >();
  #witnessedSize = 0;

  /** In any order. */
  add(origin: string, position: AnchorPosition): void {
    const known = this.#byOrigin.get(origin) ?? { covered: undefined, pending: [] };
    this.#byOrigin.set(origin, known);
    if (position.index < this.#witnessedSize) known.covered = largerOf(known.covered, position);
    else known.pending = thinned([...known.pending, position].toSorted((a, b) => a.index - b.index));
  }

  /** The witnesses have cosigned a tree of the cell's log of this size. */
  cover(witnessedSize: number): void {
    if (witnessedSize <= this.#witnessedSize) return;
    this.#witnessedSize = witnessedSize;
    for (const known of this.#byOrigin.values()) {
      if (known.pending.length === 0) continue;
      const covered = known.pending.filter(({ index }) => index < witnessedSize);
      known.covered = covered.reduce(largerOf, known.covered);
      known.pending = known.pending.slice(covered.length);
    }
  }

  largestCovered(origin: string): AnchorPosition | undefined {
    return this.#byOrigin.get(origin)?.covered;
  }
}

function largerOf(one: AnchorPosition | undefined, other: AnchorPosition): AnchorPosition {
  return one !== undefined && one.size >= other.size ? one : other;
}

/**
 * While witnesses are away, anchors come on. Every second one goes, so that those kept stay spread over
 * the time, the oldest and the newest among them: however far the witnesses come, some of it is covered.
 */
function thinned(pending: readonly AnchorPosition[]): readonly AnchorPosition[] {
  if (pending.length <= PENDING_MAX) return pending;
  return pending.filter((_, at) => at % 2 === 0);
}
