import { readdirSync, readFileSync, writeFileSync } from 'node:fs';

/** Processor time since the process started, in microseconds; all threads count. */
export interface ProcessorTime {
  readonly ownMicros: number;
  /** Of all its descendants, such as an embedded database. */
  readonly childrenMicros: number;
}

/** `USER_HZ`: fixed at 100 for what Linux shows in /proc (proc_pid_stat(5)). */
const MICROS_PER_TICK = 10_000;

/** Undefined where there is no /proc. */
export function processorTime(pid: number): ProcessorTime | undefined {
  const own = ownMicros(pid);
  if (own === undefined) return undefined;
  const childrenMicros = descendants(pid).reduce((sum, child) => sum + (ownMicros(child) ?? 0), 0);
  return { ownMicros: own, childrenMicros };
}

/** Highest resident memory since {@link forgetPeakMemory}, in bytes, of the process without its children. */
export function peakMemoryBytes(pid: number): number | undefined {
  const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(read(`/proc/${pid}/status`) ?? '')?.[1];
  return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
}

/** Starts the peak anew (proc_pid_clear_refs(5), value 5). Where that is not allowed it is the peak since the start. */
export function forgetPeakMemory(pid: number): void {
  try {
    writeFileSync(`/proc/${pid}/clear_refs`, '5');
  } catch {
    // Then the figure is an upper bound.
  }
}

function ownMicros(pid: number): number | undefined {
  // The program's name may hold anything; the fields that count stand after its closing bracket.
  const stat = read(`/proc/${pid}/stat`);
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
  if (fields === undefined) return undefined;
  return (Number(fields[11]) + Number(fields[12])) * MICROS_PER_TICK;
}

function descendants(pid: number): number[] {
  const children = threads(pid)
    .flatMap((thread) => (read(`/proc/${pid}/task/${thread}/children`) ?? '').split(' '))
    .filter((text) => text !== '')
    .map(Number);
  return children.flatMap((child) => [child, ...descendants(child)]);
}

function threads(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`);
  } catch {
    return [];
  }
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
