import type {
  BackupState,
  DataClass,
  KeptRow,
  LegalHold,
  PayloadKind,
  PendingErasure,
} from '@sekisho/contract';

/** Bytes of the key under which the payloads of one crossing are sealed. */
export const PAYLOAD_KEY_BYTES = 32;
/** Longest payload that a store takes. */
export const PAYLOAD_BYTES_MAX = 256 * 1024 * 1024;

export interface PayloadName {
  readonly tenant: string;
  readonly crossing: string;
  readonly kind: PayloadKind;
}

/**
 * Sealed payloads. Every method rejects when it cannot do what it says; nothing is buffered beyond
 * one chunk.
 */
export interface PayloadStore {
  /** Begins a payload under a key that was never used for another crossing. */
  create(name: PayloadName, key: Uint8Array): Promise<PayloadWriter>;
  /** The payload in pieces. Rejects when it is absent, altered, cut short or sealed under another key. */
  read(name: PayloadName, key: Uint8Array): AsyncIterable<Buffer>;
  /** The payload as it is stored, for a copy. Rejects with `ENOENT` when it was erased meanwhile. */
  readSealed(name: PayloadName): AsyncIterable<Buffer>;
  /** Removes both payloads of each crossing, durably. What is not there is no error. */
  remove(tenant: string, crossings: readonly string[]): Promise<void>;
}

/** One payload on its way to the store. Calls do not overlap. */
export interface PayloadWriter {
  /** Text counts as its UTF-8 bytes. Resolves when more may be written. */
  write(piece: Uint8Array): Promise<void>;
  /** Resolves with the payload's length when all of it, and its name, is durable. */
  finish(): Promise<number>;
  /** Lets go of the file without finishing it. Never rejects. */
  abandon(): Promise<void>;
}

/** An ended or open crossing of which there is still something to erase. */
export interface ErasableCrossing {
  readonly crossing: string;
  readonly tenant: string;
  readonly workspace: string;
  readonly ended: boolean;
  readonly payloads: number;
  readonly payloadBytes: number;
}

export interface CandidateQuery {
  readonly tenant: string;
  readonly workspace?: string | undefined;
  /** Only crossings with a payload of this class; `none`: only crossings without any payload. */
  readonly dataClass?: DataClass | 'none' | undefined;
  /** Ids after this one (exclusive) and before that one (exclusive), in order. */
  readonly after: string;
  readonly before: string;
  readonly limit: number;
}

/** The target of an erasure that is not a backup: the home and the database. */
export const CELL_TARGET = 'cell';

/** An erasure of the ledger that has not reached everything yet. */
export interface OpenErasure {
  readonly tenant: string;
  readonly index: number;
  readonly target: string;
  readonly crossings: readonly string[];
}

/**
 * What is kept, under which holds, and how far erasures have come: rows that follow the ledger's
 * entries. When an erasure entry is projected, its salts and keys are deleted in the same transaction,
 * and its crossings are marked for ever: no later delivery brings a salt back.
 */
export interface RetentionRegister {
  /**
   * One at a time for a tenant, over all replicas: between looking at the holds and the erasure
   * entry no hold can be placed.
   */
  exclusively<Result>(tenant: string, work: () => Promise<Result>): Promise<Result>;
  find(crossings: readonly string[]): Promise<readonly ErasableCrossing[]>;
  candidates(query: CandidateQuery): Promise<readonly ErasableCrossing[]>;
  holds(tenant?: string): Promise<readonly LegalHold[]>;
  /** Without holds, days and ends. */
  kept(query: {
    readonly tenant?: string | undefined;
    readonly workspace?: string | undefined;
  }): Promise<
    readonly Pick<
      KeptRow,
      'tenant' | 'workspace' | 'dataClass' | 'kind' | 'count' | 'bytes' | 'oldest' | 'newest'
    >[]
  >;
  /** Of one target, oldest first. */
  openErasures(target: string, limit: number): Promise<readonly OpenErasure[]>;
  pending(limit: number): Promise<readonly PendingErasure[]>;
  reached(erasures: readonly OpenErasure[]): Promise<void>;
  notReached(erasures: readonly OpenErasure[], reason: string): Promise<void>;
  /**
   * Makes the database give up the bytes of rows that were deleted: rewrites what held these
   * crossings and drops the database's own log. Rejects while an older reader holds them back.
   */
  scrub(crossings: readonly string[]): Promise<void>;
  backups(): Promise<readonly BackupState[]>;
  /** One at a time, over all replicas: undefined, at once, while another is at it. */
  backingUp<Result>(work: () => Promise<Result>): Promise<{ readonly result: Result } | undefined>;
  /** Begun and not finished: by a replica that is at it, or before a crash. */
  unfinishedBackups(): Promise<readonly BackupState[]>;
  /** From here on erasures list it as a target; it is one of `backups` once it is finished. */
  registerBackup(backup: BackupState): Promise<void>;
  finishBackup(id: string): Promise<void>;
  forgetBackup(id: string): Promise<void>;
}
