import { SekishoError } from '@sekisho/contract';
import { Client } from 'pg';
import { z } from 'zod';
import { describeCause, type Log } from '../../base/log.ts';
import type { ConnectionSettings } from './connection.ts';

const CONNECT_TIMEOUT_MS = 5000;
/** The server gives up first, so that what it says is heard. */
const STATEMENT_TIMEOUT_MS = 8000;
const QUERY_TIMEOUT_MS = 10_000;

const ServerRow = z.object({
  version: z.int(),
  standby: z.boolean(),
  synchronous: z.string(),
  fsync: z.string(),
  whole_pages: z.string(),
});

/**
 * A session of its own beside the pool, on a server that keeps what it commits. `lost` is called once,
 * also after an orderly end. Rejects with SekishoError `database_unavailable` on a server that may
 * lose acknowledged entries.
 */
export async function openLedgerSession(
  settings: ConnectionSettings,
  log: Log,
  lost: (cause: unknown) => void = () => {},
): Promise<Client> {
  const client = new Client({
    ...settings,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    statement_timeout: STATEMENT_TIMEOUT_MS,
    query_timeout: QUERY_TIMEOUT_MS,
    keepAlive: true,
    application_name: 'sekisho-ledger',
  });
  let over = false;
  const end = (cause: unknown): void => {
    if (over) return;
    over = true;
    lost(cause);
  };
  client.on('error', (cause) => {
    log.warn('database.connection-lost', { reason: describeCause(cause) });
    end(cause);
  });
  client.on('end', () => end(new Error('the session has ended')));
  await client.connect();
  try {
    await requireDurableServer(client);
  } catch (error) {
    abandon(client);
    throw error;
  }
  return client;
}

/** Ends a session without waiting for a server that may not answer. */
export function abandon(client: Client): void {
  client.end().catch(() => undefined);
  // `end` waits for what is under way; what is under way is why it is abandoned.
  client.connection.stream.destroy();
}

async function requireDurableServer(client: Client): Promise<void> {
  const { rows } = await client.query(`
    select current_setting('server_version_num')::integer as version, pg_is_in_recovery() as standby,
           current_setting('synchronous_commit') as synchronous, current_setting('fsync') as fsync,
           current_setting('full_page_writes') as whole_pages`);
  const server = ServerRow.parse(rows[0]);
  if (server.version < 150_000) throw unfit('server_version');
  if (server.standby) throw unfit('pg_is_in_recovery');
  if (server.synchronous !== 'on' && server.synchronous !== 'remote_apply') throw unfit('synchronous_commit');
  if (server.fsync !== 'on') throw unfit('fsync');
  if (server.whole_pages !== 'on') throw unfit('full_page_writes');
}

function unfit(setting: string): SekishoError {
  return new SekishoError('database_unavailable', {
    ja: `台帳を任せられないPostgreSQLです (${setting})。15以上で、書き込み可能で、synchronous_commit、fsync、full_page_writes が on でなければなりません。`,
    en: `This PostgreSQL cannot be trusted with the ledger (${setting}). It must be 15 or later, writable, and have synchronous_commit, fsync and full_page_writes on.`,
  });
}
