import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import type { Metrics } from './metrics.ts';

const RESOLUTION_MS = 20;
const NS = 1e-9;

/**
 * What the process takes of its machine. Names: `process_*` as Prometheus' client libraries have them, `nodejs_*` and
 * `v8js_*` as the OpenTelemetry semantic conventions. Returns what stops the measuring.
 */
export function showProcess(metrics: Metrics): () => void {
  const bytes = (name: string, help: string, read: () => number): void =>
    metrics.readOne('gauge', { name, help, unit: 'bytes' }, read);
  metrics.readOne(
    'counter',
    { name: 'process_cpu_seconds', help: 'Processor time, user and system.', unit: 'seconds' },
    () => {
      const { user, system } = process.cpuUsage();
      return (user + system) / 1e6;
    },
  );
  metrics.readOne(
    'gauge',
    { name: 'process_start_time_seconds', help: 'Start, since the Unix epoch.', unit: 'seconds' },
    () => performance.timeOrigin / 1000,
  );
  bytes('process_resident_memory_bytes', 'Resident memory.', () => process.memoryUsage.rss());
  bytes('v8js_memory_heap_used_bytes', 'Heap in use.', () => process.memoryUsage().heapUsed);
  bytes('v8js_memory_external_bytes', 'Buffers outside the heap.', () => process.memoryUsage().external);

  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delay.enable();
  let before = performance.eventLoopUtilization();
  metrics.readOne(
    'gauge',
    {
      name: 'nodejs_eventloop_utilization_ratio',
      help: 'Share of time that the event loop was busy since the last scrape.',
    },
    () => {
      const now = performance.eventLoopUtilization();
      const { utilization } = performance.eventLoopUtilization(now, before);
      before = now;
      return utilization;
    },
  );
  const late = (name: string, help: string, read: () => number): void =>
    metrics.readOne('gauge', { name, help, unit: 'seconds' }, () =>
      delay.count === 0 ? undefined : Math.max(0, read() * NS - RESOLUTION_MS / 1000),
    );
  late('nodejs_eventloop_delay_p50_seconds', 'Lateness of timers since the last scrape, median.', () =>
    delay.percentile(50),
  );
  late('nodejs_eventloop_delay_p99_seconds', 'The same, 99th percentile.', () => delay.percentile(99));
  late('nodejs_eventloop_delay_max_seconds', 'The same, the longest.', () => {
    const longest = delay.max;
    delay.reset();
    return longest;
  });
  return () => void delay.disable();
}
