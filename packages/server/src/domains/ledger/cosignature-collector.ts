import { parseVerifierKey, policySatisfied } from '@sekisho/proof';
import type { PolicyVerdict, WitnessPolicy } from '@sekisho/proof';
import type { Clock } from '../../base/clock.ts';
import { describeCause } from '../../base/log.ts';
import type { Log } from '../../base/log.ts';
import type { Ledger, LogName, SignedCheckpoint } from './ledger.ts';
import type { WitnessClient, WitnessedCheckpointStore } from './witness-ports.ts';
import { WitnessStanding, askWitness } from './witness-standing.ts';
import type { WitnessRetryPace, WitnessState } from './witness-standing.ts';

export interface CosignaturePace {
  /** Between the end of one round and the start of the next. */
  readonly intervalMs: number;
  readonly retry: WitnessRetryPace;
}

const defaultPace: CosignaturePace = { intervalMs: 1000, retry: { firstMs: 1000, lastMs: 60_000 } };

export interface CosignatureCollectorParts {
  readonly ledger: Ledger;
  /** The log whose checkpoints are cosigned. */
  readonly log: LogName;
  readonly policy: WitnessPolicy;
  readonly client: WitnessClient;
  readonly store: WitnessedCheckpointStore;
  readonly clock: Clock;
  readonly journal: Log;
  readonly pace?: CosignaturePace;
}

export interface WitnessReport {
  /** Leaves of the newest checkpoint. */
  readonly checkpointSize: number;
  /** Leaves of the newest checkpoint that the quorum has cosigned; 0 for none. */
  readonly witnessedSize: number;
  readonly witnesses: readonly {
    readonly name: string;
    readonly keyName: string;
    readonly url?: string;
    readonly state: WitnessState;
    readonly cosignedSize: number;
    /** By the witness's clock. */
    readonly cosignedAtSeconds?: number;
    /** Since its last good answer. */
    readonly failures: number;
  }[];
}

/**
 * Shows each new checkpoint of one log to the witnesses of a policy, and keeps the newest with their
 * cosignatures. It runs behind publishing and never holds it up: a checkpoint is good without
 * witnesses, only less is proven by it. All witnesses are asked about the same checkpoint, so that
 * their lines stand under one note.
 */
export class CosignatureCollector {
  readonly #parts: CosignatureCollectorParts;
  readonly #pace: CosignaturePace;
  readonly #standings: readonly WitnessStanding[];
  /** The checkpoint that is being cosigned, with a line by witness. */
  #current: { readonly checkpoint: SignedCheckpoint; readonly lines: Map<string, string> } | undefined;
  #stored: PolicyVerdict | undefined;
  #running: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(parts: CosignatureCollectorParts) {
    this.#parts = parts;
    this.#pace = parts.pace ?? defaultPace;
    this.#standings = parts.policy.witnesses.map((witness) => new WitnessStanding(witness));
  }

  /** Takes up what is stored and starts the rounds. */
  async start(): Promise<void> {
    const { ledger, store, log } = this.#parts;
    const note = await store.read(log);
    // Nothing rests on it: what does not verify any more is collected again.
    if (note !== undefined) this.#stored = this.#judge(note);
    if (this.#stored !== undefined && this.#stored.verdict !== 'invalid') {
      const { checkpoint, witnesses } = this.#stored;
      for (const { witness, timeSeconds } of witnesses) {
        this.#standings
          .find((standing) => standing.witness.name === witness)
          ?.takeUp(checkpoint.size, timeSeconds, ledger.checkpoint(log).size);
      }
    }
    this.#schedule(0);
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    // First the client: a round under way then ends at once.
    await this.#parts.client.close();
    await this.#running;
  }

  report(): WitnessReport {
    const { ledger, log } = this.#parts;
    return {
      checkpointSize: ledger.checkpoint(log).size,
      witnessedSize: this.#stored?.verdict === 'satisfied' ? this.#stored.checkpoint.size : 0,
      witnesses: this.#standings.map(({ witness, state, cosignedSize, cosignedAtSeconds, failures }) => ({
        name: witness.name,
        keyName: witness.key.name,
        ...(witness.url !== undefined && { url: witness.url }),
        state,
        cosignedSize,
        ...(cosignedAtSeconds !== undefined && { cosignedAtSeconds }),
        failures,
      })),
    };
  }

  #schedule(delayMs: number): void {
    if (this.#closed) return;
    this.#timer = setTimeout(() => {
      this.#running = this.#round()
        .catch((cause: unknown) =>
          this.#parts.journal.warn('witness.round.failed', { cause: describeCause(cause) }),
        )
        .finally(() => this.#schedule(this.#pace.intervalMs));
    }, delayMs);
    this.#timer.unref();
  }

  async #round(): Promise<void> {
    const { ledger, log, client, clock, store } = this.#parts;
    const checkpoint = ledger.checkpoint(log);
    const due = this.#standings.filter((standing) => standing.isDue(checkpoint.size, clock));
    if (due.length === 0) return;
    if (this.#current?.checkpoint.note !== checkpoint.note) {
      this.#current = { checkpoint, lines: new Map() };
    }
    const { lines } = this.#current;
    await Promise.all(
      [...Map.groupBy(due, ({ witness }) => witness.url).values()].map(async ([first, ...others]) => {
        if (first === undefined) return;
        const asked = [first, ...others] as const;
        const before = asked.map(({ state }) => state);
        const outcomes = await askWitness(asked, checkpoint, { ledger, log, client });
        for (const [at, standing] of asked.entries()) {
          const outcome = outcomes[at] ?? { state: 'invalid' as const };
          standing.note(outcome, checkpoint.size, clock, this.#pace.retry);
          if (outcome.state === 'cosigned') lines.set(standing.witness.name, outcome.line);
          if (standing.state !== before[at] && !this.#closed) this.#tell(standing);
        }
      }),
    );
    if (lines.size === 0) return;
    const note = checkpoint.note + [...lines.values()].join('');
    const judged = this.#judge(note);
    // What a quorum vouches for is not given up for something newer that it does not.
    if (this.#stored?.verdict === 'satisfied' && judged.verdict !== 'satisfied') return;
    await store.replace(log, note);
    this.#stored = judged;
  }

  #judge(note: string): PolicyVerdict {
    const { ledger, log, policy } = this.#parts;
    const keys = ledger.verifierKeys(log).filter(({ standing }) => standing.state !== 'compromised');
    return policySatisfied(
      policy,
      note,
      keys.map(({ verifierKey }) => parseVerifierKey(verifierKey)),
    );
  }

  #tell({ witness, state, cosignedSize }: WitnessStanding): void {
    const { journal } = this.#parts;
    const fields = { witness: witness.name, state, cosignedSize };
    if (state === 'cosigned') journal.info('witness.state', fields);
    // The witness contradicts the cell: somebody should look at once.
    else if (state === 'refused' || state === 'ahead') journal.error('witness.state', fields);
    else journal.warn('witness.state', fields);
  }
}
