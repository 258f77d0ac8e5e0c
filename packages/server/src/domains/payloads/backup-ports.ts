import type { BackedUpOpening, BackupFile, BackupManifest, BackupState } from '@sekisho/contract';

/** Rows that no ledger holds, as plain documents. */
export interface BackupRows {
  /** Every platform revision with its document, oldest first. */
  platformRevisions(): Promise<readonly unknown[]>;
  /** API keys; of a secret its SHA-256 alone. */
  apiKeys(): Promise<readonly unknown[]>;
  /** In the order of crossings, from behind `after`. */
  openings(after: string, limit: number): Promise<readonly BackedUpOpening[]>;
}

/** A backup while it is made. */
export interface BackupWriter {
  /** Streams one file into the backup; resolves when it is durable. */
  add(
    path: string,
    bytes: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
    range?: { readonly first: string; readonly last: string },
  ): Promise<void>;
  /** Writes the manifest over everything that was added: from here on it is a backup. */
  finish(manifest: Omit<BackupManifest, 'files' | 'format'>): Promise<readonly BackupFile[]>;
}

/** Backups that this cell made, as folders. */
export interface BackupFolders {
  create(backup: BackupState): Promise<BackupWriter>;
  /** Removes the whole backup; rejects when its folder cannot be reached. */
  remove(backup: BackupState): Promise<void>;
  /**
   * Removes payloads, salts and keys of these crossings, and writes the manifest anew. Idempotent; rejects when
   * the folder cannot be reached or holds no whole backup.
   */
  erase(
    backup: BackupState,
    erased: readonly { readonly tenant: string; readonly crossings: readonly string[] }[],
  ): Promise<void>;
}
