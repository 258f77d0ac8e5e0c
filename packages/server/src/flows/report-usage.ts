import {
  formatYen,
  parseYen,
  type UsageQuery,
  type UsageRebuild,
  type UsageReport,
  type UsageRow,
} from '@sekisho/contract';
import type { Ledger } from '../domains/ledger/index.ts';
import { UsageFold, type UsageTable } from '../domains/metering/index.ts';
import { parseEntry } from './read-ledger-entry.ts';

/** Rows and their exact sum. */
export async function reportUsage(table: UsageTable, query: UsageQuery): Promise<UsageReport> {
  const rows = [...(await table.rows(query))];
  return {
    rows,
    total: {
      crossings: rows.reduce((sum, row) => sum + row.crossings, 0),
      inputTokens: rows.reduce((sum, row) => sum + row.inputTokens, 0),
      outputTokens: rows.reduce((sum, row) => sum + row.outputTokens, 0),
      amountYen: formatYen(rows.reduce((sum, row) => sum + parseYen(row.amountYen), 0n)),
    },
  };
}

/** Reads every log again from its first entry, replaces the table and says what differed. */
export async function rebuildUsage(ledger: Ledger, table: UsageTable): Promise<UsageRebuild> {
  let entriesRead = 0;
  const { before, after } = await table.rebuild(async (projectedTo) => {
    const usage = new UsageFold();
    for (const [log, end] of projectedTo) {
      for await (const { bytes } of ledger.readEntries(log, 0, end)) {
        entriesRead++;
        usage.addEntry(parseEntry(bytes));
      }
    }
    return usage.rows();
  });
  const differences = differencesBetween(before, after);
  return { equal: differences.length === 0, differences, entriesRead };
}

function differencesBetween(
  before: readonly UsageRow[],
  after: readonly UsageRow[],
): UsageRebuild['differences'] {
  const keyOf = (row: UsageRow): string => JSON.stringify([row.tenant, row.workspace, row.model, row.day]);
  const remaining = new Map(before.map((row) => [keyOf(row), row]));
  const differences: UsageRebuild['differences'] = [];
  for (const row of after) {
    const old = remaining.get(keyOf(row));
    remaining.delete(keyOf(row));
    if (old === undefined) differences.push({ after: row });
    else if (!sameFigures(old, row)) differences.push({ before: old, after: row });
  }
  return [...differences, ...[...remaining.values()].map((row) => ({ before: row }))];
}

function sameFigures(a: UsageRow, b: UsageRow): boolean {
  return (
    a.crossings === b.crossings &&
    a.inputTokens === b.inputTokens &&
    a.outputTokens === b.outputTokens &&
    a.amountYen === b.amountYen
  );
}
