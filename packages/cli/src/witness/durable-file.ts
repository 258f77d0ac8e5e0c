import { link, open, readFile, rename, rm } from 'node:fs/promises';
import { constants } from 'node:fs';
import { dirname } from 'node:path';

const FILE_MODE = 0o600;

/**
 * Replaces a file atomically and durably: whoever reads it, also after `kill -9` or a power loss,
 * sees the old text or the new one. One writer at a time.
 */
export async function replaceDurably(file: string, text: string): Promise<void> {
  await writeSynced(`${file}.next`, text);
  await rename(`${file}.next`, file);
  await syncFolder(dirname(file));
}

/** Makes a file durably unless there is one already; false where there was. */
export async function createDurably(file: string, text: string): Promise<boolean> {
  const draft = `${file}.${process.pid}.new`;
  await writeSynced(draft, text);
  try {
    // Unlike a rename, a link never takes the place of what is there.
    await link(draft, file);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(draft, { force: true });
  }
  await syncFolder(dirname(file));
  return true;
}

export async function syncFolder(folder: string): Promise<void> {
  await using handle = await open(folder, constants.O_RDONLY | constants.O_DIRECTORY);
  await handle.sync();
}

export async function readIfPresent(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

async function writeSynced(file: string, text: string): Promise<void> {
  await using handle = await open(file, 'w', FILE_MODE);
  await handle.writeFile(text);
  await handle.sync();
}
