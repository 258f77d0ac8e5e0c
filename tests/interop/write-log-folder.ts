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

/** Writes a whole log at once: checkpoint, tiles and entry bundles, as C2SP tlog-tiles lays them out. */
export async function writeLogFolder(
  folder: string,
  entries: readonly Uint8Array[],
  signer: NoteSigner,
): Promise<void> {
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
    await put(tilePath(level, index, width), concatBytes(stored[level]!.slice(from, from + width)));
    if (level === 0)
      await put(entriesPath(index, width), encodeEntryBundle(entries.slice(from, from + width)));
  }
  await put(
    'checkpoint',
    signCheckpoint({ origin: signer.name, size: frontier.size, root: frontier.root() }, signer),
  );

  async function put(path: string, content: Uint8Array | string): Promise<void> {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), content);
  }
}
