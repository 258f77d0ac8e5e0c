import { join } from 'node:path';
import type { WitnessedCheckpointStore } from '../../domains/ledger/index.ts';
import { makeFolder, readIfPresent, replaceDurably } from './durable-files.ts';

/**
 * `{folder}/{log}/checkpoint.witnessed`: a signed note like `checkpoint` beside it, which is newer or
 * the same and has the log's signature alone.
 */
export function fileWitnessedCheckpoint(options: { readonly folder: string }): WitnessedCheckpointStore {
  const fileOf = (log: string): string => join(options.folder, log, 'checkpoint.witnessed');
  return {
    read: async (log) => (await readIfPresent(fileOf(log)))?.toString('utf8'),
    async replace(log, note) {
      await makeFolder(join(options.folder, log));
      await replaceDurably(fileOf(log), Buffer.from(note, 'utf8'));
    },
  };
}
