import { Action } from '@sekisho/contract';
import type { Language } from '@sekisho/contract';
import type { AuditFinding, AuditReport, AuditedKey, CheckResult } from '@sekisho/proof';
import { japanTime } from '../japan-time.ts';
import type { Texts } from '../texts/en.ts';
import { copiesByPlace, crossingsOverTime } from './report-charts.ts';
import { html } from './report-html.ts';
import type { Markup, Part } from './report-html.ts';
import { number, table } from './report-table.ts';
import type { Cell } from './report-table.ts';

/** More are in the JSON report. */
const FINDINGS_MAX = 200;
const ROWS_MAX = 100;

/** How a page is read. */
export interface View {
  readonly language: Language;
  readonly texts: Texts;
  readonly format: (value: number) => string;
}

export function verdictWord({ verdict }: AuditReport, { texts }: View): Markup {
  return html`<span class="nowrap ${verdict === 'clean' ? 'good' : 'bad'}"
    >${verdict === 'clean' ? '✓ ' : '✕ '}${texts.audit.page.verdict[verdict]}</span
  >`;
}

/** All that the report says of one log. */
export function logSection(report: AuditReport, at: number, view: View): Markup {
  const { texts, language, format } = view;
  const { audit } = texts;
  const { page } = audit;
  const { log, from, to, kinds, open } = report;
  return html`<section class="log" id="log-${at}">
    <h2><bdi>${log?.origin ?? audit.unreadable}</bdi></h2>
    <p>
      ${verdictWord(report, view)}${report.firstBadIndex === null ? '' : html` <span class="firstbad">${audit.firstBad(report.firstBadIndex)}</span>`}
    </p>
    <dl>
      <dt>${audit.entries}</dt>
      <dd>${audit.entriesOf(report.entries, log?.size ?? 0)}</dd>
      ${
        from === null || to === null
          ? ''
          : html`<dt>${audit.period}</dt>
              <dd>${japanTime(from)} – ${japanTime(to)}</dd>`
      }
      <dt>${audit.crossings}</dt>
      <dd>${audit.intentsAndOutcomes(kinds.intent, kinds.outcome)}</dd>
      ${
        open.first[0] === undefined
          ? ''
          : html`<dt>${audit.open}</dt>
              <dd>${audit.openFrom(open.total, open.first[0].index)}</dd>`
      }
      ${report.compromised
        .filter((range) => range.from < range.to)
        .map(
          (range) =>
            html`<dt>${audit.compromised}</dt>
              <dd>
                ${audit.compromisedRange(range.keyId, range.from, range.to, range.crossings === null ? audit.unknownCount : format(range.crossings))}
              </dd>`,
        )}
      ${witnessFields(report, view)}
      ${
        report.anchors === null
          ? ''
          : html`<dt>${audit.anchors}</dt>
              <dd>${audit.anchorsCompared(report.anchors.compared, report.anchors.anchoredSize)}</dd>`
      }
    </dl>
    ${report.findings.length > 0 ? findingsTable(report, view) : ''}
    <h3>${page.checksHeading}</h3>
    ${checksTable(report.checks, view)} ${undecidedPart(report, view)}
    ${
      report.days.length > 0
        ? html`<h3>${page.overTime}</h3>
            ${crossingsOverTime(report.days, language, texts)}`
        : ''
    }
    ${
      report.places.length > 0
        ? html`<h3>${page.placesHeading}</h3>
            ${copiesByPlace(report.places, language, texts)}`
        : ''
    }
    ${boundaryTable(report, view)} ${usageTable(report, view)} ${keysTable(report, view)}
    ${checkpointsTable(report, view)}
  </section>`;
}

function witnessFields({ witnesses }: AuditReport, { texts }: View): Part {
  if (witnesses === null) return '';
  const { audit } = texts;
  const { verdict, cosignatures, witnesses: known, lagEntries } = witnesses;
  const times = cosignatures.map(
    ({ witness, time }) => html`<div><bdi>${witness}</bdi> ${time === null ? '' : japanTime(time)}</div>`,
  );
  const summary = `${audit.witnessVerdicts[verdict]} (${audit.witnessed(cosignatures.length, known, lagEntries ?? 0)})`;
  return html`<dt>${audit.witnesses}</dt>
    <dd>${summary}${times}</dd>`;
}

function findingsTable({ findings, rulesJudgedToTheEnd }: AuditReport, view: View): Markup {
  const { audit } = view.texts;
  const { page } = audit;
  const row = ({ code, index, detail, message }: AuditFinding): (Part | Cell)[] => [
    number(index === null ? audit.whole : view.format(index)),
    html`${message[view.language]} <span class="mono">${code}</span>`,
    html`<bdi class="mono">${detail}</bdi>`,
  ];
  return html`<h3>${page.findingsHeading}</h3>
    ${table(page.findingsHeading, [number(page.entry), page.finding, page.detail], findings.slice(0, FINDINGS_MAX).map(row))}
    ${findings.length > FINDINGS_MAX ? html`<p>${page.moreFindings(findings.length - FINDINGS_MAX)}</p>` : ''}
    ${rulesJudgedToTheEnd ? '' : html`<p class="bad">${audit.stopped}</p>`}`;
}

const marks: Readonly<Record<CheckResult['result'], readonly [mark: string, name: string]>> = {
  passed: ['✓', 'good'],
  findings: ['✕', 'bad'],
  undecided: ['?', 'warn'],
  'not-applicable': ['–', 'what'],
};

