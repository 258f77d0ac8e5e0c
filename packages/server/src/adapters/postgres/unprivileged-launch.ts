import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { chown, lstat, readdir } from 'node:fs/promises';
import { userInfo } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

/**
 * PostgreSQL refuses to run as root. The roads away from root, best first:
 * - `namespace`: a user namespace in which the cell's own user is called `nobody`. To the file
 *   system it stays root without capabilities, so a data folder below a mode-700 parent works.
 * - `nobody`: a real change of user. Every parent of programs and data must be open to others.
 */
export type RootRoad = 'namespace' | 'nobody';
export const rootRoads: readonly RootRoad[] = ['namespace', 'nobody'];

export interface Launch {
  readonly road: 'plain' | RootRoad;
  /** The user that must own PostgreSQL's files. */
  readonly owner: { readonly uid: number; readonly gid: number };
}

const NOBODY = 65534;
const NAMESPACE = ['--user', `--map-user=${NOBODY}`, `--map-group=${NOBODY}`, '--'];
const PROBE_TIMEOUT_MS = 10_000;

/**
 * The first road on which `program` runs with its libraries and `folder` can be entered; undefined
 * when none does. A cell that is not root needs none, unless its user id has no name (as some container
 * platforms assign them): initdb wants a name, and a namespace gives it one.
 */
export async function chooseLaunch(
  at: { readonly program: string; readonly libraries: string; readonly folder: string },
  roads: readonly RootRoad[],
): Promise<Launch | undefined> {
  const uid = process.getuid?.() ?? -1;
  const gid = process.getgid?.() ?? -1;
  const plain: Launch = { road: 'plain', owner: { uid, gid } };
  if (uid !== 0 && hasName()) return plain;
  for (const road of roads) {
    if (road === 'nobody' && uid !== 0) return plain;
    const launch: Launch = {
      road,
      owner: road === 'nobody' ? { uid: NOBODY, gid: NOBODY } : { uid, gid },
    };
    const reachable =
      (await succeeds(launch, at.program, ['--version'], at.libraries)) &&
      (await succeeds(launch, 'test', ['-x', at.folder], at.libraries));
    if (reachable) return launch;
  }
  return undefined;
}

function hasName(): boolean {
  try {
    return userInfo().username !== '';
  } catch {
    return false;
  }
}

async function succeeds(
  launch: Launch,
  program: string,
  args: readonly string[],
  libraries: string,
): Promise<boolean> {
  try {
    await run(launch, program, args, { libraries });
    return true;
  } catch {
    return false;
  }
}

/** Runs a program to its end. Rejects, with its standard error, when it does not end with 0. */
export async function run(
  launch: Launch,
  program: string,
  args: readonly string[],
  options: { readonly libraries: string; readonly timeoutMs?: number },
): Promise<void> {
  const command = commandLine(launch, program, args);
  await promisify(execFile)(command.file, command.args, {
    ...identityOf(launch),
    cwd: '/',
    env: environment(options.libraries),
    timeout: options.timeoutMs ?? PROBE_TIMEOUT_MS,
  });
}

/**
 * Starts a server in a session of its own: Ctrl-C in the terminal reaches the cell alone, which
 * finishes its crossings before it stops its database.
 */
export function startDetached(
  launch: Launch,
  program: string,
  args: readonly string[],
  options: { readonly libraries: string; readonly output: number },
): ChildProcess {
  const command = commandLine(launch, program, args);
  const child = spawn(command.file, command.args, {
    ...identityOf(launch),
    cwd: '/',
    env: environment(options.libraries),
    detached: true,
    stdio: ['ignore', options.output, options.output],
  });
  child.unref();
  return child;
}

function commandLine(
  launch: Launch,
  program: string,
  args: readonly string[],
): { readonly file: string; readonly args: readonly string[] } {
  // unshare replaces itself by the program, so the process id is the program's own.
  return launch.road === 'namespace'
    ? { file: 'unshare', args: [...NAMESPACE, program, ...args] }
    : { file: program, args };
}

function identityOf(launch: Launch): { readonly uid?: number; readonly gid?: number } {
  return launch.road === 'nobody' ? launch.owner : {};
}

/** Nothing is inherited: the cell's environment holds secrets, and PG* variables would steer the server. */
function environment(libraries: string): NodeJS.ProcessEnv {
  return {
    PATH: process.env['PATH'] ?? '/usr/bin:/bin',
    LC_ALL: 'C',
    TZ: 'UTC',
    LD_LIBRARY_PATH: libraries,
  };
}

/**
 * Gives a tree to the launch's user. The top comes last, so that a crash in between is seen and
 * done again. Links are not followed.
 */
export async function giveTo(launch: Launch, top: string): Promise<void> {
  const { uid, gid } = launch.owner;
  const state = await lstat(top);
  if (state.uid === uid) return;
  await giveBelow(top);

  async function giveBelow(at: string): Promise<void> {
    const found = await lstat(at);
    if (found.isSymbolicLink()) return;
    if (found.isDirectory()) for (const name of await readdir(at)) await giveBelow(path.join(at, name));
    await chown(at, uid, gid);
  }
}
