import { describeCause, type Log } from '../base/log.ts';
import type { Ledger } from '../domains/ledger/index.ts';
import {
  CELL_TARGET,
  type BackupFolders,
  type OpenErasure,
  type PayloadStore,
  type RetentionRegister,
} from '../domains/payloads/index.ts';

/** Erasures that are carried out together: one rewriting of the database for all of them. */
const BATCH = 100;

/**
 * Carries out the erasures that stand in the ledger and have not reached everything yet. Runs after each
 * erasure, at each start and every hour, always the same way; each step may be repeated.
 *
 * The order, and what a crash leaves: the entry is durable (nothing is erased yet, the next start projects it);
 * the projection deletes salts and keys and lists the targets in one transaction; the write-ahead log lets go of
 * the files that held the salts; here payload files are removed, then the database is scrubbed, then the
 * target is struck off. A target that cannot be reached keeps its line, with the reason.
 */
export class FinishErasures {
  readonly #ledger: Ledger;
  readonly #register: RetentionRegister;
  readonly #payloads: PayloadStore;
  readonly #backups: BackupFolders;
  readonly #log: Log;
  #running: Promise<void> = Promise.resolve();

  constructor(
    ledger: Ledger,
    register: RetentionRegister,
    payloads: PayloadStore,
    backups: BackupFolders,
    log: Log,
  ) {
    this.#ledger = ledger;
    this.#register = register;
    this.#payloads = payloads;
    this.#backups = backups;
    this.#log = log;
  }

  /** One at a time. Rejects only when the register cannot be read. */
  run(): Promise<void> {
    const run = this.#running.then(() => this.#runOnce());
    this.#running = run.catch(() => undefined);
    return run;
  }

  async #runOnce(): Promise<void> {
    await this.#empty(CELL_TARGET, async (erasures) => this.#eraseHere(erasures));
    for (const backup of await this.#register.backups()) {
      await this.#empty(backup.id, async (erasures) => this.#backups.erase(backup, erasures));
    }
  }

  /** Until nothing is open for the target, or it cannot be reached. */
  async #empty(target: string, reach: (erasures: readonly OpenErasure[]) => Promise<void>): Promise<void> {
    for (;;) {
      const erasures = await this.#register.openErasures(target, BATCH);
      if (erasures.length === 0) return;
      try {
        await reach(erasures);
      } catch (cause) {
        const reason = describeCause(cause);
        this.#log.warn('erasure.not-reached', { target, reason });
        await this.#register.notReached(erasures, reason);
        return;
      }
      await this.#register.reached(erasures);
    }
  }

  async #eraseHere(erasures: readonly OpenErasure[]): Promise<void> {
    for (const { tenant, index, crossings } of erasures) {
      await this.#ledger.settled(tenant, index);
      await this.#payloads.remove(tenant, crossings);
    }
    await this.#register.scrub(erasures.flatMap(({ crossings }) => crossings));
  }
}
