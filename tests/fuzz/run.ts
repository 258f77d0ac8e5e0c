/**
 * `npm run fuzz -- [--seconds N] [--target NAME] [--seed N] [--follow-code]`: the parsers of the
 * ledger against mutated bytes. Exit code 1 when something is wrong; its input is then in a file.
 */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { allTargets } from './all-targets.ts';
import { fuzz } from './fuzz-run.ts';
import type { FuzzFault, FuzzReport } from './fuzz-run.ts';
import { chosenSeconds, chosenSeed } from './run-settings.ts';
import { foreignProofsMissing } from './sample-files.ts';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string' },
    target: { type: 'string', multiple: true },
    seed: { type: 'string' },
    'follow-code': { type: 'boolean' },
  },
});
const targets = allTargets().filter(({ name }) => values.target?.includes(name) ?? true);
if (targets.length === 0) {
  console.error(
    `No such target. There are: ${allTargets()
      .map(({ name }) => name)
      .join(' ')}`,
  );
  process.exit(2);
}
const seed = chosenSeed(values.seed);
const seconds = chosenSeconds(values.seconds) ?? 60;
if (foreignProofsMissing !== '')
  console.log(`Without the proofs of transparency-dev: ${foreignProofsMissing}`);
console.log(`SEKISHO_FUZZ_SEED=${seed}, ${targets.length} targets, ${seconds} s`);

let inputs = 0;
const faults: FuzzFault[] = [];
for (const target of targets) {
  const report = await fuzz(target, {
    seed,
    inputsMax: Number.MAX_SAFE_INTEGER,
    secondsMax: seconds / targets.length,
    followCode: values['follow-code'] ?? false,
  });
  await target.close?.();
  inputs += report.inputs;
  faults.push(...report.faults);
  console.log(lineOf(report));
}
console.log(`${inputs} inputs, ${faults.length} faults`);
const folder = faults.length > 0 ? mkdtempSync(join(tmpdir(), 'sekisho-fuzz-')) : '';
for (const [at, fault] of faults.entries()) {
  const file = join(folder, `${fault.target}-${at}`);
  writeFileSync(file, fault.input);
  console.log(
    `\n${fault.target}: ${fault.what}\n  input ${fault.number}, shortened to ${fault.input.length} bytes: ${file}\n${fault.stack}`,
  );
}
process.exit(faults.length > 0 ? 1 : 0);

function lineOf({
  target,
  inputs: given,
  seconds: took,
  outcomes,
  unreached,
  kept,
  slowest,
}: FuzzReport): string {
  const came = [...outcomes].map(([code, times]) => `${code} ${times}`).join(', ');
  const never = unreached.length > 0 ? `; never: ${unreached.join(', ')}` : '';
  const rate = Math.round(given / took);
  return `${target}: ${given} inputs, ${rate}/s, ${kept} kept, slowest ${slowest.ms.toFixed(1)} ms for ${slowest.bytes} bytes; ${came}${never}`;
}
