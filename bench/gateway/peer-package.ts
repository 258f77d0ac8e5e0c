import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

const FOLDER = join(import.meta.dirname, '..');
const PORTKEY = join(FOLDER, 'node_modules', '@portkey-ai', 'gateway', 'build', 'start-server.js');

/** Portkey's program, installed when it is missing; undefined when it cannot be. */
export function portkeyProgram(say: (line: string) => void): string | undefined {
  if (existsSync(PORTKEY)) return PORTKEY;
  say('Installing what only the benchmark needs into bench/node_modules (once): npm ci');
  // Under `npm run`, npm's own variables would point the inner npm at the outer package.
  const environment = Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) => !/^npm_(?:package|lifecycle|config_local_prefix)/.test(name),
    ),
  );
  const { status, stderr } = spawnSync('npm', ['ci', '--prefix', FOLDER], {
    cwd: FOLDER,
    env: environment,
    encoding: 'utf8',
    shell: process.platform === 'win32',
  });
  if (status === 0 && existsSync(PORTKEY)) return PORTKEY;
  say(`The installation failed; portkey is left out. ${(stderr ?? '').trim().split('\n').at(-1) ?? ''}`);
  return undefined;
}
