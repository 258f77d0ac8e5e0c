import { formatCheckpoint, parseCheckpoint } from './checkpoint-body.ts';
import type { Checkpoint } from './checkpoint-body.ts';
import { Refusal } from './refusal.ts';
import { signNote, verifyNote } from './signed-note.ts';
import type { NoteSigner, VerifierKey } from './verifier-key.ts';

export { formatCheckpoint, parseCheckpoint };
export type { Checkpoint };

/** The signed note of a checkpoint. */
export function signCheckpoint(checkpoint: Checkpoint, ...signers: readonly NoteSigner[]): string {
  return signNote(formatCheckpoint(checkpoint), ...signers);
}

/**
 * Verifies the note and reads its checkpoint. The log's own key, named as the origin, must be
 * among those that signed. Throws Refusal `note_malformed`, `note_signature_invalid`,
 * `note_unsigned` or `checkpoint_malformed`.
 */
export function verifyCheckpoint(note: string, keys: readonly VerifierKey[]): Checkpoint {
  const { body, signedBy } = verifyNote(note, keys);
  const checkpoint = parseCheckpoint(body);
  // A cosigner of the same name is another key: it never stands for the log.
  if (!signedBy.some((key) => key.role === 'log' && key.name === checkpoint.origin))
    throw new Refusal('note_unsigned');
  return checkpoint;
}
