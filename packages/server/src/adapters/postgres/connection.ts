import { Kysely, PostgresDialect } from 'kysely';
import { DatabaseError, Pool, types as defaultTypes, type CustomTypesConfig } from 'pg';
import { z } from 'zod';
import { describeCause, type Log } from '../../base/log.ts';
import type { Tables } from './tables.ts';

const CONNECTIONS_MAX = 12;
const CONNECT_TIMEOUT_MS = 10_000;
const STATEMENT_TIMEOUT_MS = 30_000;

const DATE_OID = 1082;

/**
 * A date is a calendar day and stays text: the driver would make it a moment in the local time
 * zone. bigint and numeric are text by the driver's default; nothing ever becomes a float.
 */
const types: CustomTypesConfig = {
  getTypeParser: (oid: number, format?: 'text' | 'binary') =>
    oid === DATE_OID ? (value: string) => value : defaultTypes.getTypeParser(oid, format),
};

export type ConnectionSettings =
  | { readonly connectionString: string }
  | {
      readonly host: string;
      readonly user: string;
      readonly database: string;
      readonly password: string;
    };

/** Connections of a pool, and who waits for one. */
export interface PoolLoad {
  readonly open: number;
  readonly idle: number;
  readonly waiting: number;
}

/** How full the pools behind these are. */
const pools = new WeakMap<Kysely<Tables>, Pool>();

export function poolLoad(db: Kysely<Tables>): PoolLoad {
  const pool = pools.get(db);
  return { open: pool?.totalCount ?? 0, idle: pool?.idleCount ?? 0, waiting: pool?.waitingCount ?? 0 };
}

/** A bounded pool. Closing it waits for connections in use. */
export function connect(
  settings: ConnectionSettings,
  log: Log,
  bounds: { readonly connectionsMax: number; readonly statementTimeoutMs: number } = {
    connectionsMax: CONNECTIONS_MAX,
    statementTimeoutMs: STATEMENT_TIMEOUT_MS,
  },
): Kysely<Tables> {
  const pool = new Pool({
    ...settings,
    types,
    max: bounds.connectionsMax,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    statement_timeout: bounds.statementTimeoutMs,
    application_name: 'sekisho',
  });
  // A broken connection fails its query and is replaced on next use. It also emits an event, by the
  // pool when idle and by itself when in use, which would end the process if nobody listened.
  const lost = (error: Error): void => log.warn('database.connection-lost', { reason: describeCause(error) });
  pool.on('error', lost);
  pool.on('connect', (client) => client.on('error', lost));
  const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) });
  pools.set(db, pool);
  return db;
}

/** A bigint column that counts something: text to a safe integer. */
export const Count = z
  .string()
  .regex(/^\d{1,16}$/)
  .transform(Number)
  .pipe(z.int().min(0));

/** A moment as the contract writes it: RFC 3339 in UTC with milliseconds. */
export const Moment = z.date().transform((date) => date.toISOString());

/** SQLSTATE (PostgreSQL documentation, appendix A) of a failed statement. */
export function sqlState(error: unknown): string | undefined {
  return error instanceof DatabaseError ? error.code : undefined;
}
