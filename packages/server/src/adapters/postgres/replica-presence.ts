import type { Client } from 'pg';
import { z } from 'zod';
import type { Clock } from '../../base/clock.ts';
import { describeCause, type Log } from '../../base/log.ts';
import type { ReplicaListener } from '../../domains/ledger/index.ts';
import type { ConnectionSettings } from './connection.ts';
import { abandon, openLedgerSession } from './ledger-session.ts';

/** First keys of advisory locks: the presence of a replica (second key: its number), and the integrator's. */
const PRESENCE_LOCK = 0x53_45_4b_49;
const INTEGRATOR_LOCK = 0x53_45_4b_4a;
const NEWS_CHANNEL = 'sekisho_ledger';

const PING_MS = 1000;
/** The server ends a session that is silent for so long: its process is stopped, or out of reach. */
const SILENCE_MS_MAX = 10_000;
/** A replica without a session for so long, seen without a break by the integrator, is ended. */
const ABSENCE_MS_MAX = 5000;
const RECONNECT_MS = 250;

const Locked = z.object({ locked: z.boolean() });
const PresentRow = z.object({ replica: z.int(), present: z.boolean() });
const TermRow = z.object({
  term: z
    .string()
    .regex(/^\d{1,16}$/)
    .transform(Number),
});

/**
 * One session that shows that the replica lives, by an advisory lock that ends with it; holds the
 * lock of the integrator, if the replica is that; and hears the news. When the session breaks it is
 * opened again, as the same replica, unless the cell has gone on without it.
 */
export class ReplicaPresence {
  readonly replica: number;
  readonly #settings: ConnectionSettings;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #listener: ReplicaListener;
  #client: Client | undefined;
  /** The session holds the lock of the integrator. */
  #leads = false;
  /** Called when that lock may be another's. */
  #lost: ((cause: unknown) => void) | undefined;
  /** Replicas without a session, by the time at which this session first saw that. */
  readonly #absent = new Map<number, number>();
  #timer: NodeJS.Timeout | undefined;
  #pinging: Promise<void> | undefined;
  #closed = false;

  private constructor(
    replica: number,
    parts: {
      readonly settings: ConnectionSettings;
      readonly clock: Clock;
      readonly log: Log;
      readonly listener: ReplicaListener;
    },
  ) {
    this.replica = replica;
    this.#settings = parts.settings;
    this.#clock = parts.clock;
    this.#log = parts.log;
    this.#listener = parts.listener;
  }

  /** Enters the cell as a new replica that appends over so many lanes. */
  static async enter(
    parts: {
      readonly settings: ConnectionSettings;
      readonly clock: Clock;
      readonly log: Log;
      readonly listener: ReplicaListener;
    },
    lanes: number,
  ): Promise<ReplicaPresence> {
    const client = await openLedgerSession(parts.settings, parts.log);
    try {
      const { rows } = await client.query(
        `with entered as (insert into ledger_replica default values returning replica),
              laned as (insert into ledger_lane (replica, lane)
                          select replica, lane from entered, generate_series(1, $1) as lane)
         select replica from entered`,
        [lanes],
      );
      const { replica } = z.object({ replica: z.int() }).parse(rows[0]);
      const presence = new ReplicaPresence(replica, parts);
      await presence.#connect();
      presence.#schedule(PING_MS);
      return presence;
    } finally {
      await client.end();
    }
  }

