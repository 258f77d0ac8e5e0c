import { constants } from 'node:fs';
import { link, mkdir, open, readFile, rename, unlink } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Owner only: a ledger tells who asked what of whom. */
const FILE_MODE = 0o600;
const FOLDER_MODE = 0o700;

/** A file's name is durable once its folder is. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Makes a folder and its missing parents, each of them durable. */
export async function makeFolder(folder: string): Promise<void> {
  const firstMade = await mkdir(folder, { recursive: true, mode: FOLDER_MODE });
  // Also when it was there already: a process that crashed may have made it without syncing.
  await syncFolder(dirname(folder));
  if (firstMade === undefined) return;
  for (let made = folder; made !== firstMade && made !== dirname(made); made = dirname(made)) {
    await syncFolder(dirname(dirname(made)));
  }
}

/** Writes a file and its bytes durably; its name still needs {@link syncFolder}. */
export async function writeDurably(path: string, bytes: Uint8Array): Promise<void> {
  const handle = await open(path, 'w', FILE_MODE);
  try {
    await writeFully(handle, bytes, 0);
    await handle.datasync();
  } finally {
    await handle.close();
  }
}

/**
 * Replaces a file atomically and durably: a reader, and a restart after a power loss, sees the old
 * bytes or the new ones. `own`: ending of the file that is written first, where several processes may.
 */
export async function replaceDurably(path: string, bytes: Uint8Array, own = 'next'): Promise<void> {
  const next = `${path}.${own}`;
  await writeDurably(next, bytes);
  await rename(next, path);
  await syncFolder(dirname(path));
}

/**
 * Makes a file, whole and durable, unless there is one: then it stays, and the answer is false. Of
 * several processes that try at once one succeeds (link(2)).
 */
export async function createDurably(path: string, bytes: Uint8Array, own: string): Promise<boolean> {
  const next = `${path}.${own}`;
  await writeDurably(next, bytes);
  try {
    await link(next, path);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  } finally {
    await unlink(next);
    // Also when it was there: a process that crashed may have made it without syncing.
    await syncFolder(dirname(path));
  }
}

/** A write may take less than it was given. */
export async function writeFully(handle: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let written = 0; written < bytes.length;) {
    const { bytesWritten } = await handle.write(bytes, written, bytes.length - written, position + written);
    if (bytesWritten === 0) throw new Error('the file takes no more bytes');
    written += bytesWritten;
  }
}

export async function readIfPresent(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

export function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
