import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Second opinions from Go's own `golang.org/x/mod/sumdb`, of the Debian packages `golang-go` and
 * `golang-golang-x-mod-dev`, without network.
 */
const GOPATH = process.env['SEKISHO_GOPATH'] ?? '/usr/share/gocode';

/** Why nothing of this can run here; undefined when it can. */
export async function whyGoIsMissing(): Promise<string | undefined> {
  if (!existsSync(join(GOPATH, 'src/golang.org/x/mod/sumdb/tlog'))) {
    return `no golang.org/x/mod under ${GOPATH}: apt-get install golang-go golang-golang-x-mod-dev`;
  }
  const version = await run('go', ['version']);
  return version.ok ? undefined : 'no go command: apt-get install golang-go golang-golang-x-mod-dev';
}

export interface GoAnswer {
  readonly ok: boolean;
  readonly output: string;
}

/** Runs `{name}/main.go` of this folder. Rejects when it cannot be built. */
export async function runGoProgram(name: string, parameters: readonly string[]): Promise<GoAnswer> {
  const binary = built.get(name) ?? build(name);
  built.set(name, binary);
  return run(await binary, parameters);
}

const built = new Map<string, Promise<string>>();

/** Builds once a process, into a folder named by the source, so that later runs start at once. */
async function build(name: string): Promise<string> {
  const source = join(import.meta.dirname, name, 'main.go');
  const digest = createHash('sha256')
    .update(await readFile(source))
    .digest('hex')
    .slice(0, 16);
  const folder = join(tmpdir(), `sekisho-${name}-${process.getuid?.() ?? 0}-${digest}`);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const binary = join(folder, name);
  // GOPATH mode: the packages come from the distribution, nothing is fetched.
  const environment = { GO111MODULE: 'off', GOPATH, GOFLAGS: '', GOCACHE: join(folder, 'cache') };
  const answer = await run('go', ['build', '-o', binary, source], environment);
  if (!answer.ok) throw new Error(`go build failed: ${answer.output}`);
  return binary;
}

function run(
  command: string,
  parameters: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<GoAnswer> {
  return new Promise((resolve) => {
    execFile(command, parameters, { env: { ...process.env, ...environment } }, (error, stdout, stderr) =>
      resolve({ ok: error === null, output: `${stdout}${stderr}`.trim() || (error?.message ?? '') }),
    );
  });
}
