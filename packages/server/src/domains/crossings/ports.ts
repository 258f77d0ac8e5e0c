import type { CrossingSummary, PayloadQuery } from '@sekisho/contract';

/** Salts of a crossing's commitments. They live outside the tree and can be erased. */
interface Openings {
  readonly requestSalt?: Buffer;
  readonly answerSalt?: Buffer;
}

/** Where in the ledger a crossing stands. */
export interface CrossingPlace {
  readonly crossing: string;
  readonly tenant: string;
  readonly workspace: string;
  readonly intentIndex: number;
  readonly outcomeIndex?: number;
}

export interface IndexedCrossing extends CrossingPlace {
  readonly openings: Openings;
}

/**
 * Where in the ledger each crossing stands: a projection that can be dropped and rebuilt, but for
 * the openings, which exist only here.
 */
export interface CrossingIndex {
  /**
   * Undefined when there is no such crossing. Rejects with SekishoError `crossings_rebuilding` when
   * it is not there and the projection does not hold all of the ledger.
   */
  find(crossing: string): Promise<IndexedCrossing | undefined>;
  /**
   * Crossings with an intent and no outcome, oldest first, at most `limit`: of each log those whose
   * intent stands before the given index.
   */
  withoutOutcome(limit: number, logEnds: ReadonlyMap<string, number>): Promise<readonly CrossingPlace[]>;
}

/** Who carries the crossings that have no outcome yet, where several replicas share a ledger. */
export interface CarriedCrossings {
  /** Replicas that the cell has ended and that carried crossings without an outcome. */
  endedCarriers(): Promise<readonly number[]>;
  /** At most `limit` crossings without an outcome of these replicas. From now on `replica` carries them: nobody else gets them. */
  take(ended: readonly number[], replica: number, limit: number): Promise<readonly CrossingPlace[]>;
}

/** Which crossings: all given fields must fit. */
export interface CrossingFilter {
  readonly tenant?: string | undefined;
  readonly workspace?: string | undefined;
  readonly principal?: string | undefined;
  readonly action?: string | undefined;
  readonly subject?: string | undefined;
  readonly dataClass?: string | undefined;
  readonly decision?: string | undefined;
  readonly result?: string | undefined;
  /** Any copy was at this place or inside it. */
  readonly place?: string | undefined;
  readonly endpoint?: string | undefined;
  readonly assurance?: string | undefined;
  readonly requestCommitment?: string | undefined;
  readonly answerCommitment?: string | undefined;
  /** RFC 3339 in UTC: begun at or after, begun before. */
  readonly startedFrom?: string | undefined;
  readonly startedBefore?: string | undefined;
}

/** A place in the order of every list: newest first by start, then by id. Rows that come later never move it. */
export interface CrossingPosition {
  readonly startedAt: string;
  readonly crossing: string;
}

/** One crossing's commitment to a payload, and the salt that opens it unless it was erased. */
export interface SealedPayload {
  readonly position: CrossingPosition;
  /** 32 bytes: HMAC-SHA256(salt, payload). */
  readonly commitment: Buffer;
  readonly salt?: Buffer;
}

/**
 * Rejects with SekishoError `crossings_rebuilding` while the projection does not hold all of the
 * ledger: a search must not miss a crossing without saying so. `search_timeout` when it takes too long.
 */
export interface CrossingSearch {
  /** Newest first, those after the position. */
  page(
    filter: CrossingFilter,
    limit: number,
    after: CrossingPosition | undefined,
  ): Promise<readonly CrossingSummary[]>;
  get(crossing: string): Promise<CrossingSummary | undefined>;
  /** As `page`, the crossings that have a commitment on this side. */
  sealedPayloads(
    side: PayloadQuery['side'],
    filter: CrossingFilter,
    limit: number,
    after: CrossingPosition | undefined,
  ): Promise<readonly SealedPayload[]>;
}

/** An entry as the ledger reads it back. */
export interface LedgerLine {
  readonly index: number;
  readonly bytes: Uint8Array;
}

/** The projection being built anew beside the live one, which the sink goes on writing. */
export interface CrossingGeneration {
  /** By log, the index of the first entry that the live projection does not hold yet. */
  liveCursors(): Promise<ReadonlyMap<string, number>>;
  /** Entries of one log, in order of their index. */
  add(entries: readonly LedgerLine[]): Promise<void>;
  /** Makes its indexes, once most of the entries are in. */
  makeIndexes(): Promise<void>;
  /**
   * Takes the place of the live projection, in one transaction during which the sink waits. `catchUp`
   * is given the live cursors as they stand then and adds what is missing. False, and nothing has
   * changed, when somebody read the live one for too long.
   */
  takeOver(
    catchUp: (projectedTo: ReadonlyMap<string, number>, add: CrossingGeneration['add']) => Promise<void>,
  ): Promise<boolean>;
}

export interface CrossingGenerations {
  /** Whether the live projection holds all of the ledger up to its cursors. */
  isComplete(): Promise<boolean>;
  /** Called when the live projection was found missing, and made again without its rows. */
  whenLost(onLost: () => void): void;
  /**
   * Begins an empty generation and runs `work` with it. What an earlier build left half done is
   * thrown away first, and what this one leaves when it fails is as well. False, with `work` not
   * called, while another process builds.
   */
  build(work: (generation: CrossingGeneration) => Promise<void>): Promise<boolean>;
}
