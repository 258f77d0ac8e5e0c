import type { Contender, ContenderName } from './contenders.ts';
import { closedLoop, openLoop, percentile, type LoadResult, type LoadTarget } from './load-generator.ts';
import { forgetPeakMemory, peakMemoryBytes, processorTime } from './process-costs.ts';
import type { WorkloadName } from './workloads.ts';

export type LoadShape =
  | { readonly kind: 'closed'; readonly connections: number }
  | { readonly kind: 'open'; readonly connections: number; readonly perSecond: number };

/** One contender under one workload for one round. */
export interface Measurement {
  readonly contender: ContenderName;
  readonly workload: WorkloadName;
  readonly loop: LoadShape['kind'];
  readonly round: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly answers200: number;
  readonly errors: number;
  /** Processor time of the contender itself for one answer. The next three are absent without /proc. */
  readonly cpuMicros?: number;
  /** Of its child processes: a cell's PostgreSQL. */
  readonly childCpuMicros?: number;
  readonly peakMemoryBytes?: number;
  /** Share of one core that the load generator and the stub used: near 1 they are the limit themselves. */
  readonly loadBusy?: number;
}

export function runLoad(target: LoadTarget, shape: LoadShape, seconds: number): Promise<LoadResult> {
  return shape.kind === 'closed'
    ? closedLoop(target, shape.connections, seconds)
    : openLoop(target, shape.connections, shape.perSecond, seconds);
}

export async function measure(
  of: { readonly contender: Contender; readonly stub: Contender; readonly workload: WorkloadName },
  target: LoadTarget,
  shape: LoadShape,
  round: number,
  seconds: number,
): Promise<Measurement> {
  const { contender, stub, workload } = of;
  forgetPeakMemory(contender.pid);
  const before = { contender: processorTime(contender.pid), load: loadMicros(stub), ms: performance.now() };
  const result = await runLoad(target, shape, seconds);
  const elapsedMicros = (performance.now() - before.ms) * 1000;
  const after = { contender: processorTime(contender.pid), load: loadMicros(stub) };
  const peak = peakMemoryBytes(contender.pid);
  const answers = Math.max(1, result.answers200);
  return {
    contender: contender.name,
    workload,
    loop: shape.kind,
    round,
    perSecond: result.perSecond,
    p50Ms: percentile(result.latenciesMs, 0.5),
    p99Ms: percentile(result.latenciesMs, 0.99),
    answers200: result.answers200,
    errors: result.errors,
    ...(before.contender && after.contender
      ? {
          cpuMicros: (after.contender.ownMicros - before.contender.ownMicros) / answers,
          childCpuMicros:
            Math.max(0, after.contender.childrenMicros - before.contender.childrenMicros) / answers,
        }
      : {}),
    ...(peak === undefined ? {} : { peakMemoryBytes: peak }),
    ...(before.load !== undefined && after.load !== undefined
      ? { loadBusy: (after.load - before.load) / elapsedMicros }
      : {}),
  };
}

/** Of this process, which generates the load, and of the stub. */
function loadMicros(stub: Contender): number | undefined {
  const ofStub = processorTime(stub.pid);
  const { user, system } = process.cpuUsage();
  return ofStub === undefined ? undefined : ofStub.ownMicros + user + system;
}
