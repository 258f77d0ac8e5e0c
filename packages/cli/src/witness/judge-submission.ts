import {
  Refusal,
  emptyTreeHash,
  equalBytes,
  formatSignatureLine,
  parseAddCheckpoint,
  parseCheckpoint,
  parseNote,
  verifiedSignatures,
  verifyConsistency,
} from '@sekisho/proof';
import type { AddCheckpoint, Checkpoint, VerifierKey } from '@sekisho/proof';

/** A log that the witness watches, with every key that may sign for it. */
export interface WatchedLog {
  readonly origin: string;
  readonly keys: readonly VerifierKey[];
}

/** A request that is well formed, about a known log, and signed by it. */
export interface Submission extends AddCheckpoint {
  readonly parsed: Checkpoint;
  /** Body of the note: what is cosigned. */
  readonly body: string;
  /** Body and the log's own signatures, without those of strangers. */
  readonly note: string;
}

/** Status codes of C2SP tlog-witness, `add-checkpoint`. */
export type ReadVerdict =
  | { readonly read: true; readonly log: WatchedLog; readonly submission: Submission }
  | { readonly read: false; readonly status: 400 | 403 | 404; readonly reason: string };

/** Reads a request and checks the log's signature. Never throws for its bytes. */
export function readSubmission(bytes: Uint8Array, logs: ReadonlyMap<string, WatchedLog>): ReadVerdict {
  try {
    const request = parseAddCheckpoint(bytes);
    const parsed = parseCheckpoint(parseNote(request.checkpoint).body);
    const log = logs.get(parsed.origin);
    if (log === undefined) return { read: false, status: 404, reason: 'unknown log' };
    const { body, signatures } = verifiedSignatures(request.checkpoint, log.keys);
    if (signatures.length === 0) return { read: false, status: 403, reason: 'no signature of a known key' };
    const lines = signatures.map(({ key, signature }) =>
      formatSignatureLine({ name: key.name, keyId: key.keyId, signature }),
    );
    const note = `${body}\n${lines.join('')}`;
    return { read: true, log, submission: { ...request, parsed, body, note } };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const status = error.code === 'note_signature_invalid' ? 403 : 400;
    return { read: false, status, reason: `${error.code} ${error.where}`.trimEnd() };
  }
}

/**
 * What the witness may say about a submission, given what it cosigned last. `contradicts` marks what
 * an honest log never signs, two trees of one size. A proof that fails is no such thing: anybody may
 * have sent it.
 */
export type Judgement =
  | { readonly answer: 'cosign' }
  | { readonly answer: 'conflict'; readonly size: number; readonly contradicts: boolean }
  | {
      readonly answer: 'refuse';
      readonly status: 400 | 422;
      readonly reason: string;
      readonly contradicts: boolean;
    };

export function judgeSubmission(
  { oldSize, proof, parsed }: Submission,
  known: Checkpoint | undefined,
): Judgement {
  const knownSize = known?.size ?? 0;
  if (oldSize > parsed.size) return refuse(400, 'the old size is above the size');
  const forked = known?.size === parsed.size && !equalBytes(known.root, parsed.root);
  if (oldSize !== knownSize) return { answer: 'conflict', size: knownSize, contradicts: forked };
  if (parsed.size === 0 && !equalBytes(parsed.root, emptyTreeHash)) {
    return refuse(422, 'an empty tree has another root');
  }
  if (oldSize === 0) {
    return proof.length === 0 ? { answer: 'cosign' } : refuse(422, 'no proof is needed from an empty tree');
  }
  // `known` is present: its size is the old size, which is above zero.
  const { size, root } = parsed;
  const oldRoot = known?.root ?? emptyTreeHash;
  const verdict = verifyConsistency({ oldSize, oldRoot, size, root, hashes: proof });
  if (verdict.ok) return { answer: 'cosign' };
  return refuse(422, verdict.code, forked);
}

function refuse(status: 400 | 422, reason: string, contradicts = false): Judgement {
  return { answer: 'refuse', status, reason, contradicts };
}
