import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { goldenVectors } from '../../packages/proof/src/testing/golden-vectors.ts';

/**
 * Writes the golden files again: `node tests/interop/write-golden-vectors.ts`. The bytes are the
 * same on every run; a difference in `git diff` is a change of format.
 */
const folder = resolve(import.meta.dirname, '../../vectors');
const { keys, vectors } = await goldenVectors();

for (const kind of ['receipts', 'checkpoints', 'notes', 'tlog-proofs', 'cose']) {
  rmSync(join(folder, kind), { recursive: true, force: true });
}
for (const { file, bytes } of vectors) {
  mkdirSync(dirname(join(folder, file)), { recursive: true });
  writeFileSync(join(folder, file), bytes);
}
writeFileSync(join(folder, 'cell.vkey'), keys);
const verdicts = Object.fromEntries(vectors.map(({ file, expected }) => [file, expected]));
writeFileSync(join(folder, 'verdicts.json'), `${JSON.stringify(verdicts, undefined, 2)}\n`);
console.log(`${vectors.length} vectors in ${folder}`);
