import { runGoProgram, whyGoIsMissing } from './go-program.ts';
import type { GoAnswer } from './go-program.ts';

export { whyGoIsMissing };

/**
 * Verifies `{folder}/checkpoint`, `{folder}/tile/...` and `{folder}/tile/entries/...` under the verifier
 * keys of one log, any of which must have signed: note, every leaf, root, tiles, inclusion and consistency
 * proofs. `olderCheckpoints` are files with earlier checkpoints that the log must have grown from.
 * `output` starts with `verified:` or `refused:`. Rejects when the verifier itself cannot be built.
 */
export async function verifyLogWithGo(
  folder: string,
  vkeys: string | readonly string[],
  ...olderCheckpoints: readonly string[]
): Promise<GoAnswer> {
  const older = olderCheckpoints.flatMap((file) => ['-older', file]);
  return runGoProgram('verify-log', [...older, folder, ...[vkeys].flat()]);
}

/** Opens one checkpoint under these keys, and nothing else. */
export async function openNoteWithGo(file: string, vkeys: readonly string[]): Promise<GoAnswer> {
  return runGoProgram('verify-log', ['-note', file, ...vkeys]);
}
