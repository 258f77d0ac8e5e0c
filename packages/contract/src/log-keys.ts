import { z } from 'zod';
import { CrossingId, Slug, Timestamp } from './identifiers.ts';
import { LeafIndex, VerifierKeyText } from './ledger-entry.ts';

/** Eight hexadecimal digits: the middle part of a vkey (C2SP signed-note). */
export const LogKeyId = z.string().regex(/^[0-9a-f]{8}$/);
const Leaves = z.int().min(0).max(Number.MAX_SAFE_INTEGER);

/**
 * A key of a log. It signs, or signed, every tree of `fromSize` to `toSize` leaves. `pending`: made, and
 * no entry has introduced it yet.
 */
export const LogKeySummary = z.strictObject({
  log: Slug,
  keyId: LogKeyId,
  verifierKey: VerifierKeyText,
  state: z.enum(['pending', 'signing', 'retired', 'compromised']),
  /** Absent while it is pending. */
  fromSize: Leaves.optional(),
  /** Absent while it signs. */
  toSize: Leaves.optional(),
  /** Of a compromised key: as its entry says. */
  trustedToSize: Leaves.optional(),
  /** When its entry introduced it; for the first key, when the log began. */
  since: Timestamp.optional(),
});
export type LogKeySummary = z.infer<typeof LogKeySummary>;
/** By log, then oldest first. */
export const LogKeyList = z.strictObject({ keys: z.array(LogKeySummary) });
export type LogKeyList = z.infer<typeof LogKeyList>;

/** A new key signs beside those in force until they are retired. */
export const RotateLogKey = z.strictObject({});

export const RetireLogKey = z.strictObject({
  keyId: LogKeyId,
  /**
   * Refuses to retire before another key has signed for so long: readers need time to learn of it.
   * Default none; at most ten years.
   */
  overlapSecondsMin: z.int().min(0).max(315_360_000).default(0),
});

export const CompromisedLogKey = z.strictObject({
  keyId: LogKeyId,
  /** Leaves of the largest tree that is known to have been signed before the key was lost. Default 0: nobody knows. */
  trustedToSize: Leaves.default(0),
});

export const AffectedQuery = z.strictObject({
  keyId: LogKeyId,
  /** Goes on where the last page ended. */
  from: z.coerce.number().pipe(LeafIndex).optional(),
  /** Also crossings that were in the log before: their receipts rest on the key if they were fetched in the range. */
  earlier: z.stringbool().default(false),
});
export type AffectedQuery = z.output<typeof AffectedQuery>;

/** Trees that only this key vouches for, and crossings whose receipts may rest on one of them. */
export const AffectedCrossings = z.strictObject({
  log: Slug,
  keyId: LogKeyId,
  /** Sizes of trees, inclusive, in order. Empty when another key signed each. */
  ranges: z.array(z.strictObject({ fromSize: Leaves, toSize: Leaves })),
  crossings: z
    .array(
      z.strictObject({
        crossing: CrossingId,
        /** Of its outcome. */
        index: LeafIndex,
        time: Timestamp,
        tenant: Slug,
        workspace: Slug,
      }),
    )
    .max(1000),
  /** Give it as `from` to go on; absent at the end. */
  next: LeafIndex.optional(),
});
export type AffectedCrossings = z.infer<typeof AffectedCrossings>;
