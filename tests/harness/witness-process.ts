import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { z } from 'zod';

const COMMAND = join(import.meta.dirname, '..', '..', 'packages', 'cli', 'src', 'sekisho.ts');

const Greeting = z.object({ url: z.string(), name: z.string(), verifierKey: z.string() });

/** The real `sekisho witness`, on a free port or on the one that it had before. */
export class WitnessProcess {
  readonly url: string;
  readonly verifierKey: string;
  readonly errors: () => string;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, greeting: z.infer<typeof Greeting>, errors: () => string) {
    this.#child = child;
    this.url = greeting.url;
    this.verifierKey = greeting.verifierKey;
    this.errors = errors;
  }

  static async start(
    state: string,
    logKeys: readonly string[],
    options: { readonly name?: string; readonly port?: string; readonly more?: readonly string[] } = {},
  ): Promise<WitnessProcess> {
    const { name, port = '0', more = [] } = options;
    const child = spawn(
      process.execPath,
      [
        COMMAND,
        'witness',
        '--state',
        state,
        '--listen',
        `127.0.0.1:${port}`,
        '--json',
        ...(name === undefined ? [] : ['--name', name]),
        ...logKeys.flatMap((key) => ['--log', key]),
        ...more,
      ],
      { stdio: ['ignore', 'pipe', 'pipe'], env: { PATH: process.env['PATH'] } },
    );
    let errors = '';
    child.stderr.on('data', (bytes: Buffer) => (errors += bytes.toString('utf8')));
    const ended = once(child, 'close').then(() => Promise.reject(new Error(`the witness ended: ${errors}`)));
    // Only of interest until the greeting; afterwards the test ends it.
    ended.catch(() => undefined);
    const greeting = await Promise.race([readGreeting(child), ended]);
    return new WitnessProcess(child, greeting, () => errors);
  }

  get port(): string {
    return new URL(this.url).port;
  }

  submit(body: string | Uint8Array): Promise<Response> {
    return fetch(`${this.url}/add-checkpoint`, { method: 'POST', body: Buffer.from(body) });
  }

  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** The exit code. */
  async stop(): Promise<number | null> {
    await this.#end('SIGTERM');
    return this.#child.exitCode;
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, 'close');
    this.#child.kill(signal);
    await ended;
  }
}

async function readGreeting(child: ChildProcess): Promise<z.infer<typeof Greeting>> {
  let text = '';
  for await (const chunk of child.stdout ?? []) {
    text += String(chunk);
    if (text.trimEnd().endsWith('}')) return Greeting.parse(JSON.parse(text));
  }
  throw new Error(`no greeting: ${text}`);
}
