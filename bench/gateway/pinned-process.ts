import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { z } from 'zod';

/** Contenders run on the first core, everything that loads them on the second. */
export type Core = 'contender' | 'load';
const CORES: Readonly<Record<Core, string>> = { contender: '0', load: '1' };
const START_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 15_000;

/** Whether processes can be bound to a core here (Linux with util-linux, at least two cores). */
export const canPin: boolean = (() => {
  if (availableParallelism() < 2) return false;
  try {
    execFileSync('taskset', ['-c', '0,1', 'true'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
})();

/** Binds this process with all its threads. */
export function pinSelf(core: Core): void {
  if (canPin)
    execFileSync('taskset', ['-a', '-c', '-p', CORES[core], String(process.pid)], { stdio: 'ignore' });
}

/** A child process on its core. taskset replaces itself by the program, so the pid is the program's. */
export class PinnedProcess {
  readonly #child: ChildProcess;
  #output = '';

  private constructor(child: ChildProcess) {
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on(
        'data',
        (bytes: Buffer) => (this.#output = (this.#output + bytes.toString()).slice(-20_000)),
      );
    }
  }

  static spawn(core: Core, command: readonly string[], environment: NodeJS.ProcessEnv = {}): PinnedProcess {
    const [program = '', ...args] = canPin ? ['taskset', '-c', CORES[core], ...command] : command;
    return new PinnedProcess(
      spawn(program, args, {
        // The fourth is the channel on which a Node program tells its port.
        stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
        env: { ...process.env, LANG: 'C.UTF-8', LC_ALL: 'C.UTF-8', ...environment },
      }),
    );
  }

  /** A program of Node's that sends `{ port }` once it listens. */
  static async listening(
    core: Core,
    args: readonly string[],
    environment: NodeJS.ProcessEnv = {},
  ): Promise<{ readonly process: PinnedProcess; readonly port: number }> {
    const started = PinnedProcess.spawn(core, [process.execPath, ...args], environment);
    const [message] = await started.#before(once(started.#child, 'message'));
    return { process: started, port: z.object({ port: z.int() }).parse(message).port };
  }

  get pid(): number {
    return this.#child.pid ?? -1;
  }

  get output(): string {
    return this.#output;
  }

  /** Resolves with the first thing that it prints. */
  async greeting(): Promise<string> {
    await this.#before(once(this.#child.stdout!, 'data'));
    return this.#output;
  }

  /** `event`, unless the process ends or the time is up before it. */
  async #before<T>(event: Promise<T>): Promise<T> {
    const late = AbortSignal.timeout(START_TIMEOUT_MS);
    const given = new AbortController();
    try {
      return await Promise.race([
        event,
        once(this.#child, 'exit', { signal: given.signal }).then(() =>
          Promise.reject(new Error(`it ended at once:\n${this.#output}`)),
        ),
        once(late, 'abort', { signal: given.signal }).then(() =>
          Promise.reject(new Error(`it did not start:\n${this.#output}`)),
        ),
      ]);
    } finally {
      given.abort();
    }
  }

  /** As Ctrl-C does; by force when that does not help. */
  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, 'exit');
    const force = setTimeout(() => this.#child.kill('SIGKILL'), STOP_TIMEOUT_MS);
    this.#child.kill('SIGINT');
    await ended;
    clearTimeout(force);
  }
}
