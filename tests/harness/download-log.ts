import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { entriesPath, parseCheckpoint, parseNote, tilePath, tilesOfTree } from '@sekisho/proof';

/**
 * A small client of C2SP tlog-tiles: fetches the checkpoint, then every tile and bundle that a tree of its size
 * has, into a folder of the same layout. It verifies nothing. `prefix` is `{cell url}/ledger/{log}`.
 */
export async function downloadLog(
  prefix: string,
  apiKey: string,
  folder: string,
): Promise<{ readonly size: number; readonly files: number }> {
  const note = await download('checkpoint');
  const { size } = parseCheckpoint(parseNote(note.toString('utf8')).body);
  let files = 1;
  for (const { level, index, width } of tilesOfTree(size)) {
    await download(tilePath(level, index, width));
    if (level === 0) await download(entriesPath(index, width));
    files += level === 0 ? 2 : 1;
  }
  return { size, files };

  async function download(path: string): Promise<Buffer> {
    const response = await fetch(`${prefix}/${path}`, { headers: { authorization: `Bearer ${apiKey}` } });
    const bytes = Buffer.from(await response.arrayBuffer());
    if (!response.ok) throw new Error(`${path}: ${response.status} ${bytes.toString('utf8')}`);
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), bytes);
    return bytes;
  }
}
