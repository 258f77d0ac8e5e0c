import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { syncFolder } from '../ledger-files/durable-files.ts';

/** Makes every file below a folder durable, and then its name. */
export async function syncTree(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await syncTree(path);
    else if (entry.isFile()) {
      const handle = await open(path, 'r');
      try {
        await handle.sync();
      } finally {
        await handle.close();
      }
    }
  }
  await syncFolder(folder);
}
