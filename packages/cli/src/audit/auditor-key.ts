import { randomBytes } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ed25519NoteSigner, isKeyName } from '@sekisho/proof';
import type { NoteSigner } from '@sekisho/proof';
import { z } from 'zod';
import { readBounded, reasonOf } from '../bounded-file.ts';
import type { CommandContext } from '../command-context.ts';
import { CommandFailure } from '../failure.ts';
import { createDurably, readIfPresent, syncFolder } from '../witness/durable-file.ts';

const SEED_BYTES = 32;
const KEY_FILE_BYTES_MAX = 64 * 1024;

/**
 * A key of its own kind: one that signs checkpoints, as a log's or a witness's does, must sign nothing else, so
 * neither is taken here.
 */
const KeyFile = z.strictObject({
  format: z.literal(1),
  use: z.literal('audit-report'),
  name: z.string().refine(isKeyName),
  seed: z.base64().refine((text) => Buffer.from(text, 'base64').length === SEED_BYTES),
});

export type AuditorKey = NoteSigner & { readonly verifierKey: string };

/**
 * The auditor's key, made when the file is not there. Throws `auditor_key_unusable` for a file that others can
 * read, holds another kind of key, or has another name than the one wished for.
 */
export async function makeAuditorKey(
  file: string,
  name: string | undefined,
  context: CommandContext,
): Promise<AuditorKey> {
  try {
    if ((await readIfPresent(file)) === undefined) {
      const key: z.infer<typeof KeyFile> = {
        format: 1,
        use: 'audit-report',
        name: name ?? `auditor-${randomBytes(8).toString('hex')}`,
        seed: randomBytes(SEED_BYTES).toString('base64'),
      };
      await createDurably(file, `${JSON.stringify(key)}\n`);
    }
    await syncFolder(dirname(file));
  } catch (error) {
    throw new CommandFailure(
      'file_unwritable',
      (texts) => texts.failures.fileUnwritable(file, reasonOf(error)),
      { cause: error },
    );
  }
  const key = await readAuditorKey(file, context);
  if (name !== undefined && key.name !== name) {
    throw unusable(file, (texts) => texts.audit.keyIsAnother(key.name));
  }
  return key;
}

export async function readAuditorKey(file: string, { stdin }: CommandContext): Promise<AuditorKey> {
  const text = (await readBounded(file, KEY_FILE_BYTES_MAX, stdin)).toString('utf8');
  if (file !== '-' && ((await stat(file)).mode & 0o077) !== 0) {
    throw unusable(file, (texts) => texts.doctor.secretProtect(file));
  }
  try {
    const { name, seed } = KeyFile.parse(JSON.parse(text));
    return ed25519NoteSigner(name, Buffer.from(seed, 'base64'));
  } catch (cause) {
    // Neither the text nor the parser's message: both may hold the seed.
    if (cause instanceof SyntaxError || cause instanceof z.ZodError) {
      throw unusable(file, (texts) => texts.audit.noAuditorKey);
    }
    throw cause;
  }
}

function unusable(
  file: string,
  why: (texts: Parameters<CommandFailure['text']>[0]) => string,
): CommandFailure {
  return new CommandFailure('auditor_key_unusable', (texts) => `${file}: ${why(texts)}`);
}
