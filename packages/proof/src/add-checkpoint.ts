import { base64, bytesOfBase64, textOfUtf8 } from './byte-encodings.ts';
import { HASH_BYTES } from './merkle-tree.ts';
import { Refusal } from './refusal.ts';

/** C2SP tlog-witness, `add-checkpoint`: what a log sends to a witness. */
export interface AddCheckpoint {
  /** Size of the tree that the witness cosigned last; 0 for none. */
  readonly oldSize: number;
  /** Consistency proof from `oldSize` to the checkpoint (RFC 6962 section 2.1.2). */
  readonly proof: readonly Uint8Array[];
  /** Signed note. */
  readonly checkpoint: string;
}

const PROOF_HASHES_MAX = 63;
/** Proof lines, and a checkpoint with more than sixteen ML-DSA-44 signatures. */
export const ADD_CHECKPOINT_BYTES_MAX = 128 * 1024;

export function formatAddCheckpoint({ oldSize, proof, checkpoint }: AddCheckpoint): string {
  return `old ${oldSize}\n${proof.map((hash) => `${base64(hash)}\n`).join('')}\n${checkpoint}`;
}

/**
 * Reads the body of a request. The note inside is text only: nothing is verified. Throws Refusal
 * `submission_malformed`.
 */
export function parseAddCheckpoint(body: Uint8Array): AddCheckpoint {
  if (body.length > ADD_CHECKPOINT_BYTES_MAX) throw malformed('');
  const text = textOfUtf8(body);
  // The first empty line ends the proof: neither the size line nor a hash can be empty.
  const end = text?.indexOf('\n\n') ?? -1;
  if (text === undefined || end < 0) throw malformed('');
  const [sizeLine = '', ...proofLines] = text.slice(0, end).split('\n');
  const [, sizeText] = /^old (0|[1-9]\d{0,15})$/.exec(sizeLine) ?? [];
  if (sizeText === undefined || !Number.isSafeInteger(Number(sizeText))) throw malformed('line 1');
  if (proofLines.length > PROOF_HASHES_MAX) throw malformed(`line ${PROOF_HASHES_MAX + 2}`);
  const proof = proofLines.map((line, at) => {
    const hash = bytesOfBase64(line);
    if (hash?.length !== HASH_BYTES) throw malformed(`line ${at + 2}`);
    return hash;
  });
  return { oldSize: Number(sizeText), proof, checkpoint: text.slice(end + 2) };
}

function malformed(where: string): Refusal {
  return new Refusal('submission_malformed', where);
}
