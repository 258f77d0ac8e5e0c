/** Kept at most; beyond, every second one is dropped, and only every second one is made from then on. */
const LANDMARKS_MAX = 4096;

/** The beginning of an entry bundle. */
export interface Landmark {
  readonly bundle: number;
  /** Intents in all bundles before. */
  readonly intents: number;
  /** The latest time of any entry before, milliseconds since 1970. */
  readonly latestMs: number;
}

/** Where in a log one is, at distances that grow with it: to find a place again, in constant memory. */
export class Landmarks {
  #kept: Landmark[] = [];
  /** Bundles from one landmark to the next: a power of two. */
  #stride = 1;

  /** Every bundle, in turn. */
  pass(landmark: Landmark): void {
    if (landmark.bundle % this.#stride !== 0) return;
    if (this.#kept.length === LANDMARKS_MAX) {
      this.#stride *= 2;
      this.#kept = this.#kept.filter(({ bundle }) => bundle % this.#stride === 0);
      if (landmark.bundle % this.#stride !== 0) return;
    }
    this.#kept.push(landmark);
  }

  /** The last at or before that bundle. */
  beforeBundle(bundle: number): Landmark | undefined {
    return this.#lastWhere((landmark) => landmark.bundle <= bundle);
  }

  /** The last before which everything is earlier than that. */
  beforeTime(timeMs: number): Landmark | undefined {
    return this.#lastWhere((landmark) => landmark.latestMs < timeMs);
  }

  /** Bundles and times only grow, so what holds for one holds for all before it. */
  #lastWhere(holds: (landmark: Landmark) => boolean): Landmark | undefined {
    let from = 0;
    let to = this.#kept.length;
    while (from < to) {
      const middle = Math.floor((from + to) / 2);
      const landmark = this.#kept[middle];
      if (landmark !== undefined && holds(landmark)) from = middle + 1;
      else to = middle;
    }
    return this.#kept[from - 1];
  }
}
