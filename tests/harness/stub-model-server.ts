import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { z } from 'zod';

const PROGRAM = join(import.meta.dirname, 'stub-model-server-process.ts');

const Counts = z.object({
  connections: z.int(),
  bytes: z.int(),
  requests: z.int(),
  aborted: z.int(),
});

/** A model server with fixed answers that a test can kill and start again on the same port. */
export class StubModelServer {
  readonly port: number;
  readonly #options: { readonly chunks?: number; readonly pauseMs?: number };
  #child: ChildProcess;

  private constructor(child: ChildProcess, port: number, options: StubModelServer['options']) {
    this.#child = child;
    this.port = port;
    this.#options = options;
  }

  get options(): { readonly chunks?: number; readonly pauseMs?: number } {
    return this.#options;
  }

  static async start(
    options: { readonly chunks?: number; readonly pauseMs?: number } = {},
    port = 0,
  ): Promise<StubModelServer> {
    const started = await StubModelServer.#spawn(options, port);
    return new StubModelServer(started.child, started.port, options);
  }

  static async #spawn(
    options: StubModelServer['options'],
    port: number,
  ): Promise<{ child: ChildProcess; port: number }> {
    const child = fork(PROGRAM, [String(port), String(options.chunks ?? 5), String(options.pauseMs ?? 0)]);
    const [message] = await once(child, 'message');
    return { child, port: z.object({ port: z.int() }).parse(message).port };
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}/v1`;
  }

  /** Asking is itself a connection, so ask once, at the end. */
  async counts(): Promise<z.infer<typeof Counts>> {
    const response = await fetch(`http://127.0.0.1:${this.port}/counts`, {
      headers: { connection: 'close' },
    });
    return Counts.parse(await response.json());
  }

  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await ended;
  }

  async restart(): Promise<void> {
    await this.kill();
    this.#child = (await StubModelServer.#spawn(this.#options, this.port)).child;
  }
}
