import type { CrossingSummary } from '@sekisho/contract';

/** Salts of a crossing's commitments. They live outside the tree and can be erased. */
interface Openings {
  readonly requestSalt?: Buffer;
  readonly answerSalt?: Buffer;
}

export interface IndexedCrossing extends CrossingSummary {
  readonly openings: Openings;
}

/**
 * Where in the ledger each crossing stands: a projection that can be dropped and rebuilt, but for
 * the openings, which exist only here.
 */
export interface CrossingIndex {
  find(crossing: string): Promise<IndexedCrossing | undefined>;
  /** Newest first. */
  list(query: {
    readonly tenant?: string | undefined;
    readonly workspace?: string | undefined;
    readonly result?: string | undefined;
    readonly limit: number;
    readonly before?: string | undefined;
  }): Promise<readonly CrossingSummary[]>;
  /** Crossings with an intent and no outcome, oldest first, at most `limit`. */
  withoutOutcome(limit: number): Promise<readonly CrossingSummary[]>;
}
