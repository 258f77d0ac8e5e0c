import type { CrossingSummary, KeptRow, RetentionReport, UsageReport } from '@sekisho/contract';

type Field = string | number | undefined;

/** So that spreadsheet programs read it as UTF-8. */
const BYTE_ORDER_MARK = '\uFEFF';

const usageColumns = [
  'tenant',
  'workspace',
  'model',
  'day',
  'crossings',
  'inputTokens',
  'outputTokens',
  'amountYen',
] as const;

/** A crossing is flat in a table: what it carried, and where, side by side. */
const crossingColumns = {
  crossing: (row) => row.crossing,
  tenant: (row) => row.tenant,
  workspace: (row) => row.workspace,
  principal: (row) => row.principal,
  action: (row) => row.action,
  model: (row) => row.subject,
  dataClass: (row) => row.dataClass,
  purpose: (row) => row.purpose,
  decision: (row) => row.decision,
  platformRevision: (row) => row.platformRevision,
  startedAt: (row) => row.startedAt,
  endedAt: (row) => row.outcome?.endedAt,
  result: (row) => row.outcome?.result,
  status: (row) => row.outcome?.status,
  endpoint: (row) => row.outcome?.carried?.endpoint,
  assurance: (row) => row.outcome?.carried?.assurance,
  places: (row) => row.outcome?.carried?.places.join(' '),
  inputTokens: (row) => row.outcome?.usage.inputTokens,
  outputTokens: (row) => row.outcome?.usage.outputTokens,
  amountYen: (row) => row.outcome?.usage.amountYen,
  requestCommitment: (row) => row.requestCommitment,
  answerCommitment: (row) => row.outcome?.answerCommitment,
  intentIndex: (row) => row.intentIndex,
  outcomeIndex: (row) => row.outcome?.index,
} satisfies Record<string, (row: CrossingSummary) => Field>;

export function usageAsCsv(report: UsageReport): string {
  const rows = report.rows.map((row) => usageColumns.map((column) => row[column]));
  return BYTE_ORDER_MARK + [usageColumns, ...rows].map(csvLine).join('');
}

export const crossingCsvHeading: string = BYTE_ORDER_MARK + csvLine(Object.keys(crossingColumns));

export function crossingCsvLine(crossing: CrossingSummary): string {
  return csvLine(Object.values(crossingColumns).map((field) => field(crossing)));
}

const keptColumns = {
  tenant: (row) => row.tenant,
  workspace: (row) => row.workspace,
  dataClass: (row) => row.dataClass,
  kind: (row) => row.kind,
  count: (row) => row.count,
  bytes: (row) => row.bytes,
  oldest: (row) => row.oldest,
  newest: (row) => row.newest,
  days: (row) => row.days,
  firstEnds: (row) => row.firstEnds,
  lastEnds: (row) => row.lastEnds,
  holds: (row) => row.holds.join(' '),
  site: (_row, cell) => cell?.site,
  place: (_row, cell) => cell?.place,
} satisfies Record<string, (row: KeptRow, cell: RetentionReport['cell']) => Field>;

/** What is kept, with the place beside each row. Backups are in the JSON report. */
export function retentionAsCsv({ rows, cell }: RetentionReport): string {
  const lines = rows.map((row) => Object.values(keptColumns).map((field) => field(row, cell)));
  return BYTE_ORDER_MARK + [Object.keys(keptColumns), ...lines].map(csvLine).join('');
}

/** RFC 4180. */
function csvLine(fields: readonly Field[]): string {
  return `${fields.map(csvField).join(',')}\r\n`;
}

/**
 * A text that begins like a formula is prefixed, since a spreadsheet would run it; under a Japanese
 * locale also one that begins with a full-width sign (OWASP, CSV Injection).
 */
function csvField(value: Field): string {
  const text = String(value ?? '');
  const inert = typeof value === 'string' && /^[=+\-@\t\r\n＝＋－＠]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(inert) ? `"${inert.replaceAll('"', '""')}"` : inert;
}
