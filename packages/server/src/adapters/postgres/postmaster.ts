import { readdir, readFile, readlink } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Clock } from '../../base/clock.ts';

/** What `postmaster.pid` says (PostgreSQL source, `src/include/utils/pidfile.h`). */
export interface Postmaster {
  readonly pid: number;
  readonly socketFolder: string;
  readonly ready: boolean;
}

const POLL_MS = 10;
const SMART_STOP_MS = 15_000;
const IMMEDIATE_STOP_MS = 5_000;

/** Reads the lock file of a data folder; undefined when it is absent or half written. */
export async function readPostmaster(data: string): Promise<Postmaster | undefined> {
  const text = await readFile(path.join(data, 'postmaster.pid'), 'utf8').catch(() => '');
  const lines = text.split('\n');
  const pid = Number(lines[0]);
  if (!Number.isSafeInteger(pid) || pid <= 1) return undefined;
  return { pid, socketFolder: lines[4] ?? '', ready: (lines[7] ?? '').trim() === 'ready' };
}

/**
 * Whether the process serves this data folder (a real path). A process id alone says nothing after
 * a reboot: the kernel may have given it to somebody else. A postmaster's working directory is its
 * data folder; where the kernel hides that, its command line names the folder.
 */
export async function servesFolder(pid: number, data: string): Promise<boolean> {
  try {
    return (await readlink(`/proc/${pid}/cwd`)) === data;
  } catch (error) {
    if (codeOf(error) !== 'EACCES') return false;
    const commandLine = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    return commandLine.split('\0').includes(data);
  }
}

/** Every process that works in this data folder: a postmaster, its sessions and its workers. */
export async function processesIn(data: string): Promise<readonly number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const found = await Promise.all(pids.map((pid) => servesFolder(pid, data)));
  return pids.filter((_pid, at) => found[at] === true);
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
}

/** Waits until `done` gives something, at most `limitMs`. */
export async function waitUntil<T>(
  clock: Clock,
  limitMs: number,
  done: () => Promise<T | undefined>,
): Promise<T | undefined> {
  const end = clock.monotonicMs() + limitMs;
  for (;;) {
    const value = await done();
    if (value !== undefined) return value;
    if (clock.monotonicMs() >= end) return undefined;
    await pause(POLL_MS);
  }
}

/**
 * Fast shutdown: SIGINT ends sessions, rolls back what is open and writes a checkpoint. When that
 * takes too long SIGQUIT stops at once, and the next start replays the write-ahead log. Returns
 * false when even that did not end it.
 */
export async function stopPostmaster(pid: number, data: string, clock: Clock): Promise<boolean> {
  const ended = async (): Promise<true | undefined> => ((await servesFolder(pid, data)) ? undefined : true);
  for (const [signal, limitMs] of [
    ['SIGINT', SMART_STOP_MS],
    ['SIGQUIT', IMMEDIATE_STOP_MS],
  ] as const) {
    if (!(await servesFolder(pid, data))) return true;
    try {
      process.kill(pid, signal);
    } catch {
      // It ended between the look and the signal.
    }
    if ((await waitUntil(clock, limitMs, ended)) === true) return true;
  }
  return false;
}
