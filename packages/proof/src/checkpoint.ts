import { formatCheckpoint, parseCheckpoint } from './checkpoint-body.ts';
import type { Checkpoint } from './checkpoint-body.ts';
import { Refusal } from './refusal.ts';
import { signNote, verifyNote } from './signed-note.ts';
import { requireKeyInForce } from './verifier-key.ts';
import type { NoteSigner, VerifierKey } from './verifier-key.ts';

export { formatCheckpoint, parseCheckpoint };
export type { Checkpoint };

/** The signed note of a checkpoint. */
export function signCheckpoint(checkpoint: Checkpoint, ...signers: readonly NoteSigner[]): string {
  return signNote(formatCheckpoint(checkpoint), ...signers);
}

export interface VerifiedCheckpoint extends Checkpoint {
  /** The log's keys whose signature was verified, in the order of the note. */
  readonly signedBy: readonly VerifierKey[];
}

/**
 * Verifies the note and reads its checkpoint. The log's own key, named as the origin and not marked as one
 * that may not sign such a tree, must be among those that signed. Throws Refusal `note_malformed`,
 * `note_signature_invalid`, `note_unsigned`, `key_retired`, `key_compromised` or `checkpoint_malformed`.
 */
export function verifyCheckpoint(note: string, keys: readonly VerifierKey[]): VerifiedCheckpoint {
  const verified = verifyNote(note, keys);
  const checkpoint = parseCheckpoint(verified.body);
  // A cosigner of the same name is another key: it never stands for the log.
  const signedBy = verified.signedBy.filter((key) => key.role === 'log' && key.name === checkpoint.origin);
  if (signedBy.length === 0) throw new Refusal('note_unsigned');
  requireKeyInForce(signedBy, checkpoint.size);
  return { ...checkpoint, signedBy };
}
