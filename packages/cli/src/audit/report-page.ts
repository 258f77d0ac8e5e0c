import { createHash } from 'node:crypto';
import { Action } from '@sekisho/contract';
import type { Language } from '@sekisho/contract';
import type { AuditFinding, AuditReport, AuditedKey, CheckResult } from '@sekisho/proof';
import { japanTime } from '../japan-time.ts';
import type { Texts } from '../texts/en.ts';
import { copiesByPlace, crossingsOverTime } from './report-charts.ts';
import type { AuditDocument } from './report-document.ts';
import { Markup, html } from './report-html.ts';
import type { Part } from './report-html.ts';
import { reportStyle } from './report-style.ts';

/** Logs in full; those without findings beyond are in the table of all logs. */
const LOGS_IN_FULL_MAX = 100;
const FINDINGS_MAX = 200;
const ROWS_MAX = 100;

interface View {
  readonly language: Language;
  readonly texts: Texts;
  readonly format: (value: number) => string;
}

/**
 * The report as one page that needs nothing else: no script, no font, no address. All that a log says is
 * escaped, and the policy of the page lets nothing run even if it were not. `language` is of the texts.
 */
export function renderReportPage(document: AuditDocument, language: Language, texts: Texts): string {
  const numbers = new Intl.NumberFormat(language);
  const view: View = { language, texts, format: (value) => numbers.format(value) };
  const { page } = texts.audit;
  // The page's policy admits these very bytes: not even a space may come between.
  const style = new Markup(`<style>${reportStyle}</style>`);
  const styleHash = createHash('sha256').update(reportStyle).digest('base64');
  const bad = document.logs.filter(({ verdict }) => verdict !== 'clean');
  const clean = document.logs.filter(({ verdict }) => verdict === 'clean');
  const inFull = [...bad, ...clean].slice(0, LOGS_IN_FULL_MAX);
  const markup = html`<html lang="${language}">
    <head>
      <meta charset="utf-8" />
      <meta
        http-equiv="Content-Security-Policy"
        content="default-src 'none'; style-src 'sha256-${styleHash}'"
      />
      <meta name="viewport" content="width=device-width, initial-scale=1" />
      <title>${page.title}: ${document.place}</title>
      ${style}
    </head>
    <body>
      <header>
        <h1>${page.title}</h1>
        ${verdictBanner(document, view)}
        <dl>
          <dt>${page.audited}</dt>
          <dd><bdi>${document.place}</bdi></dd>
          <dt>${page.auditedAt}</dt>
          <dd>${japanTime(document.time)}</dd>
        </dl>
      </header>
      <main>
        ${givenSection(document, view)}
        ${document.logs.length > 1 ? summarySection(document.logs, inFull, view) : ''}
        ${inFull.map((report, at) => logSection(report, at, view))}
      </main>
      <footer><p>${page.signature}</p></footer>
    </body>
  </html>`;
  return `<!doctype html>
${markup.text}
`;
}

function verdictBanner({ verdict, logs }: AuditDocument, { texts, format }: View): Markup {
  const { page } = texts.audit;
  const entries = logs.reduce((sum, report) => sum + report.entries, 0);
  const crossings = logs.reduce((sum, report) => sum + report.kinds.intent, 0);
  const good = verdict === 'clean';
  return html`<div class="verdict ${good ? 'good' : 'bad'}">
    <svg width="40" height="40" viewBox="0 0 40 40" aria-hidden="true">
      ${
        good
          ? html`<circle cx="20" cy="20" r="18" fill="none" stroke="currentColor" stroke-width="3" /><path
                d="M11 20.5l6 6 12-13"
                fill="none"
                stroke="currentColor"
                stroke-width="4"
              />`
          : html`<path
                d="M20 3l18 33H2z"
                fill="none"
                stroke="currentColor"
                stroke-width="3"
                stroke-linejoin="round"
              /><path d="M20 14v12M20 29v4" stroke="currentColor" stroke-width="4" />`
      }
    </svg>
    <div>
      <p class="words">${page.verdict[verdict]}</p>
      <p>${page.verdictLine(logs.length, format(entries), format(crossings))}</p>
    </div>
  </div>`;
}

