import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';

const MAIN = join(import.meta.dirname, '..', '..', 'packages', 'server', 'src', 'main.ts');
const START_TIMEOUT_MS = 60_000;

const CellFile = z.object({ url: z.string() });
const DemoFile = z.object({
  url: z.string(),
  apiKeys: z.record(z.string(), z.string()),
  adminKey: z.string(),
  verifierKeys: z.array(z.string()),
  verifierKeyFile: z.string(),
  overseasCountsUrl: z.string(),
});

/** A folder of its own for one test's cell, removed at the end. */
export async function temporaryHome(): Promise<{ readonly path: string; remove(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'sekisho-test-'));
  return { path: join(folder, 'home'), remove: () => rm(folder, { recursive: true, force: true }) };
}

/** The real cell, started as an operator starts it, on a free port. */
export class CellProcess {
  readonly home: string;
  readonly url: string;
  readonly output: () => string;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, home: string, url: string, output: () => string) {
    this.#child = child;
    this.home = home;
    this.url = url;
    this.output = output;
  }

  static async start(
    home: string,
    options: { readonly args?: readonly string[]; readonly environment?: NodeJS.ProcessEnv } = {},
  ): Promise<CellProcess> {
    const { child, output, ended } = launch(home, options);
    const greeted = new Promise<void>((resolve) => child.stdout?.once('data', () => resolve()));
    const late = AbortSignal.timeout(START_TIMEOUT_MS);
    await Promise.race([
      greeted,
      ended.then(() => Promise.reject(new Error(`the cell ended at once:\n${output()}`))),
      once(late, 'abort').then(() => Promise.reject(new Error(`the cell did not start:\n${output()}`))),
    ]);
    const { url } = CellFile.parse(JSON.parse(await readFile(join(home, 'cell.json'), 'utf8')));
    return new CellProcess(child, home, url, output);
  }

  /** For starts that must fail: waits for the end and returns what was said. */
  static async startAndEnd(
    home: string,
    options: { readonly args?: readonly string[]; readonly environment?: NodeJS.ProcessEnv } = {},
  ): Promise<{ readonly code: number | null; readonly output: string }> {
    const { output, ended } = launch(home, options);
    return { code: await ended, output: output() };
  }

  async demo(): Promise<z.infer<typeof DemoFile>> {
    return DemoFile.parse(JSON.parse(await readFile(join(this.home, 'demo.json'), 'utf8')));
  }

  async adminKey(): Promise<string> {
    return (await readFile(join(this.home, 'admin.key'), 'utf8')).trim();
  }

  /** The administration API; the parsed body of a 200, else an error with the body in it. */
  async admin(method: 'GET' | 'POST', path: string, body?: unknown): Promise<unknown> {
    const response = await fetch(`${this.url}/admin/v1${path}`, {
      method,
      headers: {
        authorization: `Bearer ${await this.adminKey()}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return JSON.parse(text);
  }

  async createKey(tenant: string, workspace: string): Promise<string> {
    const created = await this.admin('POST', '/keys', { tenant, workspace });
    return z.object({ secret: z.string() }).parse(created).secret;
  }

  /** As a power cut would: nothing is flushed, nothing is closed. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** As Ctrl-C does. Returns the exit code. */
  async stop(): Promise<number | null> {
    return this.#end('SIGINT');
  }

  async #end(signal: NodeJS.Signals): Promise<number | null> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return this.#child.exitCode;
    const ended = once(this.#child, 'exit');
    this.#child.kill(signal);
    await ended;
    return this.#child.exitCode;
  }
}

function launch(
  home: string,
  { args = [], environment = {} }: { args?: readonly string[]; environment?: NodeJS.ProcessEnv },
): { child: ChildProcess; output: () => string; ended: Promise<number | null> } {
  const child = spawn(process.execPath, [MAIN, '--home', home, '--port', '0', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, LANG: 'C.UTF-8', LC_ALL: 'C.UTF-8', ...environment },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (bytes: Buffer) => (output += bytes.toString('utf8')));
  }
  const ended = new Promise<number | null>((resolve) => child.once('close', (code) => resolve(code)));
  return { child, output: () => output, ended };
}
