import { existsSync, globSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseVerifierKeys } from '@sekisho/proof';
import type { VerifierKey } from '@sekisho/proof';

/** Files that mutation begins with. */
const ownVectors = resolve(import.meta.dirname, '../../vectors');

/** The golden files, valid and invalid, whose paths fit: `receipts/**`. */
export function goldenFiles(pattern: string): Uint8Array[] {
  const names = globSync(pattern, { cwd: ownVectors, withFileTypes: false })
    .filter((name) => /\.[a-z-]+$/.test(name) && !name.endsWith('verdicts.json'))
    .sort();
  if (names.length === 0) throw new RangeError(`no golden files ${pattern}`);
  return names.map((name) => new Uint8Array(readFileSync(join(ownVectors, name))));
}

/** The keys by which the golden receipts are judged. */
export function goldenKeys(): VerifierKey[] {
  return parseVerifierKeys(readFileSync(join(ownVectors, 'cell.vkey'), 'utf8'));
}

const foreignVectors = join(
  process.env['SEKISHO_VECTORS'] ?? resolve(import.meta.dirname, '../../../shared/vectors'),
  'merkle',
);

/** Proofs of transparency-dev, where they are; without them a target begins with its own alone. */
export function foreignProofs(kind: 'inclusion' | 'consistency'): Uint8Array[] {
  if (!existsSync(foreignVectors)) return [];
  return globSync(`${kind}/**/*.json`, { cwd: foreignVectors })
    .sort()
    .map((name) => new Uint8Array(readFileSync(join(foreignVectors, name))));
}

/** Said where it matters; empty when they are there. */
export const foreignProofsMissing: string = existsSync(foreignVectors)
  ? ''
  : `no folder ${foreignVectors}; set SEKISHO_VECTORS`;
