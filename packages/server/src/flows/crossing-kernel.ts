import { SekishoError, type IntentEntry, type PayloadCommitment } from '@sekisho/contract';
import { commit, GrowingCommitment, SALT_BYTES } from '@sekisho/proof';
import { timestamp, type Clock } from '../base/clock.ts';
import { uuidV7, type Random } from '../base/random.ts';
import {
  intentEntry,
  outcomeEntry,
  type CrossingEnd,
  type CrossingFacts,
} from '../domains/crossings/index.ts';
import type { AppendedEntry, Ledger } from '../domains/ledger/index.ts';
import type { Decision } from '../domains/residency/index.ts';

/** All that a crossing needs of the ledger. */
type EntryRecorder = Pick<Ledger, 'append'>;

/** Who does what to which data, why: known before anything is decided. */
export type CrossingRequest = Pick<
  CrossingFacts,
  'tenant' | 'workspace' | 'principal' | 'action' | 'subject' | 'dataClass' | 'purpose'
> & {
  /** The client's bytes. Only their salted commitment is recorded. */
  readonly payload: Uint8Array;
};

/**
 * The part of the road that every crossing shares: record the intent before anything is carried,
 * record the outcome however it ended. Flows decide and carry in between.
 */
export class CrossingKernel {
  readonly #ledger: EntryRecorder;
  readonly #clock: Clock;
  readonly #random: Random;

  constructor(ledger: EntryRecorder, clock: Clock, random: Random) {
    this.#ledger = ledger;
    this.#clock = clock;
    this.#random = random;
  }

  /**
   * Records the intent with its decision. When this resolves the intent is durable; when it rejects
   * (`ledger_unavailable`) nothing may be carried.
   */
  async recordIntent(request: CrossingRequest, decision: Decision): Promise<OpenCrossing> {
    const { payload, ...who } = request;
    const requestSalt = this.#random.bytes(SALT_BYTES);
    const intent = intentEntry(
      {
        ...who,
        crossing: uuidV7(this.#clock.nowMs(), this.#random),
        platformRevision: decision.platformRevision,
        policyDigest: decision.policyDigest,
        policies: decision.policies,
      },
      timestamp(this.#clock),
      {
        decision: decision.decision,
        targets: decision.decision === 'allow' ? decision.targets.map((target) => target.endpoint) : [],
      },
      commit(payload, requestSalt),
    );
    const reference = await this.#ledger.append(intent.tenant, intent, requestSalt);
    return new OpenCrossing(this.#ledger, this.#clock, intent, reference, {
      requestSalt,
      answerSalt: this.#random.bytes(SALT_BYTES),
    });
  }

  /** An intent whose outcome is still missing, as it stands in the ledger: closed by the same code. */
  resume(intent: IntentEntry, reference: AppendedEntry): OpenCrossing {
    return new OpenCrossing(this.#ledger, this.#clock, intent, reference, undefined);
  }
}

interface Salts {
  readonly requestSalt: Buffer;
  readonly answerSalt: Buffer;
}

/** A crossing between its intent and its outcome. */
export class OpenCrossing {
  readonly id: string;
  readonly #ledger: EntryRecorder;
  readonly #clock: Clock;
  readonly #intent: IntentEntry;
  readonly #reference: AppendedEntry;
  readonly #salts: Salts | undefined;
  #closed = false;

  constructor(
    ledger: EntryRecorder,
    clock: Clock,
    intent: IntentEntry,
    reference: AppendedEntry,
    salts: Salts | undefined,
  ) {
    this.id = intent.crossing;
    this.#ledger = ledger;
    this.#clock = clock;
    this.#intent = intent;
    this.#reference = reference;
    this.#salts = salts;
  }

  /** A commitment to an answer that is there as a whole. */
  commitAnswer(answer: Uint8Array): PayloadCommitment {
    if (this.#salts === undefined) throw new Error('a resumed crossing has no answer');
    return commit(answer, this.#salts.answerSalt);
  }

  /** A commitment to the answer, to be fed while it is produced. */
  answerCommitment(): GrowingCommitment {
    if (this.#salts === undefined) throw new Error('a resumed crossing has no answer');
    return new GrowingCommitment(this.#salts.answerSalt);
  }

  /** Records the outcome, once. When this resolves it is durable. */
  async recordOutcome(end: CrossingEnd): Promise<void> {
    if (this.#closed) throw new SekishoError('internal_error', 'a crossing was closed twice');
    this.#closed = true;
    const entry = outcomeEntry(this.#intent, this.#reference, timestamp(this.#clock), end);
    await this.#ledger.append(this.#intent.tenant, entry, this.#openings(end));
  }

  #openings(end: CrossingEnd): Buffer | undefined {
    if (this.#salts === undefined) return undefined;
    const { requestSalt, answerSalt } = this.#salts;
    return end.answer === undefined ? requestSalt : Buffer.concat([requestSalt, answerSalt]);
  }
}
