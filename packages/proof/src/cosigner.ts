import { ed25519Signer, mlDsa44Signer } from '#crypto';
import { utf8 } from './byte-encodings.ts';
import { ed25519CosignedMessage, formatTimedSignature, mlDsa44CosignedMessage } from './cosigned-message.ts';
import { Refusal } from './refusal.ts';
import { formatSignatureLine } from './signed-note.ts';
import { ED25519_COSIGNER, ML_DSA_44_COSIGNER, formatVerifierKey, keyId } from './verifier-key.ts';

/** Algorithms of a cosigner's key, by their names in files and flags. */
export const cosignerAlgorithms = ['ed25519', 'ml-dsa-44'] as const;
export type CosignerAlgorithm = (typeof cosignerAlgorithms)[number];

/** A witness's key: says that it saw a tree, and when (C2SP tlog-cosignature). */
export interface Cosigner {
  readonly name: string;
  readonly keyId: number;
  readonly verifierKey: string;
  /**
   * The signature line, with its newline, for the body of a checkpoint. `timeSeconds` since 1970 is
   * above 0. Throws Refusal `checkpoint_malformed` for a body that no cosigner may sign.
   */
  cosign(body: string, timeSeconds: number): string;
}

/** The cosigner of a 32-byte private seed. Throws Refusal `verifier_key_malformed` for a bad name. */
export function cosignerOf(name: string, algorithm: CosignerAlgorithm, seed: Uint8Array): Cosigner {
  const ed25519 = algorithm === 'ed25519';
  const signer = ed25519 ? ed25519Signer(seed) : mlDsa44Signer(seed);
  const type = ed25519 ? ED25519_COSIGNER : ML_DSA_44_COSIGNER;
  const id = keyId(name, type, signer.publicKey);
  return {
    name,
    keyId: id,
    verifierKey: formatVerifierKey(name, signer.publicKey, type),
    cosign(body, timeSeconds) {
      if (!Number.isSafeInteger(timeSeconds) || timeSeconds <= 0) throw new RangeError('no time to state');
      const bytes = utf8(body);
      // Ed25519 would sign any text, yet the statement only has a meaning for a checkpoint.
      const asCheckpoint = mlDsa44CosignedMessage(name, bytes, timeSeconds);
      if (asCheckpoint === undefined) throw new Refusal('checkpoint_malformed');
      const message = ed25519 ? ed25519CosignedMessage(bytes, timeSeconds) : asCheckpoint;
      const signature = formatTimedSignature({ timeSeconds, signature: signer.sign(message) });
      return formatSignatureLine({ name, keyId: id, signature });
    },
  };
}
