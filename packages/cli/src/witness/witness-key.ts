import { createHash, randomBytes } from 'node:crypto';
import { mkdir, stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import {
  Refusal,
  cosignerAlgorithms,
  cosignerOf,
  formatKeyId,
  isKeyName,
  parseVerifierKey,
} from '@sekisho/proof';
import type { Cosigner, CosignerAlgorithm, VerifierKey } from '@sekisho/proof';
import { z } from 'zod';
import { CommandFailure } from '../failure.ts';
import { createDurably, readIfPresent, replaceDurably, syncFolder } from './durable-file.ts';

const KEY_FILE = 'witness-key.json';
const SEED_BYTES = 32;

const Seed = z.base64().refine((text) => Buffer.from(text, 'base64').length === SEED_BYTES);
const Key = z.strictObject({ algorithm: z.enum(cosignerAlgorithms), seed: Seed });
type Key = z.infer<typeof Key>;
/** Keys that cosign at a time: each is a line in every answer. */
const KEYS_MAX = 4;
const RETIRED_MAX = 100;

/** The first form, of a witness whose key was never rotated. */
const KeyFileV1 = z.strictObject({ format: z.literal(1), name: z.string().refine(isKeyName), ...Key.shape });
const KeyFileV2 = z.strictObject({
  format: z.literal(2),
  name: z.string().refine(isKeyName),
  /** Names the lock of the folder, the same however keys come and go. */
  lock: z.string().regex(/^[0-9a-f]{64}$/),
  /** Oldest first. */
  keys: z.array(Key).min(1).max(KEYS_MAX),
  /** Verifier keys of those that cosign no more: the note in the state may be theirs. */
  retired: z.array(z.string().max(4000)).max(RETIRED_MAX),
});
const KeyFile = z.discriminatedUnion('format', [KeyFileV1, KeyFileV2]);
type KeyFile = z.infer<typeof KeyFileV2>;

export interface KeyWishes {
  readonly name?: string | undefined;
  readonly algorithm?: CosignerAlgorithm | undefined;
}

/** What a witness signs with, and by what it knows its own word again. */
export interface WitnessKeys {
  readonly name: string;
  /** Oldest first; all of them cosign. */
  readonly cosigners: readonly [Cosigner, ...Cosigner[]];
  /** Of these and of retired ones. */
  readonly verifiers: readonly VerifierKey[];
}

/**
 * The keys of a witness's state folder; one is made when there is none. Their name is kept for life.
 * Throws `witness_state_unusable` for keys that others can read, are damaged, or none of which is the
 * one wished for.
 */
export async function openWitnessKeys(folder: string, wishes: KeyWishes): Promise<WitnessKeys> {
  return witnessKeys(folder, await readOrMakeKeys(folder, wishes));
}

/** Adds a key that cosigns beside the others, of the wished algorithm or that of the newest. Durable. */
export async function rotateWitnessKey(folder: string, algorithm?: CosignerAlgorithm): Promise<WitnessKeys> {
  return changeKeys(folder, (file) => {
    if (file.keys.length >= KEYS_MAX) throw unusable(folder, (texts) => texts.witness.tooManyKeys(KEYS_MAX));
    const made = { algorithm: algorithm ?? file.keys.at(-1)?.algorithm ?? 'ed25519', seed: newSeed() };
    return { ...file, keys: [...file.keys, made] };
  });
}

/** Ends a key; its private part is gone. Never the last. Durable. */
export async function retireWitnessKey(folder: string, keyId: string): Promise<WitnessKeys> {
  return changeKeys(folder, (file) => {
    const at = file.keys.findIndex((key) => formatKeyId(cosigner(file.name, key).keyId) === keyId);
    const key = file.keys[at];
    if (key === undefined) throw unusable(folder, (texts) => texts.witness.noSuchKey(keyId));
    if (file.keys.length === 1) throw unusable(folder, (texts) => texts.witness.lastKey);
    const retired = [...file.retired, cosigner(file.name, key).verifierKey].slice(-RETIRED_MAX);
    return { ...file, keys: file.keys.toSpliced(at, 1), retired };
  });
}

/** Not under a running witness: it would go on with the keys that it knows, and nobody would notice. */
async function changeKeys(folder: string, change: (file: KeyFile) => KeyFile): Promise<WitnessKeys> {
  const unlock = await lockState(folder);
  try {
    const changed = change(await readOrMakeKeys(folder, {}));
    await replaceDurably(join(folder, KEY_FILE), `${JSON.stringify(changed)}\n`);
    return witnessKeys(folder, changed);
  } finally {
    await unlock();
  }
}

function witnessKeys(folder: string, { name, keys, retired }: KeyFile): WitnessKeys {
  const [first, ...others] = keys.map((key) => cosigner(name, key));
  if (first === undefined) throw unusable(folder, (texts) => texts.witness.damaged(KEY_FILE));
  const cosigners = [first, ...others] as const;
  const vkeys = [...cosigners.map(({ verifierKey }) => verifierKey), ...retired];
  try {
    return { name, cosigners, verifiers: vkeys.map(parseVerifierKey) };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    throw unusable(folder, (texts) => texts.witness.damaged(KEY_FILE));
  }
}

function cosigner(name: string, { algorithm, seed }: Key): Cosigner {
  return cosignerOf(name, algorithm, Buffer.from(seed, 'base64'));
}

/**
 * Keeps a second witness off the folder: two of them would each roll back what the other promised.
 * An abstract Unix socket (unix(7)) has no file that could stay behind, and the kernel frees it even
 * on `kill -9`. Its name comes from the key file, so that no other local user can take it.
 */
export async function lockState(folder: string): Promise<() => Promise<void>> {
  const { lock } = await readOrMakeKeys(folder, {});
  const { dev, ino } = await stat(folder, { bigint: true });
  const name = createHash('sha256').update(`lock ${lock} ${dev} ${ino}`).digest('hex');
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => {
      const taken = 'code' in error && error.code === 'EADDRINUSE';
      reject(taken ? unusable(folder, (texts) => texts.witness.stateInUse) : error);
    });
    server.listen(`\0sekisho-witness-${name}`, resolve);
  });
  server.unref();
  return () => new Promise((resolve) => server.close(() => resolve()));
}

