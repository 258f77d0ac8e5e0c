import type { CrossingSummary, UsageReport } from '@sekisho/contract';

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

const crossingColumns = [
  'crossing',
  'tenant',
  'workspace',
  'subject',
  'startedAt',
  'result',
  'intentIndex',
  'outcomeIndex',
] as const;

export function usageAsCsv(report: UsageReport): string {
  return csv(
    usageColumns,
    report.rows.map((row) => usageColumns.map((column) => row[column])),
  );
}

export function crossingsAsCsv(crossings: readonly CrossingSummary[]): string {
  return csv(
    crossingColumns,
    crossings.map((row) => crossingColumns.map((column) => row[column])),
  );
}

/** RFC 4180, with a byte order mark so that spreadsheet programs read it as UTF-8. */
function csv(
  columns: readonly string[],
  rows: readonly (readonly (string | number | undefined)[])[],
): string {
  const lines = [columns, ...rows].map((row) => row.map(csvField).join(','));
  return `\uFEFF${lines.join('\r\n')}\r\n`;
}

/**
 * A text that begins like a formula is prefixed, since a spreadsheet would run it; under a Japanese
 * locale also one that begins with a full-width sign (OWASP, CSV Injection).
 */
function csvField(value: string | number | undefined): string {
  const text = String(value ?? '');
  const inert = typeof value === 'string' && /^[=+\-@\t\r\n＝＋－＠]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(inert) ? `"${inert.replaceAll('"', '""')}"` : inert;
}
