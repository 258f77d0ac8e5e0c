import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, readFile, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import {
  BackedUpOpening,
  BackupManifest,
  PayloadKind,
  type BackupFile,
  type BackupState,
} from '@sekisho/contract';
import { payloadPath, type BackupFolders, type BackupWriter } from '../../domains/payloads/index.ts';
import { makeFolder, replaceDurably, syncFolder, writeFully } from '../ledger-files/durable-files.ts';

const MANIFEST = 'manifest.json';

/**
 * Backups as folders `{folder}/{id}` of plain files with a manifest. The operator's folder must be there
 * already: a medium that is not mounted must not become a folder on the cell's own disk.
 */
export function backupFolders(): BackupFolders {
  return {
    async create(backup) {
      if (!(await stat(backup.folder)).isDirectory()) throw new Error(`${backup.folder} is no folder`);
      const root = folderOf(backup);
      await mkdir(root, { mode: 0o700 });
      await syncFolder(backup.folder);
      return new FolderWriter(root);
    },

    async remove(backup) {
      if (!(await stat(backup.folder)).isDirectory()) throw new Error(`${backup.folder} is no folder`);
      await rm(folderOf(backup), { recursive: true, force: true });
      await syncFolder(backup.folder);
    },

    async erase(backup, erased) {
      const root = folderOf(backup);
      const manifest = await readManifest(root);
      const gone = new Set(erased.flatMap(({ crossings }) => crossings));
      const payloads = new Set(
        erased.flatMap(({ tenant, crossings }) =>
          crossings.flatMap((crossing) =>
            PayloadKind.options.map((kind) => `payloads/${payloadPath({ tenant, crossing, kind })}`),
          ),
        ),
      );
      const files: BackupFile[] = [];
      for (const file of manifest.files) {
        if (payloads.has(file.path)) {
          await rm(join(root, file.path), { force: true });
          await syncFolder(dirname(join(root, file.path)));
        } else files.push(mayName(file, gone) ? await withoutOpenings(root, file, gone) : file);
      }
      // Last: a crash before it is repeated from the start, and finds the same files again.
      await replaceDurably(join(root, MANIFEST), manifestText({ ...manifest, files }));
    },
  };
}

function folderOf({ folder, id }: BackupState): string {
  return join(folder, id);
}

/** Throws when there is no whole manifest: then it is no backup. */
export async function readManifest(root: string): Promise<BackupManifest> {
  return BackupManifest.parse(JSON.parse(await readFile(join(root, MANIFEST), 'utf8')));
}

export async function digestOfFile(
  path: string,
): Promise<{ readonly bytes: number; readonly sha256: string }> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const piece of createReadStream(path)) {
    hash.update(piece);
    bytes += Buffer.byteLength(piece);
  }
  return { bytes, sha256: hash.digest('hex') };
}

function mayName({ first, last }: BackupFile, gone: ReadonlySet<string>): boolean {
  if (first === undefined || last === undefined) return false;
  for (const crossing of gone) if (first <= crossing && crossing <= last) return true;
  return false;
}

/** Also when nothing is left to take out: the manifest may still speak of the file before a crash. */
async function withoutOpenings(
  root: string,
  file: BackupFile,
  gone: ReadonlySet<string>,
): Promise<BackupFile> {
  const path = join(root, file.path);
  const lines = (await readFile(path, 'utf8')).split('\n').filter((line) => line !== '');
  const kept = lines.filter((line) => !gone.has(BackedUpOpening.parse(JSON.parse(line)).crossing));
  await replaceDurably(path, Buffer.from(kept.map((line) => `${line}\n`).join('')));
  return { ...file, ...(await digestOfFile(path)) };
}

function manifestText(manifest: BackupManifest): Buffer {
  return Buffer.from(`${JSON.stringify(manifest, null, 1)}\n`);
}

class FolderWriter implements BackupWriter {
  readonly #root: string;
  readonly #files: BackupFile[] = [];

  constructor(root: string) {
    this.#root = root;
  }

  async add(
    path: string,
    bytes: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
    range?: { readonly first: string; readonly last: string },
  ): Promise<void> {
    const target = join(this.#root, path);
    await makeFolder(dirname(target));
    const hash = createHash('sha256');
    let length = 0;
    const handle = await open(target, 'wx', 0o600);
    try {
      for await (const piece of bytes) {
        hash.update(piece);
        await writeFully(handle, piece, length);
        length += piece.length;
      }
      await handle.datasync();
    } finally {
      await handle.close();
    }
    await syncFolder(dirname(target));
    this.#files.push({ path, bytes: length, sha256: hash.digest('hex'), ...range });
  }

  async finish(manifest: Omit<BackupManifest, 'files' | 'format'>): Promise<readonly BackupFile[]> {
    const whole = BackupManifest.parse({ format: 'sekisho-backup/v1', ...manifest, files: this.#files });
    await replaceDurably(join(this.#root, MANIFEST), manifestText(whole));
    return this.#files;
  }
}