function checksTable(checks: readonly CheckResult[], { texts, format }: View): Markup {
  const { audit } = texts;
  const rows = checks.map(({ check, result, count }) => [
    html`<span class="nowrap">${audit.checks[check][0]}</span>`,
    html`<span class="nowrap ${marks[result][1]}">${marks[result][0]} ${audit.checkResults[result]}</span>`,
    number(format(count)),
    html`<span class="what">${audit.checks[check][1]}</span>`,
  ]);
  return table(
    audit.page.checksHeading,
    [audit.checkHeading, audit.resultHeading, number(audit.countHeading), audit.page.what],
    rows,
  );
}

function undecidedPart({ undecided, lastRevision }: AuditReport, { texts, format }: View): Part {
  const { audit } = texts;
  const { page } = audit;
  const rows = undecided.first
    .slice(0, ROWS_MAX)
    .map(({ index, reason, detail }) => [
      number(format(index)),
      audit.reasons[reason],
      html`<bdi class="mono">${detail}</bdi>`,
    ]);
  if (rows.length === 0 && lastRevision === null) return '';
  return html`<h3>${page.undecidedHeading}</h3>
    ${rows.length > 0 ? table(page.undecidedHeading, [number(page.entry), page.reason, page.detail], rows) : ''}
    ${undecided.total > rows.length ? html`<p>${page.moreFindings(undecided.total - rows.length)}</p>` : ''}
    ${lastRevision === null ? '' : html`<p>${page.undecidedAlways}</p>`}`;
}

function boundaryTable({ lastRevision }: AuditReport, { texts }: View): Part {
  if (lastRevision === null || lastRevision.workspaces.length === 0) return '';
  const { page } = texts.audit;
  const rows = lastRevision.workspaces
    .slice(0, ROWS_MAX)
    .map(({ workspace, boundary, dataClasses, presets }) => [
      workspace,
      Action.options
        .filter((action) => boundary.allow[action] !== undefined)
        .map(
          (action) => html`<div>${texts.actions[action]}: ${(boundary.allow[action] ?? []).join(', ')}</div>`,
        ),
      dataClasses === null ? page.notRecorded : dataClasses.map((name) => texts.dataClasses[name]).join(', '),
      presets === null ? page.notRecorded : presets.join(', ') || page.none,
    ]);
  return html`<h3>${page.boundaryHeading}</h3>
    ${table(
      page.boundaryNote(lastRevision.platformRevision, lastRevision.index),
      [texts.usage.workspace, page.allows, page.dataClasses, page.presets],
      rows,
    )}`;
}

function usageTable({ usage, usageLeftOut }: AuditReport, { texts, format }: View): Part {
  if (usage.length === 0) return '';
  const { audit, usage: words } = texts;
  const rows = usage
    .slice(0, ROWS_MAX)
    .map((row) => [
      row.workspace,
      row.model,
      number(format(row.crossings)),
      number(format(row.inputTokens)),
      number(format(row.outputTokens)),
      number(row.amountYen),
    ]);
  return html`<h3>${audit.page.usageHeading}</h3>
    ${table(
      audit.page.usageHeading,
      [
        words.workspace,
        words.model,
        number(words.crossings),
        number(words.inputTokens),
        number(words.outputTokens),
        number(words.yen),
      ],
      rows,
    )}
    ${usage.length > rows.length ? html`<p>${audit.page.moreFindings(usage.length - rows.length)}</p>` : ''}
    ${usageLeftOut > 0 ? html`<p>${audit.usageLeftOut(usageLeftOut)}</p>` : ''}`;
}

function keysTable({ keys }: AuditReport, view: View): Part {
  if (keys.length === 0) return '';
  const { audit } = view.texts;
  const { page } = audit;
  const rows = keys.map((key) => [
    html`<span class="mono">${key.keyId}</span>`,
    trustOf(key, view),
    lifeOf(key, view).join(view.language === 'ja' ? '、' : ', ') || '–',
  ]);
  return html`<h3>${page.keysHeading}</h3>
    ${table(page.keysHeading, [page.keyId, page.trust, page.life], rows)}`;
}

function trustOf({ trust }: AuditedKey, { texts }: View): string {
  if (trust.kind === 'given') return texts.audit.keyGiven;
  return trust.kind === 'none'
    ? texts.audit.keyUnknown
    : texts.audit.keyVouched(trust.byKeyId, trust.treeSize);
}

function lifeOf({ introducedAt, retiredAt, compromisedAt }: AuditedKey, { texts }: View): string[] {
  const { audit } = texts;
  return [
    ...(introducedAt === null ? [] : [audit.introducedAt(introducedAt)]),
    ...(retiredAt === null ? [] : [audit.retiredAt(retiredAt)]),
    ...(compromisedAt === null ? [] : [audit.compromisedAt(compromisedAt)]),
  ];
}

function checkpointsTable({ checkpoints }: AuditReport, { texts, format }: View): Part {
  if (checkpoints.length === 0) return '';
  const { audit } = texts;
  const { page } = audit;
  const rows = checkpoints
    .slice(0, ROWS_MAX)
    .map(({ source, size, root, signedBy, standing, matches }) => [
      html`<span class="nowrap">${page.sources[source]}</span>`,
      number(format(size)),
      html`<span class="mono">${root}</span>`,
      html`<span class="mono">${signedBy.join(' ')}</span>`,
      html`<span class="${standing === 'good' ? 'good' : 'bad'}">${audit.standings[standing]}</span>`,
      matches === null ? page.notReached : matches ? page.yes : html`<span class="bad">${page.no}</span>`,
    ]);
  return html`<h3>${page.checkpointsHeading}</h3>
    ${table(
      page.checkpointsHeading,
      [page.source, number(page.size), page.root, page.signedBy, page.standing, page.matches],
      rows,
    )}`;
}
