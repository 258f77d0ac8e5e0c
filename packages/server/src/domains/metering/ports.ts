import type { UsageQuery, UsageRow } from '@sekisho/contract';

/** Usage by tenant, workspace, model and day: a projection of the outcomes in the ledger. */
export interface UsageTable {
  /** Ordered by tenant, workspace, model, day. */
  rows(query: UsageQuery): Promise<readonly UsageRow[]>;
  /**
   * Replaces the whole table in one transaction, during which no entry is projected. `compute` is
   * given, by log, the index of the first entry that the table does not hold yet, and returns what
   * the table should say for all entries before it.
   */
  rebuild(
    compute: (projectedTo: ReadonlyMap<string, number>) => Promise<readonly UsageRow[]>,
  ): Promise<{ readonly before: readonly UsageRow[]; readonly after: readonly UsageRow[] }>;
}
