import { z } from 'zod';
import { DataClass } from './vocabulary.ts';

/** The two payloads of a crossing that a cell can keep. */
export const PayloadKind = z.enum(['request', 'answer']);
export type PayloadKind = z.infer<typeof PayloadKind>;

/** A hundred years: longer than any retention schedule of public records that is not "for ever". */
const RetentionDays = z.int().min(1).max(36_525);

export const PayloadRule = z.strictObject({
  keep: z.array(PayloadKind).min(1).max(2),
  /** From the start of the crossing. Then payloads, salts and keys of the crossing are erased. */
  days: RetentionDays,
});
export type PayloadRule = z.infer<typeof PayloadRule>;

/** What a cell keeps of a workspace's crossings beyond the ledger. */
export const Retention = z.strictObject({
  /** By data class; of a class that is not listed no payload is kept. */
  payloads: z.partialRecord(DataClass, PayloadRule).default({}),
  /**
   * How long the salts of crossings without a kept payload stay; until somebody erases them when
   * absent. With its salt, who holds the text of a crossing can show that it is that text.
   */
  saltDays: RetentionDays.optional(),
});
export type Retention = z.infer<typeof Retention>;
