import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { goldenWitnessVectors } from '../../packages/proof/src/testing/golden-witness-vectors.ts';

/** Writes `vectors/witnesses/` again: `node tests/interop/write-golden-witness-vectors.ts`. Same bytes on every run. */
const folder = resolve(import.meta.dirname, '../../vectors/witnesses');
const vectors = goldenWitnessVectors();

rmSync(folder, { recursive: true, force: true });
for (const { file, bytes } of vectors) {
  mkdirSync(dirname(join(folder, file)), { recursive: true });
  writeFileSync(join(folder, file), bytes);
}
const verdicts = Object.fromEntries(vectors.map(({ file, expected }) => [file, expected]));
writeFileSync(join(folder, 'verdicts.json'), `${JSON.stringify(verdicts, undefined, 2)}\n`);
console.log(`${vectors.length} vectors in ${folder}`);
