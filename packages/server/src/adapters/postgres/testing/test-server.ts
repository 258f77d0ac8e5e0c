import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { sql, type Kysely } from 'kysely';
import { systemClock } from '../../../base/clock.ts';
import type { Log } from '../../../base/log.ts';
import { systemRandom } from '../../../base/random.ts';
import { connect, type ConnectionSettings } from '../connection.ts';
import { CrossingTable } from '../crossing-table.ts';
import { startEmbeddedPostgres } from '../embedded-postgres.ts';
import { migrate } from '../migrate.ts';
import type { Tables } from '../tables.ts';

export const machine = { clock: systemClock, random: systemRandom() };
export const silentLog: Log = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** A server for one test file. Every suite gets a database of its own. */
export interface TestServer {
  /** A new, migrated database. */
  freshDatabase(): Promise<Kysely<Tables>>;
  /** How to reach a new, migrated database, besides a connection to it. */
  freshSettings(): Promise<{ readonly settings: ConnectionSettings; readonly db: Kysely<Tables> }>;
  stop(): Promise<void>;
}

export interface ServerKind {
  readonly name: string;
  start(): Promise<TestServer>;
}

/** The embedded server, and the one that SEKISHO_TEST_DATABASE_URL names, if any. */
export const serverKinds: readonly ServerKind[] = [
  { name: 'embedded', start: startEmbedded },
  ...(process.env['SEKISHO_TEST_DATABASE_URL'] === undefined
    ? []
    : [{ name: 'external', start: startExternal(process.env['SEKISHO_TEST_DATABASE_URL']) }]),
];

async function startEmbedded(): Promise<TestServer> {
  const folder = mkdtempSync(path.join(tmpdir(), 'sekisho-test-database-'));
  const server = await startEmbeddedPostgres({ folder, log: silentLog, ...machine });
  return serverOf(
    (database) => ({ ...server.connection, database }),
    async () => {
      await server.stop();
      rmSync(folder, { recursive: true });
    },
    false,
  );
}

function startExternal(url: string): () => Promise<TestServer> {
  return async () =>
    serverOf(
      (database) => {
        const address = new URL(url);
        if (database !== 'postgres') address.pathname = `/${database}`;
        return { connectionString: address.href };
      },
      () => Promise.resolve(),
      true,
    );
}

function serverOf(
  settingsOf: (database: string) => ConnectionSettings,
  stopServer: () => Promise<void>,
  lasts: boolean,
): TestServer {
  const admin = connect(settingsOf('postgres'), silentLog);
  const open: { readonly name: string; readonly db: Kysely<Tables> }[] = [];
  const freshSettings = async (): Promise<{ settings: ConnectionSettings; db: Kysely<Tables> }> => {
    const name = `sekisho_test_${machine.random.bytes(8).toString('hex')}`;
    await sql`create database ${sql.id(name)}`.execute(admin);
    const settings = settingsOf(name);
    const db = connect(settings, silentLog);
    open.push({ name, db });
    await migrate(db);
    await new CrossingTable(db, silentLog).ensure();
    return { settings, db };
  };
  return {
    freshDatabase: async () => (await freshSettings()).db,
    freshSettings,
    async stop() {
      for (const { name, db } of open) {
        await db.destroy();
        // An embedded server goes with its folder.
        if (!lasts) continue;
        await sql`drop database ${sql.id(name)} with (force)`.execute(admin);
      }
      await admin.destroy();
      await stopServer();
    },
  };
}

/** Resolves once so many statements wait for locks that other transactions hold. */
export async function untilWaiting(db: Kysely<Tables>, statements: number): Promise<void> {
  for (let look = 0; look < 2000; look += 1) {
    const { rows } = await sql`select distinct pid from pg_locks where not granted`.execute(db);
    if (rows.length >= statements) return;
  }
  throw new Error(`fewer than ${statements} statements wait for a lock`);
}
