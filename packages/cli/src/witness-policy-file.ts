import { POLICY_BYTES_MAX, Refusal, parseWitnessPolicy } from '@sekisho/proof';
import type { WitnessPolicy } from '@sekisho/proof';
import { readBounded } from './bounded-file.ts';
import type { CommandContext } from './command-context.ts';
import { CommandFailure } from './failure.ts';
import { japanTime } from './japan-time.ts';

/** Throws CommandFailure `witness_policy_invalid`, and what {@link readBounded} throws. */
export async function readWitnessPolicy(file: string, { stdin }: CommandContext): Promise<WitnessPolicy> {
  const bytes = await readBounded(file, POLICY_BYTES_MAX, stdin);
  try {
    return parseWitnessPolicy(bytes);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const { where, bilingual } = error;
    throw new CommandFailure(
      'witness_policy_invalid',
      // The same words as for a file of keys: file, place, what is wrong.
      (texts) => texts.failures.verifierKeyInvalid(file, where, bilingual[texts.language]),
      { cause: error },
    );
  }
}

/** The time of a cosignature, in Japan. A witness may state any, also one that no date can hold. */
export function witnessTime(seconds: number): string {
  const date = new Date(seconds * 1000);
  return Number.isNaN(date.getTime()) ? `${seconds} s` : japanTime(date.toISOString());
}
