import { spawn, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

const Started = z.strictObject({ port: z.int(), countsPort: z.int() });
export type DemoServerPorts = z.infer<typeof Started>;

const START_TIMEOUT_MS = 20_000;

/** A model server of the demo in a process of its own, which ends with this one. */
export class DemoModelServer {
  readonly ports: DemoServerPorts;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, ports: DemoServerPorts) {
    this.#child = child;
    this.ports = ports;
  }

  /** Starts it on these ports where they are free, on others where not. */
  static start(modelFile: string, wanted: DemoServerPorts): Promise<DemoModelServer> {
    const program = fileURLToPath(new URL('model-server-process.ts', import.meta.url));
    const child = spawn(
      process.execPath,
      [program, modelFile, String(wanted.port), String(wanted.countsPort)],
      { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] },
    );
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error('a demo model server did not start')), START_TIMEOUT_MS);
      child.once('message', (message) => {
        clearTimeout(late);
        resolve(new DemoModelServer(child, Started.parse(message)));
      });
      child.once('exit', (code) => reject(new Error(`a demo model server ended with ${code}`)));
    });
  }

  stop(): void {
    if (this.#child.connected) this.#child.disconnect();
  }
}
