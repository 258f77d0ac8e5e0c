import { join } from 'node:path';
import { Refusal, formatVerifierKey, parseVerifierKeys } from '@sekisho/proof';
import type { VerifierKey } from '@sekisho/proof';
import { readBounded } from './bounded-file.ts';
import { homeFolder } from './cell-address.ts';
import type { CommandContext } from './command-context.ts';
import { CommandFailure } from './failure.ts';

const KEY_FILE_BYTES_MAX = 4 * 1024 * 1024;

/** As {@link readTrustedKeys}, of several files: each key once. */
export async function readAllTrustedKeys(
  files: readonly string[],
  home: string | undefined,
  context: CommandContext,
): Promise<VerifierKey[]> {
  const keys = new Map<string, VerifierKey>();
  for (const file of files.length === 0 ? [undefined] : files) {
    for (const key of await readTrustedKeys(file, home, context)) {
      keys.set(formatVerifierKey(key.name, key.publicKey, key.type), key);
    }
  }
  return [...keys.values()];
}

/**
 * The verifier keys of `--key`, else of the data folder. Throws `verifier_key_missing`,
 * `verifier_key_invalid` and what {@link readBounded} throws.
 */
export async function readTrustedKeys(
  option: string | undefined,
  home: string | undefined,
  context: CommandContext,
  reading: Parameters<typeof parseVerifierKeys>[1] = {},
): Promise<VerifierKey[]> {
  const file = option ?? join(homeFolder(home, context), 'cell.vkey');
  let text: string;
  try {
    text = (await readBounded(file, KEY_FILE_BYTES_MAX, context.stdin)).toString('utf8');
  } catch (error) {
    if (option !== undefined) throw error;
    throw new CommandFailure('verifier_key_missing', (texts) => texts.failures.verifierKeyMissing(file), {
      cause: error,
    });
  }
  try {
    return parseVerifierKeys(text, reading);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const { where, bilingual } = error;
    throw new CommandFailure(
      'verifier_key_invalid',
      (texts) => texts.failures.verifierKeyInvalid(file, where, bilingual[texts.language]),
      { cause: error },
    );
  }
}
