import { readFile, rename, writeFile } from 'node:fs/promises';

/** Appears whole or not at all; readable by its owner alone. */
export async function replaceFile(file: string, text: string): Promise<void> {
  await writeFile(`${file}.new`, text, { mode: 0o600 });
  await rename(`${file}.new`, file);
}

/** The secret in a file, made at the first start. Only this file keeps it. */
export async function readOrMakeSecret(file: string, mint: () => string): Promise<string> {
  try {
    const secret = (await readFile(file, 'utf8')).trim();
    if (secret !== '') return secret;
  } catch (cause) {
    if (!(cause instanceof Error && 'code' in cause && cause.code === 'ENOENT')) throw cause;
  }
  const secret = mint();
  await replaceFile(file, `${secret}\n`);
  return secret;
}
