import { createHmac, type Hmac } from 'node:crypto';
import type {
  Action,
  CopyPlacement,
  CrossingResult,
  DataClass,
  IntentEntry,
  OutcomeEntry,
  PayloadCommitment,
} from '@sekisho/contract';
import { saltDigest } from '@sekisho/proof';

/** The facts of a crossing that do not change on its road. */
export interface CrossingFacts {
  readonly crossing: string;
  readonly tenant: string;
  readonly workspace: string;
  readonly principal: string;
  readonly action: Action;
  readonly subject: string;
  readonly dataClass: DataClass;
  readonly purpose: string;
  readonly platformRevision: number;
  readonly policyDigest: string;
  readonly policies: readonly string[];
}

/** How the crossing ended, as the flow saw it. */
export interface CrossingEnd {
  readonly result: CrossingResult;
  readonly status: number;
  readonly carried?: {
    readonly endpoint: string;
    readonly copies: readonly CopyPlacement[];
    readonly assurance: 'declared' | 'operator-attested' | 'hardware-attested';
  };
  readonly answer?: PayloadCommitment;
  readonly usage: {
    readonly inputTokens: number;
    readonly outputTokens: number;
    readonly estimated: boolean;
    readonly amountYen: string;
  };
}

/**
 * `commit` of the proof package for a payload that comes in pieces, so that an answer is never held
 * for its commitment.
 */
export class GrowingCommitment {
  readonly #hmac: Hmac;
  readonly #salt: Uint8Array;

  constructor(salt: Uint8Array) {
    this.#hmac = createHmac('sha256', salt);
    this.#salt = salt;
  }

  update(bytes: Uint8Array | string): void {
    this.#hmac.update(bytes);
  }

  finish(): PayloadCommitment {
    return {
      commitment: `hmac-sha256:${this.#hmac.digest('hex')}`,
      saltDigest: saltDigest(this.#salt),
    };
  }
}

export function intentEntry(
  facts: CrossingFacts,
  time: string,
  decision: { readonly decision: 'allow' | 'deny'; readonly targets: readonly string[] },
  request: PayloadCommitment,
): IntentEntry {
  return {
    version: 1,
    kind: 'intent',
    time,
    ...facts,
    policies: [...facts.policies],
    decision: decision.decision,
    targets: [...decision.targets],
    request,
  };
}

/** Repeats the intent's facts, so that the outcome alone is the statement of a receipt. */
export function outcomeEntry(
  intent: IntentEntry,
  reference: { readonly index: number; readonly leafHash: Uint8Array },
  time: string,
  end: CrossingEnd,
): OutcomeEntry {
  const { kind: _kind, decision: _decision, targets: _targets, time: _time, ...facts } = intent;
  return {
    ...facts,
    kind: 'outcome',
    time,
    intent: { index: reference.index, leafHash: `sha256:${Buffer.from(reference.leafHash).toString('hex')}` },
    result: end.result,
    status: end.status,
    ...(end.carried === undefined ? {} : { carried: { ...end.carried, copies: [...end.carried.copies] } }),
    ...(end.answer === undefined ? {} : { answer: end.answer }),
    usage: end.usage,
  };
}
