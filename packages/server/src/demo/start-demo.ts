import { readFile } from 'node:fs/promises';
import { parse as parseYaml } from 'yaml';
import { z } from 'zod';
import { replaceFile } from '../adapters/cell-home/index.ts';
import type { KeyDirectory } from '../domains/identity/index.ts';
import type { ApplyPlatform } from '../flows/apply-platform.ts';
import type { ManageApiKeys } from '../flows/manage-api-keys.ts';
import type { PlatformInForce } from '../flows/platform-in-force.ts';
import { DemoModelServer, type DemoServerPorts } from './demo-children.ts';

const DEMO_OPERATOR = 'operator:demo';

const Ports = z.object({ port: z.int(), countsPort: z.int() });

/** `$SEKISHO_HOME/demo.json`: what a first user needs, and what the next start takes up again. */
const DemoFile = z.object({
  url: z.string(),
  /** API keys by workspace. */
  apiKeys: z.record(z.string(), z.string()),
  adminKey: z.string(),
  /** C2SP verifier keys of all logs; the same lines as `verifierKeyFile`. */
  verifierKeys: z.array(z.string()),
  verifierKeyFile: z.string(),
  modelServers: z.object({ tokyo: Ports, overseas: Ports }),
  /** Connections and bytes that have reached the overseas model server. */
  overseasCountsUrl: z.string(),
});
export type DemoFile = z.infer<typeof DemoFile>;

interface DemoParts {
  readonly file: string;
  readonly modelFile: string;
  /** The cell's own port: the demo's servers stand beside it. 0 means any. */
  readonly cellPort: number;
  readonly applyPlatform: ApplyPlatform;
  readonly platform: PlatformInForce;
  readonly apiKeys: ManageApiKeys;
  readonly keys: KeyDirectory;
}

interface DemoServers {
  readonly tokyo: DemoModelServer;
  readonly overseas: DemoModelServer;
}

/** The demo platform at work: model servers, platform and keys. */
export class Demo {
  readonly #parts: DemoParts;
  readonly #servers: DemoServers;
  readonly #apiKeys: Readonly<Record<string, string>>;

  private constructor(parts: DemoParts, servers: DemoServers, apiKeys: Readonly<Record<string, string>>) {
    this.#parts = parts;
    this.#servers = servers;
    this.#apiKeys = apiKeys;
  }

  /** Undefined when the operator has declared a platform of their own: the demo never touches that. */
  static async start(parts: DemoParts): Promise<Demo | undefined> {
    const inForce = parts.platform.optional?.stored.revision.appliedBy;
    if (inForce !== undefined && inForce !== DEMO_OPERATOR) return undefined;
    const before = await readDemoFile(parts.file);
    const wanted = before?.modelServers ?? defaultPorts(parts.cellPort);
    const [tokyo, overseas] = await Promise.all([
      DemoModelServer.start(parts.modelFile, wanted.tokyo),
      DemoModelServer.start(parts.modelFile, wanted.overseas),
    ]);
    await parts.applyPlatform.apply(await demoPlatform(tokyo.ports, overseas.ports), DEMO_OPERATOR);
    return new Demo(parts, { tokyo, overseas }, await ensureKeys(parts, before?.apiKeys ?? {}));
  }

  async writeFile(facts: {
    readonly url: string;
    readonly adminKey: string;
    readonly verifierKeys: readonly string[];
    readonly verifierKeyFile: string;
  }): Promise<DemoFile> {
    const { tokyo, overseas } = this.#servers;
    const contents: DemoFile = {
      url: facts.url,
      apiKeys: this.#apiKeys,
      adminKey: facts.adminKey,
      verifierKeys: [...facts.verifierKeys],
      verifierKeyFile: facts.verifierKeyFile,
      modelServers: { tokyo: tokyo.ports, overseas: overseas.ports },
      overseasCountsUrl: `http://127.0.0.1:${overseas.ports.countsPort}/`,
    };
    const { file } = this.#parts;
    await replaceFile(file, `${JSON.stringify(contents, null, 2)}\n`);
    return contents;
  }

  stop(): void {
    this.#servers.tokyo.stop();
    this.#servers.overseas.stop();
  }
}

/** Beside the cell's port, so that the addresses in the demo platform stay the same. */
function defaultPorts(cellPort: number): {
  readonly tokyo: DemoServerPorts;
  readonly overseas: DemoServerPorts;
} {
  const beside = (distance: number): number => (cellPort === 0 ? 0 : cellPort + distance);
  return {
    tokyo: { port: beside(11), countsPort: beside(21) },
    overseas: { port: beside(12), countsPort: beside(22) },
  };
}

async function demoPlatform(tokyo: DemoServerPorts, overseas: DemoServerPorts): Promise<unknown> {
  const text = await readFile(new URL('demo-platform.yaml', import.meta.url), 'utf8');
  return parseYaml(
    text
      .replace('http://127.0.0.1:7311/', `http://127.0.0.1:${tokyo.port}/`)
      .replace('http://127.0.0.1:7312/', `http://127.0.0.1:${overseas.port}/`),
  );
}

/** One key a workspace, the same from start to start while it is valid. */
async function ensureKeys(
  parts: DemoParts,
  before: Readonly<Record<string, string>>,
): Promise<Record<string, string>> {
  const keys: Record<string, string> = {};
  for (const tenant of parts.platform.current.tenants.values()) {
    for (const workspace of tenant.workspaces) {
      const known = before[workspace.id];
      const holder = known === undefined ? undefined : parts.keys.authenticate(known);
      const stillValid = holder?.kind === 'workspace-key' && holder.workspace === workspace.id;
      keys[workspace.id] =
        known !== undefined && stillValid
          ? known
          : (
              await parts.apiKeys.create(
                { tenant: tenant.id, workspace: workspace.id, label: 'demo' },
                DEMO_OPERATOR,
              )
            ).secret;
    }
  }
  return keys;
}

async function readDemoFile(file: string): Promise<DemoFile | undefined> {
  try {
    return DemoFile.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch {
    // Absent, or damaged: it holds nothing that cannot be made again.
    return undefined;
  }
}
