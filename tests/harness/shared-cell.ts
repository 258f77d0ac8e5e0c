import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbeddedPostgres } from '../../packages/server/src/adapters/postgres/embedded-postgres.ts';
import { systemClock } from '../../packages/server/src/base/clock.ts';
import { systemRandom } from '../../packages/server/src/base/random.ts';

const quiet = { info: () => {}, warn: () => {}, error: () => {} };

/** What the replicas of one cell share: a database server and folders. */
export interface SharedCell {
  readonly folder: string;
  readonly databaseUrl: string;
  /** Below it `{log}/checkpoint`, `{log}/tile/...`. */
  readonly logs: string;
  /** Settings of every replica. */
  readonly args: readonly string[];
  stop(): Promise<void>;
}

/** `tiles`: settings of a bucket, instead of the folder `logs`. */
export async function startSharedCell(tiles?: Readonly<Record<string, string>>): Promise<SharedCell> {
  const folder = await mkdtemp(join(tmpdir(), 'sekisho-cell-'));
  const machine = { clock: systemClock, random: systemRandom(), log: quiet };
  const server = await startEmbeddedPostgres({ folder: join(folder, 'postgres'), ...machine });
  const { host, user, database, password } = server.connection;
  const databaseUrl = `postgresql://${user}:${password}@localhost/${database}?host=${encodeURIComponent(host)}`;
  const logs = join(folder, 'ledger', 'logs');
  return {
    folder,
    databaseUrl,
    logs,
    args: [
      '--no-demo',
      ...Object.entries({
        'database-url': databaseUrl,
        'ledger-storage': 'shared',
        ...(tiles ?? { 'ledger-folder': logs }),
        'keys-folder': join(folder, 'keys'),
        'passphrase-file': join(folder, 'passphrase'),
      }).flatMap(([name, value]) => [`--${name}`, value]),
    ],
    async stop() {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
