import { SekishoError } from '@sekisho/contract';
import { DatabaseError, Pool, type PoolConfig } from 'pg';
import { z } from 'zod';
import type { Clock } from '../../base/clock.ts';
import { describeCause, type Log } from '../../base/log.ts';
import type {
  Checkpoints,
  IntegratorTerm,
  LogName,
  LogStanding,
  NewRun,
  ReplicaListener,
  SequencedRun,
  SharedSequence,
} from '../../domains/ledger/index.ts';
import { Count, type ConnectionSettings } from './connection.ts';
import { ReplicaPresence } from './replica-presence.ts';
import { SequenceLane } from './sequence-lane.ts';
import { termCheckpoints } from './term-checkpoints.ts';

/** While one batch commits, the next is on its way. */
const LANES = 2;
const CONNECTIONS_MAX = 4;
const RUNS_AT_ONCE = 64;
const ATTEMPTS = 4;
const RETRY_MS = 50;
/** A notification holds less than 8,000 bytes. */
const NEWS_BYTES_MAX = 7900;

const StandingRow = z
  .object({ log: z.string(), next_index: Count, size: Count, settled_size: Count })
  .transform((row): LogStanding => ({
    log: row.log,
    nextIndex: row.next_index,
    size: row.size,
    settledSize: row.settled_size,
  }));
const RunRow = z
  .object({ first_index: Count, entries: z.int(), replica: z.int(), payload: z.instanceof(Buffer) })
  .transform(({ first_index: firstIndex, ...run }) => ({ ...run, firstIndex }));

/** Enters the cell as a new replica. See `SharedSequence`, and the migration 0004 for what the statements do. */
export async function joinSharedSequence(parts: {
  readonly settings: ConnectionSettings;
  readonly clock: Clock;
  readonly log: Log;
  readonly listener: ReplicaListener;
}): Promise<SharedSequence> {
  try {
    return new PostgresSequence(await ReplicaPresence.enter(parts, LANES), parts);
  } catch (error) {
    throw error instanceof SekishoError ? error : unreachable(error);
  }
}

class PostgresSequence implements SharedSequence {
  readonly replica: number;
  readonly concurrency = LANES;
  readonly checkpoints: Checkpoints;
  readonly #presence: ReplicaPresence;
  readonly #lanes: readonly SequenceLane[];
  readonly #free: SequenceLane[];
  readonly #pool: Pool;
  #term: number | undefined;
  #closed: Promise<void> | undefined;

  constructor(
    presence: ReplicaPresence,
    parts: { readonly settings: ConnectionSettings; readonly clock: Clock; readonly log: Log },
  ) {
    this.#presence = presence;
    this.replica = presence.replica;
    this.#lanes = Array.from(
      { length: LANES },
      (_, at) => new SequenceLane({ ...parts, replica: presence.replica, lane: at + 1 }),
    );
    this.#free = [...this.#lanes];
    this.#pool = openPool({ ...parts.settings }, parts.log);
    this.checkpoints = termCheckpoints(this.#pool, () => this.#term);
  }

  async append(runs: readonly NewRun[]): Promise<readonly number[]> {
    const lane = this.#free.pop();
    if (lane === undefined) throw new SekishoError('internal_error', 'more appends at once than lanes');
    // Comes back only if it may be used again.
    const firsts = await lane.append(runs);
    this.#free.push(lane);
    return firsts;
  }

  async createLog({ log, payload }: NewRun): Promise<void> {
    await this.#query('select ledger_create($1, $2, $3)', [this.replica, log, payload]);
  }

  async standings(which: 'all' | 'unsettled' | readonly LogName[]): Promise<readonly LogStanding[]> {
    const rows = await this.#query(
      `select log, next_index, coalesce(size, 0) as size, coalesce(settled_size, 0) as settled_size
       from ledger_log left join ledger_checkpoint using (log)
       where ($1::text[] is null or log = any ($1))
         and (not $2 or next_index > coalesce(settled_size, 0))
       order by log`,
      [typeof which === 'string' ? null : which, which === 'unsettled'],
    );
    return rows.map((row) => StandingRow.parse(row));
  }

  async readRuns(log: LogName, from: number, bytesMax: number): Promise<readonly SequencedRun[]> {
    const rows = await this.#query(
      // The lengths of payloads are known without reading them.
      `
        select first_index, entries, replica, payload from (
          select *, row_number() over sofar as at, sum(octet_length(payload)) over sofar as bytes
          from (select * from ledger_run
                where log = $1 and first_index > $2 - 1024 and first_index + entries > $2
                order by first_index limit $4) as near
          window sofar as (order by first_index)) as run
        where at = 1 or bytes <= $3
        order by first_index`,
      [log, from, bytesMax, RUNS_AT_ONCE],
    );
    return rows.map((row) => ({ log, ...RunRow.parse(row) }));
  }

  async settle(sizes: ReadonlyMap<LogName, number>): Promise<void> {
    const logs = [...sizes.keys()];
    const news = logs.join(',');
    await this.#query('select ledger_settle($1, $2, $3)', [
      logs,
      [...sizes.values()],
      news.length > NEWS_BYTES_MAX ? '' : news,
    ]);
  }

  async campaign(lost: (cause: unknown) => void): Promise<IntegratorTerm | undefined> {
    const term = await this.#presence.campaign((cause) => {
      this.#term = undefined;
      lost(cause);
    });
    if (term === undefined) return undefined;
    this.#term = term;
    return {
      term,
      resign: async () => {
        this.#term = undefined;
        await this.#presence.resign();
      },
    };
  }

  close(): Promise<void> {
    this.#closed ??= this.#leave();
    return this.#closed;
  }

  /** For statements that may run twice: one whose connection broke runs again over another. */
  async #query(text: string, values: readonly unknown[]): Promise<readonly unknown[]> {
    for (let attempt = 1; ; attempt++) {
      try {
        const { rows } = await this.#pool.query<object>(text, [...values]);
        return rows;
      } catch (error) {
        if (attempt === ATTEMPTS || this.#closed !== undefined || isWrong(error)) throw error;
        await new Promise((resolve) => setTimeout(resolve, attempt * RETRY_MS));
      }
    }
  }

  async #leave(): Promise<void> {
    this.#term = undefined;
    await Promise.allSettled(this.#lanes.map((lane) => lane.close()));
    await this.#presence.close();
    await this.#pool.end();
  }
}

/** What the server said of the statement, and not of the connection. */
function isWrong(error: unknown): boolean {
  return error instanceof DatabaseError && !/^(?:08|57|53|40)/.test(error.code ?? '');
}

/** The address is not named: it may hold a password. */
function unreachable(cause: unknown): SekishoError {
  const detail = { ja: 'PostgreSQLに接続できません。', en: 'PostgreSQL cannot be reached.' };
  return new SekishoError('database_unavailable', detail, { cause });
}

function openPool(settings: PoolConfig, log: Log): Pool {
  const pool = new Pool({
    ...settings,
    max: CONNECTIONS_MAX,
    connectionTimeoutMillis: 5000,
    statement_timeout: 15_000,
    query_timeout: 20_000,
    keepAlive: true,
    application_name: 'sekisho-ledger',
  });
  const lost = (error: Error): void => log.warn('database.connection-lost', { reason: describeCause(error) });
  pool.on('error', lost);
  pool.on('connect', (client) => client.on('error', lost));
  return pool;
}
