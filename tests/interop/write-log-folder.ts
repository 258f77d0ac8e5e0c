import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import {
  TILE_HEIGHT,
  TILE_WIDTH,
  TreeFrontier,
  concatBytes,
  encodeEntryBundle,
  entriesPath,
  leafHash,
  signCheckpoint,
  tilePath,
  tilesOfTree,
} from '@sekisho/proof';
import type { NoteSigner } from '@sekisho/proof';

/** The files of a whole log: checkpoint, tiles and entry bundles, as C2SP tlog-tiles lays them out. */
export function logFiles(
  entries: readonly Uint8Array[],
  signer: NoteSigner,
): readonly { readonly path: string; readonly bytes: Uint8Array }[] {
  const files: { path: string; bytes: Uint8Array }[] = [];
  const frontier = new TreeFrontier();
  /** Hashes that tiles store, by tile level. */
  const stored: Uint8Array[][] = [];
  for (const entry of entries) {
    frontier.append(leafHash(entry), (level, _index, hash) => {
      if (level % TILE_HEIGHT === 0) (stored[level / TILE_HEIGHT] ??= []).push(hash);
    });
  }
  for (const { level, index, width } of tilesOfTree(entries.length)) {
    const from = index * TILE_WIDTH;
    const hashes = stored[level]!.slice(from, from + width);
    files.push({ path: tilePath(level, index, width), bytes: concatBytes(hashes) });
    if (level > 0) continue;
    files.push({
      path: entriesPath(index, width),
      bytes: encodeEntryBundle(entries.slice(from, from + width)),
    });
  }
  const checkpoint = { origin: signer.name, size: frontier.size, root: frontier.root() };
  files.push({ path: 'checkpoint', bytes: Buffer.from(signCheckpoint(checkpoint, signer), 'utf8') });
  return files;
}

/** Writes a whole log at once. */
export async function writeLogFolder(
  folder: string,
  entries: readonly Uint8Array[],
  signer: NoteSigner,
): Promise<void> {
  for (const { path, bytes } of logFiles(entries, signer)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), bytes);
  }
}
