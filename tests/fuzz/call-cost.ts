/**
 * Milliseconds since now: of the processor where a call only computes, so that other processes do not
 * count, and of the clock where it waits for a disk or a network.
 */
export function measuring(waits = false): () => number {
  const wall = performance.now();
  if (waits) return () => performance.now() - wall;
  const before = process.cpuUsage();
  return () => {
    const { user, system } = process.cpuUsage(before);
    return Math.min(performance.now() - wall, (user + system) / 1000);
  };
}
