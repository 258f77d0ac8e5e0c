/**
 * `npm run check`: types, lint, format, dependency rules, dead code, error codes. Every check runs
 * to its end, so that one call shows all that is wrong. Under 60 seconds on two cores.
 */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { errorCodeFaults } from './check-error-codes.ts';

const root = join(import.meta.dirname, '..');

interface Check {
  readonly name: string;
  readonly run: () => Promise<{ readonly ok: boolean; readonly output: string }>;
}

const checks: readonly Check[] = [
  { name: 'types', run: () => command('tsc', '--project', 'tsconfig.json') },
  // The model's package is linted where its types are installed: see its own scripts.
  {
    name: 'lint',
    run: () => command('oxlint', '--type-aware', '--deny-warnings', 'packages', 'tools', 'tests', 'bench'),
  },
  { name: 'format', run: () => command('oxfmt', '--check', '.') },
  {
    name: 'dependency rules',
    run: () =>
      command('depcruise', '--config', '.dependency-cruiser.cjs', 'packages', 'tools', 'tests', 'bench'),
  },
  { name: 'dead code', run: () => command('knip', '--no-progress') },
  {
    name: 'error codes',
    run: async () => {
      const faults = await errorCodeFaults(root);
      return { ok: faults.length === 0, output: faults.join('\n') };
    },
  },
];

const started = performance.now();
let failed = 0;
for (const check of checks) {
  const since = performance.now();
  const { ok, output } = await check.run();
  console.log(`${ok ? 'ok  ' : 'FAIL'} ${check.name} (${((performance.now() - since) / 1000).toFixed(1)} s)`);
  if (!ok) {
    failed++;
    console.log(output.trimEnd());
  }
}
console.log(
  `${checks.length - failed} of ${checks.length} checks ok in ${((performance.now() - started) / 1000).toFixed(1)} s`,
);
process.exitCode = failed === 0 ? 0 : 1;

function command(name: string, ...args: readonly string[]): Promise<{ ok: boolean; output: string }> {
  return new Promise((resolve) => {
    const child = spawn(join(root, 'node_modules', '.bin', name), args, { cwd: root });
    let output = '';
    child.stdout.on('data', (bytes: Buffer) => (output += bytes.toString('utf8')));
    child.stderr.on('data', (bytes: Buffer) => (output += bytes.toString('utf8')));
    child.once('error', (error) => resolve({ ok: false, output: error.message }));
    child.once('close', (code) => resolve({ ok: code === 0, output }));
  });
}
