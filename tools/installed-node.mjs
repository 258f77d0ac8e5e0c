// Shared by `npm start` and `npm test`. Plain JavaScript for any Node since 20: this runs before the
// clone's own Node exists.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));
const stamp = join(root, 'node_modules', '.sekisho-lock-sha256');

/** One line in both languages, then a non-zero exit. */
export function giveUp(ja, en) {
  process.stderr.write(`sekisho: ${ja}\nsekisho: ${en}\n`);
  process.exit(1);
}

const [major = 0] = process.versions.node.split('.').map(Number);
if (major < 20) {
  giveUp(
    `Node.js 20 以降が必要です（現在 ${process.versions.node}）。更新してから再実行してください。`,
    `Node.js 20 or newer is needed (this is ${process.versions.node}). Update it and run again.`,
  );
}

/** Runs `npm ci` unless this very lockfile is already installed. */
export function ensureInstalled() {
  const lock = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return;
  process.stderr.write('sekisho: パッケージを導入しています / installing packages (npm ci) ...\n');
  const npm = spawnSync('npm', ['ci', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, npm_config_omit: '' },
  });
  if (npm.status !== 0) {
    giveUp('npm ci が失敗しました。上の行が原因です。', 'npm ci failed. The lines above say why.');
  }
  writeFileSync(stamp, lock);
}

/** The Node that runs TypeScript: the clone's own, or the present one where it is new enough. */
export function nodeForTypeScript() {
  const own = join(root, 'node_modules', '.bin', 'node');
  if (existsSync(own)) return own;
  const [, minor = 0] = process.versions.node.split('.').map(Number);
  if (major > 22 || (major === 22 && minor >= 18)) return process.execPath;
  return giveUp(
    `この環境向けの Node が同梱されていません。Node.js 22.18 以降で実行してください（現在 ${process.versions.node}）。`,
    `The clone brings no Node for this platform. Run with Node.js 22.18 or newer (this is ${process.versions.node}).`,
  );
}

/** Runs a program in the foreground; signals reach it through the terminal's process group. */
export function runInForeground(command, args, environment = process.env) {
  const child = spawn(command, args, { cwd: root, stdio: 'inherit', env: environment });
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  process.on('SIGINT', () => {});
  return new Promise((resolve) => child.once('exit', (code, signal) => resolve(code ?? (signal ? 1 : 0))));
}
