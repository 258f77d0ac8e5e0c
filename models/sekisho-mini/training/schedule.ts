/** Learning rate by fraction of the run: linear warm-up, then a cosine down to a hundredth. */
const FLOOR = 0.01;
const WARM_UP_STEPS = 100;

/**
 * @param peak the highest rate
 * @param step counted from 0, for the warm-up
 * @param progress 0 at the start, 1 at the end: elapsed fraction of the run's time
 */
export function learningRate(peak: number, step: number, progress: number): number {
  const warmUp = Math.min(1, (step + 1) / WARM_UP_STEPS);
  const cosine = 0.5 * (1 + Math.cos(Math.PI * Math.min(1, progress)));
  return peak * warmUp * (FLOOR + (1 - FLOOR) * cosine);
}
