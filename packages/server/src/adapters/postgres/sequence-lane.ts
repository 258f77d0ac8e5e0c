import { DatabaseError, type Client } from 'pg';
import { z } from 'zod';
import type { Clock } from '../../base/clock.ts';
import { describeCause, type Log } from '../../base/log.ts';
import type { NewRun } from '../../domains/ledger/index.ts';
import type { ConnectionSettings } from './connection.ts';
import { abandon, openLedgerSession } from './ledger-session.ts';

/** How long a batch is asked for again before nobody knows what became of it. */
const FIND_OUT_MS = 30_000;
const RETRY_FIRST_MS = 20;
const RETRY_LAST_MS = 1000;

/** A batch of a lane that is not the next one, or of a replica that was ended: no retry changes it. */
const REPLICA_ENDED = 'SK001';
const OUT_OF_TURN = 'SK002';
/** Classes of SQLSTATE that say that the statement itself is wrong (PostgreSQL documentation, appendix A). */
const wrongStatement = new Set(['22', '23', '42']);

const AppendedRow = z.object({
  firsts: z.array(
    z
      .string()
      .regex(/^\d{1,16}$/)
      .transform(Number),
  ),
});

/**
 * One connection over which a replica appends, one batch at a time. A batch has a number: asked for
 * twice, it is stored once, and the second answer is the first. So when a connection breaks, or a
 * server restarts, the same batch is asked for over another connection, and a commit whose answer
 * was lost turns out to be the success that it was. The statement of the broken connection may even
 * come later: it finds the batch done.
 */
export class SequenceLane {
  readonly #settings: ConnectionSettings;
  readonly #replica: number;
  readonly #lane: number;
  readonly #clock: Clock;
  readonly #log: Log;
  #client: Client | undefined;
  #batch = 0;
  #closed = false;

  constructor(parts: {
    readonly settings: ConnectionSettings;
    readonly replica: number;
    readonly lane: number;
    readonly clock: Clock;
    readonly log: Log;
  }) {
    this.#settings = parts.settings;
    this.#replica = parts.replica;
    this.#lane = parts.lane;
    this.#clock = parts.clock;
    this.#log = parts.log;
  }

  /** First indexes of the runs. After a rejection the lane must not be used again. */
  async append(runs: readonly NewRun[]): Promise<readonly number[]> {
    this.#batch++;
    const query = {
      name: 'ledger_append',
      text: 'select ledger_append($1, $2, $3, $4, $5, $6, $7) as firsts',
      values: [
        this.#replica,
        this.#lane,
        this.#batch,
        runs.map(({ log }) => log),
        runs.map(({ entries }) => entries),
        runs.map(({ payload }) => payload.length),
        Buffer.concat(runs.map(({ payload }) => payload)),
      ],
    };
    const startedMs = this.#clock.monotonicMs();
    for (let retryMs = RETRY_FIRST_MS; ; retryMs = Math.min(2 * retryMs, RETRY_LAST_MS)) {
      try {
        const { rows } = await (await this.#connected()).query(query);
        return AppendedRow.parse(rows[0]).firsts;
      } catch (cause) {
        this.#drop();
        const elapsedMs = this.#clock.monotonicMs() - startedMs;
        if (this.#closed || isFinal(cause) || elapsedMs + retryMs > FIND_OUT_MS) throw cause;
        this.#log.warn('ledger.append.again', { lane: this.#lane, cause: describeCause(cause) });
        await new Promise((resolve) => setTimeout(resolve, retryMs));
      }
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    const client = this.#client;
    this.#client = undefined;
    await client?.end();
  }

  async #connected(): Promise<Client> {
    this.#client ??= await openLedgerSession(this.#settings, this.#log);
    return this.#client;
  }

  #drop(): void {
    if (this.#client !== undefined) abandon(this.#client);
    this.#client = undefined;
  }
}

function isFinal(cause: unknown): boolean {
  if (!(cause instanceof DatabaseError)) return cause instanceof z.ZodError;
  const code = cause.code ?? '';
  return code === REPLICA_ENDED || code === OUT_OF_TURN || wrongStatement.has(code.slice(0, 2));
}
