import { SekishoError, type GuardVerdict, type IntentEntry, type PayloadCommitment } from '@sekisho/contract';
import { commit, GrowingCommitment, SALT_BYTES } from '@sekisho/proof';
import { timestamp, type Clock } from '../base/clock.ts';
import { uuidV7, type Random } from '../base/random.ts';
import {
  encodeIntentAttachment,
  encodeOutcomeAttachment,
  intentEntry,
  outcomeEntry,
  type CrossingEnd,
  type CrossingFacts,
} from '../domains/crossings/index.ts';
import type { AppendedEntry, Ledger } from '../domains/ledger/index.ts';
import { PAYLOAD_KEY_BYTES } from '../domains/payloads/index.ts';
import type { Decision } from '../domains/residency/index.ts';

/** All that a crossing needs of the ledger. */
type EntryRecorder = Pick<Ledger, 'append'>;

/** Who does what to which data, why: known before anything is decided. */
export type CrossingRequest = Pick<
  CrossingFacts,
  'tenant' | 'workspace' | 'principal' | 'action' | 'subject' | 'dataClass' | 'purpose'
> & {
  /** What guards found in the request. */
  readonly guards?: readonly GuardVerdict[];
  /** The client's bytes. Only their salted commitment is recorded. */
  readonly payload: Uint8Array;
  /** Whether payloads of the crossing may be kept: then it gets a key that seals them. */
  readonly keepsPayloads?: boolean;
};

/** Counts crossings. Never throws, and holds nobody up. */
export interface CrossingObserver {
  /** The intent is durable. */
  opened(intent: IntentEntry): void;
  /** The first chunk of an answer is on its way, this long after the crossing began. */
  answerBegan(intent: IntentEntry, end: Pick<CrossingEnd, 'carried'>, seconds: number): void;
  /** The outcome is durable. A crossing of an earlier process, that was only closed here, has no duration. */
  ended(
    intent: IntentEntry,
    end: CrossingEnd,
    failure: string | undefined,
    seconds: number | undefined,
  ): void;
}

const unobserved: CrossingObserver = { opened: () => {}, answerBegan: () => {}, ended: () => {} };

/**
 * The part of the road that every crossing shares: record the intent before anything is carried,
 * record the outcome however it ended. Flows decide and carry in between.
 */
export class CrossingKernel {
  readonly #ledger: EntryRecorder;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #observer: CrossingObserver;

  constructor(ledger: EntryRecorder, clock: Clock, random: Random, observer = unobserved) {
    this.#ledger = ledger;
    this.#clock = clock;
    this.#random = random;
    this.#observer = observer;
  }

  /**
   * Records the intent with its decision. When this resolves the intent is durable; when it rejects
   * (`ledger_unavailable`) nothing may be carried.
   */
  async recordIntent(request: CrossingRequest, decision: Decision): Promise<OpenCrossing> {
    const { payload, guards, keepsPayloads = false, ...who } = request;
    const beganMs = this.#clock.monotonicMs();
    const requestSalt = this.#random.bytes(SALT_BYTES);
    const payloadKey = keepsPayloads ? this.#random.bytes(PAYLOAD_KEY_BYTES) : undefined;
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
      guards,
    );
    const secrets = { requestSalt, ...(payloadKey === undefined ? {} : { payloadKey }) };
    const reference = await this.#ledger.append(intent.tenant, intent, encodeIntentAttachment(secrets));
    this.#observer.opened(intent);
    const live = { ...secrets, answerSalt: this.#random.bytes(SALT_BYTES), beganMs };
    return new OpenCrossing(this.#ledger, this.#clock, intent, reference, this.#observer, live);
  }

  /** An intent whose outcome is still missing, as it stands in the ledger: closed by the same code. */
  resume(intent: IntentEntry, reference: AppendedEntry): OpenCrossing {
    return new OpenCrossing(this.#ledger, this.#clock, intent, reference, this.#observer, undefined);
  }
}

/** What only the process knows in which the crossing began. */
interface Live {
  readonly requestSalt: Buffer;
  readonly answerSalt: Buffer;
  readonly payloadKey?: Buffer;
  readonly beganMs: number;
}

/** Bytes of the payloads that are kept of a crossing. */
export interface KeptBytes {
  readonly request?: number;
  readonly answer?: number;
}

/** A crossing between its intent and its outcome. */
export class OpenCrossing {
  readonly id: string;
  readonly tenant: string;
  readonly #ledger: EntryRecorder;
  readonly #clock: Clock;
  readonly #intent: IntentEntry;
  readonly #reference: AppendedEntry;
  readonly #observer: CrossingObserver;
  readonly #live: Live | undefined;
  #closed = false;

  constructor(
    ledger: EntryRecorder,
    clock: Clock,
    intent: IntentEntry,
    reference: AppendedEntry,
    observer: CrossingObserver,
    live: Live | undefined,
  ) {
    this.id = intent.crossing;
    this.tenant = intent.tenant;
    this.#ledger = ledger;
    this.#clock = clock;
    this.#intent = intent;
    this.#reference = reference;
    this.#observer = observer;
    this.#live = live;
  }

  /** The key that seals the crossing's payloads. Throws when none may be kept. */
  get payloadKey(): Buffer {
    if (this.#live?.payloadKey === undefined) throw new Error('this crossing keeps no payloads');
    return this.#live.payloadKey;
  }

  /** A commitment to an answer that is there as a whole. */
  commitAnswer(answer: Uint8Array): PayloadCommitment {
    if (this.#live === undefined) throw new Error('a resumed crossing has no answer');
    return commit(answer, this.#live.answerSalt);
  }

  /** A commitment to the answer, to be fed while it is produced. */
  answerCommitment(): GrowingCommitment {
    if (this.#live === undefined) throw new Error('a resumed crossing has no answer');
    return new GrowingCommitment(this.#live.answerSalt);
  }

  /** The first chunk of a streamed answer is about to be handed on. */
  answerBegins(end: Pick<CrossingEnd, 'carried'>): void {
    const seconds = this.#seconds;
    if (seconds !== undefined) this.#observer.answerBegan(this.#intent, end, seconds);
  }

  /** Since it began. */
  get #seconds(): number | undefined {
    return this.#live && (this.#clock.monotonicMs() - this.#live.beganMs) / 1000;
  }

  /**
   * Records the outcome, once, and what is kept of its payloads. When this resolves it is durable. `failure`, the
   * code that the client is told, is only counted.
   */
  async recordOutcome(end: CrossingEnd, kept?: KeptBytes, failure?: string): Promise<void> {
    if (this.#closed) throw new SekishoError('internal_error', 'a crossing was closed twice');
    this.#closed = true;
    const entry = outcomeEntry(this.#intent, this.#reference, timestamp(this.#clock), end);
    await this.#ledger.append(this.#intent.tenant, entry, this.#attachment(end, kept));
    this.#observer.ended(this.#intent, end, failure, this.#seconds);
  }

  #attachment(end: CrossingEnd, kept: KeptBytes | undefined): Buffer | undefined {
    if (this.#live === undefined) return undefined;
    const { requestSalt, answerSalt } = this.#live;
    return encodeOutcomeAttachment({
      requestSalt,
      ...(end.answer === undefined ? {} : { answerSalt }),
      ...(kept?.request === undefined && kept?.answer === undefined ? {} : { kept }),
    });
  }
}
