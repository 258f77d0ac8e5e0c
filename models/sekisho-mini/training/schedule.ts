/** Learning rate by fraction of the run: linear warm-up, then a cosine down to almost nothing. */
const PEAK = 2e-3;
const FLOOR = 2e-5;
const WARM_UP_STEPS = 100;

/** @param progress 0 at the start, 1 at the end; elapsed time or steps, whichever bounds the run */
export function learningRate(step: number, progress: number): number {
  const warmUp = Math.min(1, (step + 1) / WARM_UP_STEPS);
  const cosine = 0.5 * (1 + Math.cos(Math.PI * Math.min(1, progress)));
  return warmUp * (FLOOR + (PEAK - FLOOR) * cosine);
}
