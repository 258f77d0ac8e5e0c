// `npm test`, and with --full `npm run test:full`: set-up, then every test, then one line of counts.
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureInstalled, giveUp, nodeForTypeScript, root, runInForeground } from './installed-node.mjs';

const full = process.argv.includes('--full');
const rest = process.argv.slice(2).filter((argument) => argument !== '--full');

ensureInstalled();
const report = join(tmpdir(), `sekisho-test-${process.pid}.json`);
const status = await runInForeground(
  nodeForTypeScript(),
  [
    join(root, 'node_modules', 'vitest', 'vitest.mjs'),
    'run',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
    ...rest,
  ],
  { ...process.env, ...(full ? { SEKISHO_TEST_FULL: '1' } : {}) },
);
if (!existsSync(report))
  giveUp('テストは最後まで実行されませんでした。', 'The tests did not run to their end.');
const counts = JSON.parse(readFileSync(report, 'utf8'));
rmSync(report);

const skipped = counts.testResults.flatMap((file) =>
  file.assertionResults.filter((test) => test.status === 'pending' || test.status === 'skipped'),
);
if (skipped.length > 0) {
  process.stdout.write(
    full ? 'Skipped:\n' : 'Left out here (npm run test:full runs what needs Debian packages):\n',
  );
  for (const test of skipped) process.stdout.write(`  - ${test.fullName}\n`);
}
process.stdout.write(
  `${counts.numPassedTests} passed, ${counts.numFailedTests} failed, ${skipped.length} skipped\n`,
);
process.exitCode = status;
