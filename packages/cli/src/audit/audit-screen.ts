import type { AuditFinding, AuditReport, AuditedKey } from '@sekisho/proof';
import type { CommandContext } from '../command-context.ts';
import { japanTime } from '../japan-time.ts';
import { renderFields, renderParagraph, renderTable } from '../table.ts';
import type { AuditDocument } from './report-document.ts';

/** What a person reads at once; the rest is in the report. */
const SHOWN_MAX = 20;

/** A report for a person. What the logs say in it must have been made printable. */
export function describeAudit({ logs }: AuditDocument, context: CommandContext): string[] {
  const [first] = logs;
  if (logs.length === 1 && first !== undefined)
    return [...describeVerdict(first, context), ...describeLog(first, context)];
  const { texts, screen } = context;
  const bad = logs.filter(({ verdict }) => verdict !== 'clean');
  return [
    bad.length === 0
      ? screen.paint.good(texts.audit.cleanLogs(logs.length))
      : screen.paint.bad(texts.audit.foundIn(bad.length, logs.length)),
    '',
    ...describeSummary(logs, context),
    ...bad.flatMap((report) => [
      '',
      screen.paint.heading(report.log?.origin ?? texts.audit.unreadable),
      ...describeVerdict(report, context),
      ...describeLog(report, context),
    ]),
  ];
}

/** A line for each log, those with findings first where not all can be shown. */
function describeSummary(logs: readonly AuditReport[], { texts, screen }: CommandContext): string[] {
  const { audit } = texts;
  const shown = logs
    .toSorted((a, b) => Number(b.verdict !== 'clean') - Number(a.verdict !== 'clean'))
    .slice(0, 100);
  const columns = [
    { heading: audit.ledger, breakable: true },
    { heading: audit.entries, align: 'right' as const },
    { heading: audit.findingsHeading, align: 'right' as const },
    { heading: audit.firstBadHeading, align: 'right' as const },
    { heading: audit.anchors, align: 'right' as const },
  ];
  const rows = shown.map(({ log, entries, findings, firstBadIndex, anchors }) => [
    log?.origin ?? audit.unreadable,
    String(entries),
    String(findings.length),
    firstBadIndex === null ? '-' : String(firstBadIndex),
    anchors === null ? '-' : String(anchors.compared),
  ]);
  return [
    ...renderTable(columns, rows, screen.width),
    ...(logs.length > shown.length ? [audit.more(logs.length - shown.length)] : []),
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

function describeLog(report: AuditReport, context: CommandContext): string[] {
  return [
    ...renderFields(overview(report, context), context.screen.width, 2),
    ...describeChecks(report, context),
    ...describeUndecided(report, context),
    ...describeUsage(report, context),
  ];
}

function describeFinding({ code, detail, message }: AuditFinding, language: 'ja' | 'en'): string {
  return `${message[language]} [${code}] ${detail}`.trimEnd();
}

function overview(report: AuditReport, context: CommandContext): (readonly [string, string])[] {
  const { audit } = context.texts;
  const { log, from, to, kinds, open, continues, tiles, undecided, keys, compromised } = report;
  const [firstOpen] = open.first;
  const fields: (readonly [string, string])[] = [[audit.ledger, log?.origin ?? audit.unreadable]];
  if (log !== null) fields.push([audit.entries, audit.entriesOf(report.entries, log.size)]);
  if (from !== null && to !== null) fields.push([audit.period, `${japanTime(from)} - ${japanTime(to)}`]);
  fields.push([audit.crossings, audit.intentsAndOutcomes(kinds.intent, kinds.outcome)]);
  if (firstOpen !== undefined) fields.push([audit.open, audit.openFrom(open.total, firstOpen.index)]);
  if (continues.length > 0)
    fields.push([audit.continues, audit.checkpoints(continues.slice(0, SHOWN_MAX).join(', '))]);
  // One key that the auditor gave, and that the log never speaks of, is what everybody expects.
  if (keys.length > 1 || keys.some((key) => key.retiredAt !== null || key.compromisedAt !== null)) {
    fields.push(...keys.map((key): readonly [string, string] => [audit.keys, describeKey(key, context)]));
  }
  for (const { keyId, from: first, to: end, crossings } of compromised) {
    const count = crossings === null ? audit.unknownCount : String(crossings);
    if (first < end) fields.push([audit.compromised, audit.compromisedRange(keyId, first, end, count)]);
  }
  fields.push(...describeWitnesses(report, context));
  if (report.anchors !== null) {
    fields.push([audit.anchors, audit.anchorsCompared(report.anchors.compared, report.anchors.anchoredSize)]);
  }
  fields.push([audit.tiles, audit.tilesCompared(tiles.compared, tiles.missing)]);
  if (undecided.total > 0) fields.push([audit.undecided, String(undecided.total)]);
  return fields;
}

function describeKey(key: AuditedKey, { texts }: Pick<CommandContext, 'texts'>): string {
  const { audit } = texts;
  const { trust, introducedAt, retiredAt, compromisedAt } = key;
  return [
    key.keyId,
    trust.kind === 'given'
      ? audit.keyGiven
      : trust.kind === 'vouched'
        ? audit.keyVouched(trust.byKeyId, trust.treeSize)
        : audit.keyUnknown,
    ...(introducedAt === null ? [] : [audit.introducedAt(introducedAt)]),
    ...(retiredAt === null ? [] : [audit.retiredAt(retiredAt)]),
    ...(compromisedAt === null ? [] : [audit.compromisedAt(compromisedAt)]),
  ].join('; ');
}

function describeWitnesses(
  { witnesses }: AuditReport,
  { texts }: CommandContext,
): (readonly [string, string])[] {
  if (witnesses === null) return [];
  const { audit } = texts;
  const { verdict, cosignatures, witnesses: known, lagEntries } = witnesses;
  const seen = audit.witnessed(cosignatures.length, known, lagEntries ?? 0);
  return [[audit.witnesses, `${audit.witnessVerdicts[verdict]} (${seen})`]];
}

function describeChecks({ checks }: AuditReport, { texts, screen }: CommandContext): string[] {
  const { audit } = texts;
  const columns = [
    { heading: audit.checkHeading },
    { heading: audit.resultHeading },
    { heading: audit.countHeading, align: 'right' as const },
    { heading: audit.findingsHeading, align: 'right' as const },
  ];
  const rows = checks.map(({ check, result, count, findings }) => [
    audit.checks[check][0],
    audit.checkResults[result],
    String(count),
    String(findings),
  ]);
  return ['', ...renderTable(columns, rows, screen.width)];
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
