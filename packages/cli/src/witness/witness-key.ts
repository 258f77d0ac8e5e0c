import { createHash, randomBytes } from 'node:crypto';
import { mkdir, stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { cosignerAlgorithms, cosignerOf, isKeyName } from '@sekisho/proof';
import type { Cosigner, CosignerAlgorithm } from '@sekisho/proof';
import { z } from 'zod';
import { CommandFailure } from '../failure.ts';
import { createDurably, readIfPresent, syncFolder } from './durable-file.ts';

const KEY_FILE = 'witness-key.json';
const SEED_BYTES = 32;

const KeyFile = z.strictObject({
  format: z.literal(1),
  name: z.string().refine(isKeyName),
  algorithm: z.enum(cosignerAlgorithms),
  seed: z.base64().refine((text) => Buffer.from(text, 'base64').length === SEED_BYTES),
});
type KeyFile = z.infer<typeof KeyFile>;

export interface KeyWishes {
  readonly name?: string | undefined;
  readonly algorithm?: CosignerAlgorithm | undefined;
}

/**
 * The key of a witness's state folder, made when there is none. It is never replaced, and keeps its
 * name and kind for life. Throws `witness_state_unusable` for a key that others can read, is
 * damaged, or is not the one wished for.
 */
export async function openWitnessKey(folder: string, wishes: KeyWishes): Promise<Cosigner> {
  const { name, algorithm, seed } = await readOrMakeKey(folder, wishes);
  return cosignerOf(name, algorithm, Buffer.from(seed, 'base64'));
}

/**
 * Keeps a second witness off the folder: two of them would each roll back what the other promised.
 * An abstract Unix socket (unix(7)) has no file that could stay behind, and the kernel frees it even
 * on `kill -9`. Its name comes from the key, so that no other local user can take it.
 */
export async function lockState(folder: string): Promise<() => Promise<void>> {
  const { seed } = await readOrMakeKey(folder, {});
  const { dev, ino } = await stat(folder, { bigint: true });
  const name = createHash('sha256').update(`lock ${seed} ${dev} ${ino}`).digest('hex');
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

async function readOrMakeKey(folder: string, wishes: KeyWishes): Promise<KeyFile> {
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
  const key = parseKey(folder, text ?? '');
  const other = wishes.name !== undefined && wishes.name !== key.name;
  if (other || (wishes.algorithm !== undefined && wishes.algorithm !== key.algorithm)) {
    throw unusable(folder, (texts) => texts.witness.keyIsAnother(key.name, key.algorithm));
  }
  return key;
}

function newKey({ name, algorithm = 'ed25519' }: KeyWishes): KeyFile {
  return {
    format: 1,
    // Two witnesses of one name would be hard to tell apart, so a name that nobody chose is random.
    name: name ?? `witness-${randomBytes(8).toString('hex')}`,
    algorithm,
    seed: randomBytes(SEED_BYTES).toString('base64'),
  };
}

function parseKey(folder: string, text: string): KeyFile {
  try {
    return KeyFile.parse(JSON.parse(text));
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
