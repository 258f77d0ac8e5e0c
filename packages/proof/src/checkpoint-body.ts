import { base64, bytesOfBase64 } from './byte-encodings.ts';
import { isKeyName } from './key-name.ts';
import { HASH_BYTES } from './merkle-tree.ts';
import { Refusal } from './refusal.ts';

/** C2SP tlog-checkpoint: which log, how many leaves, which root. */
export interface Checkpoint {
  /** The log's name, and the name of the key that signs it: `{cell name}/ledger/{tenant}`. */
  readonly origin: string;
  /** Leaves. */
  readonly size: number;
  /** 32 bytes. */
  readonly root: Uint8Array;
}

/** The body of the note. Throws Refusal `checkpoint_malformed`. */
export function formatCheckpoint(checkpoint: Checkpoint): string {
  const { origin, size, root } = checkpoint;
  if (!isKeyName(origin) || !Number.isSafeInteger(size) || size < 0 || root.length !== HASH_BYTES) {
    throw new Refusal('checkpoint_malformed');
  }
  return `${origin}\n${size}\n${base64(root)}\n`;
}

/**
 * Reads the body of a note. Exactly three lines: our logs write no extension lines, and a line
 * that nobody reads is a line that anybody may fill. Throws Refusal `checkpoint_malformed`.
 */
export function parseCheckpoint(body: string): Checkpoint {
  const [origin, sizeText, rootText, end, ...rest] = body.split('\n');
  if (
    origin === undefined ||
    sizeText === undefined ||
    rootText === undefined ||
    end !== '' ||
    rest.length > 0
  ) {
    throw new Refusal('checkpoint_malformed');
  }
  const root = bytesOfBase64(rootText);
  if (!isKeyName(origin)) throw new Refusal('checkpoint_malformed', 'origin');
  if (!/^(?:0|[1-9]\d{0,15})$/.test(sizeText) || !Number.isSafeInteger(Number(sizeText))) {
    throw new Refusal('checkpoint_malformed', 'size');
  }
  if (root?.length !== HASH_BYTES) throw new Refusal('checkpoint_malformed', 'root');
  return { origin, size: Number(sizeText), root };
}
