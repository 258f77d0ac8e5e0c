import type { AddCheckpoint } from '@sekisho/proof';
import type { LogName } from './ledger.ts';

/** What a witness answered to a checkpoint (C2SP tlog-witness, `add-checkpoint`). Nothing in it is verified. */
export type WitnessAnswer =
  | { readonly kind: 'cosigned'; readonly lines: string }
  /** The size that it cosigned last, which is not the one that it was told. */
  | { readonly kind: 'conflict'; readonly size: number }
  /** It will not cosign this: 422 for a tree that does not continue the one it knows. */
  | { readonly kind: 'refused'; readonly status: number };

/** Speaks to witnesses. */
export interface WitnessClient {
  /**
   * Rejects when there is no answer that means anything: unreachable, too slow, too long,
   * malformed, a fault of the witness's own. It ends by itself within a few seconds.
   */
  addCheckpoint(url: string, request: AddCheckpoint): Promise<WitnessAnswer>;
  close(): Promise<void>;
}

/**
 * A log's newest checkpoint that witnesses have cosigned, beside the log. It follows the checkpoint
 * that the integrator replaces, and is never what the integrator compares with.
 */
export interface WitnessedCheckpointStore {
  read(log: LogName): Promise<string | undefined>;
  /** Atomic and durable. */
  replace(log: LogName, note: string): Promise<void>;
}