async function readOrMakeKeys(folder: string, wishes: KeyWishes): Promise<KeyFile> {
  const file = join(folder, KEY_FILE);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  let text = await readIfPresent(file);
  if (text === undefined) {
    await createDurably(file, `${JSON.stringify(newKey(wishes))}\n`);
    // Another start may have been faster: what is on the disk is the key.
    text = await readIfPresent(file);
  }
  // Also for a key that was there: the start that made it may have crashed before it was durable.
  await syncFolder(folder);
  await syncFolder(dirname(folder));
  if (((await stat(file)).mode & 0o077) !== 0) {
    throw unusable(folder, (texts) => texts.doctor.secretProtect(file));
  }
  const keys = parseKeys(folder, text ?? '');
  const other = wishes.name !== undefined && wishes.name !== keys.name;
  const newest = keys.keys.at(-1)?.algorithm ?? 'ed25519';
  // While one rotates to another algorithm, the start may still name the old one.
  const ofKind = keys.keys.some(({ algorithm }) => algorithm === wishes.algorithm);
  if (other || (wishes.algorithm !== undefined && !ofKind)) {
    throw unusable(folder, (texts) => texts.witness.keyIsAnother(keys.name, newest));
  }
  return keys;
}

function newKey({ name, algorithm = 'ed25519' }: KeyWishes): z.infer<typeof KeyFileV1> {
  return {
    format: 1,
    // Two witnesses of one name would be hard to tell apart, so a name that nobody chose is random.
    name: name ?? `witness-${randomBytes(8).toString('hex')}`,
    algorithm,
    seed: newSeed(),
  };
}

function newSeed(): string {
  return randomBytes(SEED_BYTES).toString('base64');
}

function parseKeys(folder: string, text: string): KeyFile {
  try {
    const file = KeyFile.parse(JSON.parse(text));
    if (file.format === 2) return file;
    const { name, algorithm, seed } = file;
    const lock = createHash('sha256').update(`lock of ${seed}`).digest('hex');
    return { format: 2, name, lock, keys: [{ algorithm, seed }], retired: [] };
  } catch (cause) {
    // Neither the text nor the parser's message: both may hold the seed.
    if (cause instanceof SyntaxError || cause instanceof z.ZodError) {
      throw unusable(folder, (texts) => texts.witness.damaged(KEY_FILE));
    }
    throw cause;
  }
}

export function unusable(
  folder: string,
  why: (texts: Parameters<CommandFailure['text']>[0]) => string,
): CommandFailure {
  return new CommandFailure('witness_state_unusable', (texts) =>
    texts.failures.witnessStateUnusable(folder, why(texts)),
  );
}
