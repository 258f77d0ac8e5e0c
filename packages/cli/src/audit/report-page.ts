import { createHash } from 'node:crypto';
import type { Language } from '@sekisho/contract';
import type { AuditReport } from '@sekisho/proof';
import { japanTime } from '../japan-time.ts';
import type { Texts } from '../texts/en.ts';
import type { AuditDocument } from './report-document.ts';
import { Markup, html } from './report-html.ts';
import { logSection, verdictWord } from './report-log-section.ts';
import type { View } from './report-log-section.ts';
import { reportStyle } from './report-style.ts';
import { number, table } from './report-table.ts';

/** Logs in full; those without findings beyond are in the table of all logs. */
const LOGS_IN_FULL_MAX = 100;
const ROWS_MAX = 100;

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
        number(audit.entries),
        number(audit.findingsHeading),
        number(audit.firstBadHeading),
        number(audit.anchors),
      ],
      rows,
    )}`;
}
