import type { AuditFinding, AuditReport } from '@sekisho/proof';
import type { CommandContext } from './command-context.ts';
import { japanTime } from './japan-time.ts';
import { renderFields, renderParagraph, renderTable } from './table.ts';

/** What a person reads at once; the rest is in the report. */
const SHOWN_MAX = 20;

/** A report for a person. What the log says in it must have been made printable. */
export function describeAudit(report: AuditReport, context: CommandContext): string[] {
  return [
    ...describeVerdict(report, context),
    ...renderFields(overview(report, context), context.screen.width, 2),
    ...describeUndecided(report, context),
    ...describeUsage(report, context),
  ];
}

function describeVerdict(report: AuditReport, { texts, screen, language }: CommandContext): string[] {
  const { findings, firstBadIndex } = report;
  const { audit } = texts;
  if (report.verdict === 'clean') return [screen.paint.good(audit.clean)];
  const shown = findings.slice(0, SHOWN_MAX);
  const fields = shown.map((finding): readonly [string, string] => [
    finding.index === null ? audit.whole : audit.at(finding.index),
    describeFinding(finding, language),
  ]);
  return [
    screen.paint.bad(audit.found(findings.length)),
    ...(firstBadIndex === null ? [] : renderParagraph(audit.firstBad(firstBadIndex), screen.width, 2)),
    '',
    ...renderFields(fields, screen.width, 2),
    ...(findings.length > shown.length ? [`  ${audit.more(findings.length - shown.length)}`] : []),
    ...(report.rulesJudgedToTheEnd ? [] : renderParagraph(audit.stopped, screen.width, 2)),
    '',
  ];
}

function describeFinding({ code, detail, message }: AuditFinding, language: 'ja' | 'en'): string {
  return `${message[language]} [${code}] ${detail}`.trimEnd();
}

function overview(report: AuditReport, { texts }: CommandContext): (readonly [string, string])[] {
  const { audit } = texts;
  const { log, from, to, kinds, open, continues, tiles, undecided } = report;
  const [firstOpen] = open.first;
  const fields: (readonly [string, string])[] = [[audit.ledger, log?.origin ?? audit.unreadable]];
  if (log !== null) fields.push([audit.entries, audit.entriesOf(report.entries, log.size)]);
  if (from !== null && to !== null) fields.push([audit.period, `${japanTime(from)} - ${japanTime(to)}`]);
  fields.push([audit.crossings, audit.intentsAndOutcomes(kinds.intent, kinds.outcome)]);
  if (firstOpen !== undefined) fields.push([audit.open, audit.openFrom(open.total, firstOpen.index)]);
  if (continues.length > 0) fields.push([audit.continues, audit.checkpoints(continues.join(', '))]);
  fields.push([audit.tiles, audit.tilesCompared(tiles.compared, tiles.missing)]);
  if (undecided.total > 0) fields.push([audit.undecided, String(undecided.total)]);
  return fields;
}

function describeUndecided({ undecided }: AuditReport, { texts, screen }: CommandContext): string[] {
  const { audit } = texts;
  if (undecided.total === 0) return [];
  const shown = undecided.first.slice(0, SHOWN_MAX);
  const fields = shown.map(({ index, reason, detail }): readonly [string, string] => [
    audit.at(index),
    `${audit.reasons[reason]}: ${detail}`,
  ]);
  return [
    '',
    screen.paint.warning(audit.undecidedHeading),
    ...renderFields(fields, screen.width, 2),
    ...(undecided.total > shown.length ? [`  ${audit.more(undecided.total - shown.length)}`] : []),
  ];
}

function describeUsage({ usage, usageLeftOut }: AuditReport, { texts, screen }: CommandContext): string[] {
  if (usage.length === 0) return [];
  const { audit } = texts;
  const shown = usage.slice(0, SHOWN_MAX);
  const columns = [
    { heading: texts.usage.workspace, breakable: true },
    { heading: texts.usage.model, breakable: true },
    { heading: texts.usage.crossings, align: 'right' as const },
    { heading: texts.usage.inputTokens, align: 'right' as const },
    { heading: texts.usage.outputTokens, align: 'right' as const },
    { heading: texts.usage.yen, align: 'right' as const },
  ];
  const rows = shown.map((row) => [
    row.workspace,
    row.model,
    String(row.crossings),
    String(row.inputTokens),
    String(row.outputTokens),
    row.amountYen,
  ]);
  return [
    '',
    screen.paint.heading(audit.usageHeading),
    ...renderTable(columns, rows, screen.width),
    ...(usage.length > shown.length ? [audit.more(usage.length - shown.length)] : []),
    ...(usageLeftOut > 0 ? renderParagraph(audit.usageLeftOut(usageLeftOut), screen.width) : []),
  ];
}
