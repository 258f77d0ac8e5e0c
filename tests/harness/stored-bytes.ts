import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';

const PIECE_BYTES = 4 * 1024 * 1024;

/** Paths of all files below these folders that hold any of these bytes, as a thief of the disk would look. */
export async function filesHolding(
  folders: readonly string[],
  needles: readonly Buffer[],
): Promise<string[]> {
  const found: string[] = [];
  for (const folder of folders) {
    for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const path = join(entry.parentPath, entry.name);
      if (await holds(path, needles)) found.push(path);
    }
  }
  return found;
}

async function holds(path: string, needles: readonly Buffer[]): Promise<boolean> {
  const overlap = Math.max(...needles.map((needle) => needle.length)) - 1;
  // A file that the cell deletes meanwhile holds nothing.
  const handle = await open(path, 'r').catch(() => undefined);
  if (handle === undefined) return false;
  try {
    const piece = Buffer.alloc(PIECE_BYTES + overlap);
    for (let at = 0; ; at += PIECE_BYTES) {
      const { bytesRead } = await handle.read(piece, 0, piece.length, at);
      if (needles.some((needle) => piece.subarray(0, bytesRead).includes(needle))) return true;
      if (bytesRead < piece.length) return false;
    }
  } finally {
    await handle.close();
  }
}
