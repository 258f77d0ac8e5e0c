import { BUCKETS, GRAMS_AT_A_PLACE, type Measured, type Window } from './windows.ts';

/** A logistic regression. A window's grams count by their mean times the root of their number. */
export interface LinearModel {
  readonly bias: number;
  readonly grams: Float32Array;
  readonly signs: Float32Array;
}

/** What is committed: the grams' weights as signed bytes in base64, each times `gramScale`. */
export interface StoredModel {
  readonly bias: number;
  readonly gramScale: number;
  readonly grams: string;
  readonly signs: readonly number[];
  /** The log-odds from which a text is judged to be an attack. */
  readonly threshold: number;
}

export function loadModel({ bias, gramScale, grams, signs }: StoredModel): LinearModel {
  const bytes = new Int8Array(Buffer.from(grams, 'base64'));
  if (bytes.length !== BUCKETS) throw new RangeError(`${bytes.length} weights instead of ${BUCKETS}`);
  return {
    bias,
    grams: Float32Array.from(bytes, (byte) => byte * gramScale),
    signs: Float32Array.from(signs),
  };
}

/** The window with the highest log-odds; undefined where there is none. */
export function highestWindow(
  model: LinearModel,
  { grams, windows }: Measured,
): { readonly window: Window; readonly logOdds: number } | undefined {
  const sums = runningSums(model, grams);
  let highest: { window: Window; logOdds: number } | undefined;
  for (const window of windows) {
    const { start, end } = window;
    const count = (end - start) * GRAMS_AT_A_PLACE;
    let logOdds = model.bias + ((sums[end] ?? 0) - (sums[start] ?? 0)) / Math.sqrt(count);
    for (const sign of window.signs) logOdds += model.signs[sign] ?? 0;
    if (highest === undefined || logOdds > highest.logOdds) highest = { window, logOdds };
  }
  return highest;
}

/** At each place the weights of all grams before it, so that a window costs the same however long it is. */
function runningSums(model: LinearModel, grams: Uint16Array): Float64Array {
  const places = grams.length / GRAMS_AT_A_PLACE;
  const sums = new Float64Array(places + 1);
  let sum = 0;
  for (let at = 0; at < places; at++) {
    for (let n = 0; n < GRAMS_AT_A_PLACE; n++) {
      const bucket = grams[at * GRAMS_AT_A_PLACE + n] ?? 0;
      if (bucket !== 0) sum += model.grams[bucket] ?? 0;
    }
    sums[at + 1] = sum;
  }
  return sums;
}