  /** The new term; undefined while another replica is the integrator, or this one has no session. */
  async campaign(lost: (cause: unknown) => void): Promise<number | undefined> {
    const client = this.#client;
    if (client === undefined || this.#closed) return undefined;
    try {
      if (!this.#leads) {
        const { rows } = await client.query('select pg_try_advisory_lock($1, 0) as locked', [
          INTEGRATOR_LOCK,
        ]);
        if (!Locked.parse(rows[0]).locked || this.#client !== client) return undefined;
        this.#leads = true;
        this.#absent.clear();
      }
      this.#lost = lost;
      const raised = await client.query('update ledger_integrator set term = term + 1 returning term');
      return TermRow.parse(raised.rows[0]).term;
    } catch (cause) {
      // Whatever it holds goes with the session.
      this.#dropped(client, cause);
      throw cause;
    }
  }

  async resign(): Promise<void> {
    this.#lost = undefined;
    const client = this.#client;
    if (client === undefined || !this.#leads) return;
    this.#leads = false;
    try {
      await client.query('select pg_advisory_unlock($1, 0)', [INTEGRATOR_LOCK]);
    } catch (cause) {
      this.#dropped(client, cause);
    }
  }

  /** Leaves the cell. What the replica had under way is for others to close. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#pinging;
    const client = this.#client;
    this.#client = undefined;
    if (client === undefined) return;
    try {
      await endReplica(client, this.replica);
      await client.end();
    } catch (cause) {
      this.#log.warn('ledger.leave.failed', { cause: describeCause(cause) });
      abandon(client);
    }
  }

  #schedule(delayMs: number): void {
    if (this.#closed) return;
    this.#timer = setTimeout(() => {
      this.#pinging = this.#ping().then((nextMs) => this.#schedule(nextMs));
    }, delayMs);
  }

  /** Never rejects. Milliseconds to the next. */
  async #ping(): Promise<number> {
    const client = this.#client;
    try {
      if (client === undefined) {
        await this.#connect();
        return PING_MS;
      }
      if (!this.#leads) await client.query('select');
      else await this.#endAbsent(client);
      return PING_MS;
    } catch (cause) {
      if (client !== undefined) this.#dropped(client, cause);
      return RECONNECT_MS;
    }
  }

  async #connect(): Promise<void> {
    const opened: { client?: Client } = {};
    const client = await openLedgerSession(this.#settings, this.#log, (cause) => {
      if (opened.client !== undefined) this.#dropped(opened.client, cause);
    });
    opened.client = client;
    try {
      const { rows } = await client.query(
        'select from ledger_replica where replica = $1 and ended_at is null',
        [this.replica],
      );
      if (rows.length === 0) {
        this.#closed = true;
        this.#listener.ended(new Error(`replica ${this.replica} was ended`));
        abandon(client);
        return;
      }
      await client.query(`set idle_session_timeout = ${SILENCE_MS_MAX}`);
      await this.#showPresence(client);
      client.on('notification', ({ payload = '' }) =>
        this.#listener.changed(payload === '' ? undefined : payload.split(',')),
      );
      await client.query(`listen ${NEWS_CHANNEL}`);
    } catch (cause) {
      abandon(client);
      throw cause;
    }
    this.#client = client;
    // Nobody knows what was told while nobody listened.
    this.#listener.changed(undefined);
  }

  /** Fails while the session before this one still holds the lock: its end may be on the way. */
  async #showPresence(client: Client): Promise<void> {
    const { rows } = await client.query('select pg_try_advisory_lock($1, $2) as locked', [
      PRESENCE_LOCK,
      this.replica,
    ]);
    if (!Locked.parse(rows[0]).locked) throw new Error('another session shows the presence of this replica');
  }

  #dropped(client: Client, cause: unknown): void {
    abandon(client);
    if (this.#client !== client) return;
    this.#client = undefined;
    this.#leads = false;
    const lost = this.#lost;
    this.#lost = undefined;
    lost?.(cause);
  }

  /** The integrator's part: replicas that were absent for long enough are ended. */
  async #endAbsent(client: Client): Promise<void> {
    const { rows } = await client.query(
      `select replica, exists (
         select from pg_locks where locktype = 'advisory' and granted and objsubid = 2
           and database = (select oid from pg_database where datname = current_database())
           and classid::bigint = $1 and objid::bigint = replica) as present
       from ledger_replica where ended_at is null and replica <> $2`,
      [PRESENCE_LOCK, this.replica],
    );
    const nowMs = this.#clock.monotonicMs();
    const living = new Set<number>();
    for (const { replica, present } of rows.map((row) => PresentRow.parse(row))) {
      if (present) {
        living.add(replica);
        continue;
      }
      const sinceMs = this.#absent.get(replica) ?? nowMs;
      this.#absent.set(replica, sinceMs);
      if (nowMs - sinceMs < ABSENCE_MS_MAX) continue;
      if (await endIfAbsent(client, replica)) this.#log.warn('ledger.replica.ended', { replica });
      this.#absent.delete(replica);
    }
    for (const replica of living) this.#absent.delete(replica);
  }
}

/** False when it has come back meanwhile. */
async function endIfAbsent(client: Client, replica: number): Promise<boolean> {
  const keys = [PRESENCE_LOCK, replica];
  const { rows } = await client.query('select pg_try_advisory_lock($1, $2) as locked', keys);
  if (!Locked.parse(rows[0]).locked) return false;
  await endReplica(client, replica);
  await client.query('select pg_advisory_unlock($1, $2)', keys);
  return true;
}

/** Without lanes it appends nothing, and what is under way on one is waited for. */
async function endReplica(client: Client, replica: number): Promise<void> {
  await client.query(
    `with fenced as (delete from ledger_lane where replica = $1)
     update ledger_replica set ended_at = now() where replica = $1 and ended_at is null`,
    [replica],
  );
}
