import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * A second opinion on a log folder: Go's own `golang.org/x/mod/sumdb`, from the Debian packages
 * `golang-go` and `golang-golang-x-mod-dev`, without network.
 */
const GOPATH = process.env['SEKISHO_GOPATH'] ?? '/usr/share/gocode';
const source = join(import.meta.dirname, 'verify-log');

/** Why the check cannot run here; undefined when it can. */
export async function whyGoIsMissing(): Promise<string | undefined> {
  if (!existsSync(join(GOPATH, 'src/golang.org/x/mod/sumdb/tlog'))) {
    return `no golang.org/x/mod under ${GOPATH}: apt-get install golang-go golang-golang-x-mod-dev`;
  }
  const version = await run('go', ['version']);
  return version.ok ? undefined : 'no go command: apt-get install golang-go golang-golang-x-mod-dev';
}

/**
 * Verifies `{folder}/checkpoint`, `{folder}/tile/...` and `{folder}/tile/entries/...` under one
 * verifier key: note, every leaf, root, tiles, inclusion and consistency proofs. `olderCheckpoint` is a
 * file with an earlier checkpoint that the log must have grown from. `output` starts with
 * `verified:` or `refused:`. Rejects when the verifier itself cannot be built.
 */
export async function verifyLogWithGo(
  folder: string,
  vkey: string,
  olderCheckpoint?: string,
): Promise<{ readonly ok: boolean; readonly output: string }> {
  built ??= buildVerifier();
  const older = olderCheckpoint === undefined ? [] : ['-older', olderCheckpoint];
  return run(await built, [...older, folder, vkey]);
}

let built: Promise<string> | undefined;

/** Builds once a process, into a folder named by the source, so that later runs start at once. */
async function buildVerifier(): Promise<string> {
  const digest = createHash('sha256')
    .update(await readFile(join(source, 'main.go')))
    .digest('hex')
    .slice(0, 16);
  const folder = join(tmpdir(), `sekisho-verify-log-${process.getuid?.() ?? 0}-${digest}`);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const binary = join(folder, 'verify-log');
  // GOPATH mode: the packages come from the distribution, nothing is fetched.
  const environment = { GO111MODULE: 'off', GOPATH, GOFLAGS: '', GOCACHE: join(folder, 'cache') };
  const build = await run('go', ['build', '-o', binary, join(source, 'main.go')], environment);
  if (!build.ok) throw new Error(`go build failed: ${build.output}`);
  return binary;
}

function run(
  command: string,
  parameters: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<{ readonly ok: boolean; readonly output: string }> {
  return new Promise((resolve) => {
    execFile(command, parameters, { env: { ...process.env, ...environment } }, (error, stdout, stderr) =>
      resolve({ ok: error === null, output: `${stdout}${stderr}`.trim() || (error?.message ?? '') }),
    );
  });
}
