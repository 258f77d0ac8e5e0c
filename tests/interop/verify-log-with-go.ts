import { runGoProgram, whyGoIsMissing } from './go-program.ts';
import type { GoAnswer } from './go-program.ts';

export { whyGoIsMissing };

/**
 * Verifies `{folder}/checkpoint`, `{folder}/tile/...` and `{folder}/tile/entries/...` under one
 * verifier key: note, every leaf, root, tiles, inclusion and consistency proofs. `olderCheckpoint` is a
 * file with an earlier checkpoint that the log must have grown from. `output` starts with
 * `verified:` or `refused:`. Rejects when the verifier itself cannot be built.
 */
export async function verifyLogWithGo(
  folder: string,
  vkey: string,
  olderCheckpoint?: string,
): Promise<GoAnswer> {
  const older = olderCheckpoint === undefined ? [] : ['-older', olderCheckpoint];
  return runGoProgram('verify-log', [...older, folder, vkey]);
}