function givenSection({ given }: AuditDocument, { texts, format }: View): Markup {
  const { page } = texts.audit;
  const { witnessPolicy: policy } = given;
  return html`<h2>${page.givenHeading}</h2>
    <p>${page.givenNote}</p>
    <dl>
      <dt>${page.verifierKeys}</dt>
      <dd class="mono">${given.verifierKeys.slice(0, ROWS_MAX).map((key) => html`<div>${key}</div>`)}</dd>
      <dt>${page.olderCheckpoints}</dt>
      <dd>${format(given.olderCheckpoints)}</dd>
      <dt>${page.witnessPolicy}</dt>
      <dd>
        ${
          policy === null
            ? page.noPolicy
            : html`<div>${page.quorum}: <bdi>${policy.quorum}</bdi></div>
                ${policy.witnesses.map(({ name, verifierKey }) => html`<div><bdi>${name}</bdi> <span class="mono">${verifierKey.slice(0, 120)}</span></div>`)}`
        }
      </dd>
    </dl>`;
}

function summarySection(logs: readonly AuditReport[], inFull: readonly AuditReport[], view: View): Markup {
  const { audit } = view.texts;
  const rows = logs.map((report) => {
    const at = inFull.indexOf(report);
    const origin = report.log?.origin ?? audit.unreadable;
    return [
      at < 0 ? html`<bdi>${origin}</bdi>` : html`<a href="#log-${at}"><bdi>${origin}</bdi></a>`,
      verdictWord(report, view),
      number(view.format(report.entries)),
      number(view.format(report.findings.length)),
      number(report.firstBadIndex === null ? '-' : view.format(report.firstBadIndex)),
      number(report.anchors === null ? '-' : view.format(report.anchors.compared)),
    ];
  });
  return html`<h2>${audit.page.summaryHeading}</h2>
    ${table(
      audit.page.summaryHeading,
      [
        audit.page.log,
        audit.page.verdictHeading,
        numeric(audit.entries),
        numeric(audit.findingsHeading),
        numeric(audit.firstBadHeading),
        numeric(audit.anchors),
      ],
      rows,
    )}`;
}

function verdictWord({ verdict }: AuditReport, { texts }: View): Markup {
  return html`<span class="nowrap ${verdict === 'clean' ? 'good' : 'bad'}"
    >${verdict === 'clean' ? '✓ ' : '✕ '}${texts.audit.page.verdict[verdict]}</span
  >`;
}

function logSection(report: AuditReport, at: number, view: View): Markup {
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
    ${table(page.findingsHeading, [numeric(page.entry), page.finding, page.detail], findings.slice(0, FINDINGS_MAX).map(row))}
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
    [audit.checkHeading, audit.resultHeading, numeric(audit.countHeading), audit.page.what],
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
    ${rows.length > 0 ? table(page.undecidedHeading, [numeric(page.entry), page.reason, page.detail], rows) : ''}
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
        numeric(words.crossings),
        numeric(words.inputTokens),
        numeric(words.outputTokens),
        numeric(words.yen),
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
      [page.source, numeric(page.size), page.root, page.signedBy, page.standing, page.matches],
      rows,
    )}`;
}

interface Cell {
  readonly number: Part;
}

function number(content: Part): Cell {
  return { number: content };
}
const numeric = number;

function isNumber(cell: Part | Cell): cell is Cell {
  return typeof cell === 'object' && 'number' in cell;
}

/** The first cell of a row names it. A wide table scrolls in itself, also by keyboard. */
function table(
  name: string,
  headings: readonly (string | Cell)[],
  rows: readonly (readonly (Part | Cell)[])[],
): Markup {
  const heading = (cell: string | Cell): Markup =>
    isNumber(cell)
      ? html`<th scope="col" class="number">${cell.number}</th>`
      : html`<th scope="col">${cell}</th>`;
  const cellOf = (cell: Part | Cell, at: number): Markup => {
    const [content, kind] = isNumber(cell) ? [cell.number, 'number'] : [cell, ''];
    return at === 0 && kind === ''
      ? html`<th scope="row">${content}</th>`
      : html`<td class="${kind}">${content}</td>`;
  };
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${name}">
    <table>
      <thead>
        <tr>
          ${headings.map(heading)}
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          (row) =>
            html`<tr>
              ${row.map(cellOf)}
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}
