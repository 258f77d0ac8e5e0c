import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Sealed signing keys and how they are sealed. The passphrase is not among them: it is kept apart. */
const SEALED = /\.key\.json$|^keystore\.json$/;

/** Files of a home that go into a backup as they are. */
export async function plainFilesOf(
  home: string,
): Promise<{ readonly path: string; readonly bytes: Buffer }[]> {
  const names = (await readdir(join(home, 'keys'))).filter((name) => SEALED.test(name)).sort();
  const paths = ['cell.vkey', ...names.map((name) => `keys/${name}`)];
  return Promise.all(paths.map(async (path) => ({ path, bytes: await readFile(join(home, path)) })));
}
