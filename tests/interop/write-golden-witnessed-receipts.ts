import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { goldenWitnessedReceipts } from '../../packages/proof/src/testing/golden-witnessed-receipts.ts';

/** Writes `vectors/witnessed/` again: `node tests/interop/write-golden-witnessed-receipts.ts`. Same bytes on every run. */
const folder = resolve(import.meta.dirname, '../../vectors/witnessed');
const { keys, policy, vectors } = await goldenWitnessedReceipts();

rmSync(folder, { recursive: true, force: true });
for (const { file, bytes, anchorProof } of vectors) {
  mkdirSync(dirname(join(folder, file)), { recursive: true });
  writeFileSync(join(folder, file), bytes);
  if (anchorProof !== undefined) {
    writeFileSync(join(folder, file.replace('.tlog-proof', '.anchor.tlog-proof')), anchorProof);
  }
}
writeFileSync(join(folder, 'cell.vkey'), keys);
writeFileSync(join(folder, 'two-of-three.policy'), policy);
const verdicts = Object.fromEntries(vectors.map(({ file, expected }) => [file, expected]));
writeFileSync(join(folder, 'verdicts.json'), `${JSON.stringify(verdicts, undefined, 2)}\n`);
console.log(`${vectors.length} vectors in ${folder}`);
