import { constants } from 'node:fs';
import { access, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { Refusal, parseVerifierKeys } from '@sekisho/proof';
import { readBounded, reasonOf } from '../bounded-file.ts';
import type { CommandContext } from '../command-context.ts';
import type { Finding } from './finding.ts';
import { checkLock } from './home-lock-check.ts';

/** Types are stripped without a flag from here on. */
const NODE_MIN = [22, 18] as const;
const DISK_FREE_BYTES_WARN = 5 * 1024 ** 3;
const DISK_FREE_BYTES_MIN = 512 * 1024 ** 2;
/** When this command was written: no clock that is right is before it. */
const CLOCK_MIN_MS = Date.UTC(2026, 0, 1);
const CLOCK_MAX_MS = Date.UTC(2100, 0, 1);
const VERIFIER_KEY_BYTES_MAX = 4 * 1024 * 1024;

/** What can be seen without the cell: Node, the clock, the home folder and its secrets. */
export async function checkMachine(home: string, context: CommandContext): Promise<Finding[]> {
  return [checkNode(process.versions.node), checkClock(context.now()), ...(await checkHome(home, context))];
}

export function checkNode(version: string): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const enough = major > NODE_MIN[0] || (major === NODE_MIN[0] && minor >= NODE_MIN[1]);
  if (enough) return { check: 'node', level: 'ok', say: () => version };
  return { check: 'node', level: 'fail', say: () => version, advise: (texts) => texts.doctor.nodeOld };
}

export function checkClock(nowMs: number): Finding {
  const shown = Number.isFinite(nowMs) ? new Date(nowMs).toISOString() : String(nowMs);
  if (nowMs >= CLOCK_MIN_MS && nowMs < CLOCK_MAX_MS) return { check: 'clock', level: 'ok', say: () => shown };
  return { check: 'clock', level: 'fail', say: () => shown, advise: (texts) => texts.doctor.clockWrong };
}

async function checkHome(home: string, context: CommandContext): Promise<Finding[]> {
  const folder = await checkFolder(home);
  if (folder.level !== 'ok') return [folder];
  return [
    folder,
    await checkLock(home, context),
    await checkDisk(home),
    await checkSecret('adminKey', join(home, 'admin.key'), 'warn'),
    ...(await checkDemo(home)),
    await checkVerifierKeys(join(home, 'cell.vkey'), context),
  ];
}

async function checkFolder(home: string): Promise<Finding> {
  try {
    const found = await stat(home);
    if (!found.isDirectory()) throw Object.assign(new Error('not a folder'), { code: 'ENOTDIR' });
    await access(home, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    const reason = reasonOf(error);
    if (reason === 'ENOENT') {
      return {
        check: 'home',
        level: 'warn',
        say: (texts) => texts.doctor.homeAbsent(home),
        advise: (texts) => texts.doctor.startOnce,
      };
    }
    return {
      check: 'home',
      level: 'fail',
      say: (texts) => texts.doctor.homeUnusable(home, reason),
      advise: (texts) => texts.doctor.homePermission,
    };
  }
  return { check: 'home', level: 'ok', say: () => home };
}

async function checkDisk(home: string): Promise<Finding> {
  const { bavail, bsize } = await statfs(home);
  return judgeDisk(bavail * bsize);
}

export function judgeDisk(freeBytes: number): Finding {
  const gibibytes = (freeBytes / 1024 ** 3).toFixed(1);
  const say: Finding['say'] = (texts) => texts.doctor.diskFree(gibibytes);
  if (freeBytes >= DISK_FREE_BYTES_WARN) return { check: 'disk', level: 'ok', say };
  const level = freeBytes >= DISK_FREE_BYTES_MIN ? 'warn' : 'fail';
  return { check: 'disk', level, say, advise: (texts) => texts.doctor.diskLow };
}

/** A file that holds a secret: readable for this user, and for nobody else. */
async function checkSecret(
  check: 'adminKey' | 'demo',
  file: string,
  levelWhenAbsent: 'warn' | 'fail',
): Promise<Finding> {
  try {
    await access(file, constants.R_OK);
    const mode = (await stat(file)).mode & 0o777;
    if ((mode & 0o077) === 0) return { check, level: 'ok', say: () => file };
    return {
      check,
      level: 'fail',
      say: (texts) => texts.doctor.secretExposed(file, mode.toString(8).padStart(4, '0')),
      advise: (texts) => texts.doctor.secretProtect(file),
    };
  } catch (error) {
    const reason = reasonOf(error);
    return {
      check,
      level: reason === 'ENOENT' ? levelWhenAbsent : 'fail',
      say: (texts) => texts.failures.fileUnreadable(file, reason),
      advise: (texts) => (reason === 'ENOENT' ? texts.doctor.startOnce : texts.doctor.homePermission),
    };
  }
}

/** Only a cell that was started with the demonstration has this file. */
async function checkDemo(home: string): Promise<Finding[]> {
  const file = join(home, 'demo.json');
  try {
    await stat(file);
  } catch (error) {
    if (reasonOf(error) === 'ENOENT') return [];
  }
  return [await checkSecret('demo', file, 'warn')];
}

async function checkVerifierKeys(file: string, { stdin }: CommandContext): Promise<Finding> {
  try {
    const keys = parseVerifierKeys((await readBounded(file, VERIFIER_KEY_BYTES_MAX, stdin)).toString('utf8'));
    return {
      check: 'verifierKeys',
      level: 'ok',
      say: (texts) => texts.doctor.verifierKeys(file, keys.length),
    };
  } catch (error) {
    if (error instanceof Refusal) {
      return {
        check: 'verifierKeys',
        level: 'fail',
        say: (texts) => texts.failures.verifierKeyInvalid(file, error.where, error.bilingual[texts.language]),
        advise: (texts) => texts.doctor.startOnce,
      };
    }
    return {
      check: 'verifierKeys',
      level: 'warn',
      say: (texts) => texts.failures.verifierKeyMissing(file),
      advise: (texts) => texts.doctor.startOnce,
    };
  }
}
