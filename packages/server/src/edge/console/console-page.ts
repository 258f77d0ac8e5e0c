import type { Bilingual, Language } from '@sekisho/contract';

/** What the page shows: only what anyone may know of the cell. */
export interface ConsoleFacts {
  readonly cellName: string;
  readonly platformRevision: number;
  readonly sites: readonly {
    readonly name: Bilingual;
    readonly place: Bilingual;
    readonly operator: string;
    readonly operatorCountry: string;
    readonly certifications: readonly string[];
  }[];
  readonly logs: readonly { readonly name: string; readonly size: number; readonly root: string }[];
}

/** The cell's front page: one HTML document without scripts. */
export function renderConsolePage(facts: ConsoleFacts, language: Language): string {
  const t = texts[language];
  const other: Language = language === 'ja' ? 'en' : 'ja';
  return `<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escape(facts.cellName)} · Sekisho</title>
<style>${style}</style>
</head>
<body>
<header>
<p class="mark" lang="ja">関所</p>
<h1>Sekisho <span>${escape(facts.cellName)}</span></h1>
<nav aria-label="${t.languages}"><a href="/?lang=${other}" lang="${other}" hreflang="${other}">${t.otherLanguage}</a></nav>
</header>
<main>
<p class="lead">${t.lead}</p>
<section aria-labelledby="sites"><h2 id="sites">${t.sites}</h2>
${facts.platformRevision === 0 ? `<p>${t.noPlatform}</p>` : sitesTable(facts, language)}
</section>
<section aria-labelledby="logs"><h2 id="logs">${t.logs}</h2>
<p>${t.logsLead}</p>
${logsTable(facts, language)}
<p><a href="/ledger/cell.vkey">${t.verifierKeys}</a></p>
</section>
<section aria-labelledby="use"><h2 id="use">${t.use}</h2>
<dl>
<dt>OpenAI</dt><dd><code>/v1/chat/completions</code>, <code>/v1/models</code>, <code>/v1/receipts/{id}</code></dd>
<dt>${t.administration}</dt><dd><code>/admin/v1</code> (<a href="/admin/v1/openapi.json">OpenAPI 3.1</a>)</dd>
<dt>${t.command}</dt><dd><code>npx sekisho explain</code>, <code>receipts</code>, <code>usage</code>, <code>verify</code>, <code>doctor</code></dd>
</dl>
</section>
</main>
</body>
</html>
`;
}

function sitesTable(facts: ConsoleFacts, language: Language): string {
  const t = texts[language];
  const rows = facts.sites.map(
    (site) =>
      `<tr><th scope="row">${escape(site.name[language])}</th><td>${escape(site.place[language])}</td>` +
      `<td>${escape(site.operator)} (${escape(site.operatorCountry)})</td>` +
      `<td>${escape(site.certifications.join(', ')) || '–'}</td></tr>`,
  );
  return table(
    [t.site, t.place, t.operator, t.certifications],
    rows,
    `${t.revision} ${facts.platformRevision}`,
  );
}

function logsTable(facts: ConsoleFacts, language: Language): string {
  const t = texts[language];
  const rows = facts.logs.map(
    (log) =>
      `<tr><th scope="row">${escape(log.name)}</th><td class="number">${log.size}</td>` +
      `<td><code>${escape(log.root)}</code></td></tr>`,
  );
  return table([t.log, t.entries, t.root], rows, t.logsCaption);
}

/** Scrolls inside itself on a narrow screen, and by keyboard. */
function table(headings: readonly string[], rows: readonly string[], caption: string): string {
  const head = headings.map((heading) => `<th scope="col">${heading}</th>`).join('');
  return `<div class="scroll" tabindex="0" role="region" aria-label="${caption}"><table><caption>${caption}</caption>
<thead><tr>${head}</tr></thead>
<tbody>${rows.join('\n')}</tbody></table></div>`;
}

function escape(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}

const english = {
  languages: 'Language',
  otherLanguage: '日本語',
  lead: 'Every use of data here is a crossing: decided by residency policy, recorded before it happens, and provable offline with a receipt.',
  sites: 'Where data can be',
  noPlatform: 'No platform has been declared yet. Run <code>npx sekisho apply sekisho.yaml</code>.',
  site: 'Site',
  place: 'Place',
  operator: 'Operator (country)',
  certifications: 'Certifications',
  revision: 'Sites of platform revision',
  logs: 'What has been recorded',
  logsLead:
    'One append-only log a tenant. The root below is signed; keep it, and nobody can change what it covers.',
  logsCaption: 'Published checkpoints',
  log: 'Log',
  entries: 'Entries',
  root: 'Root hash (SHA-256, base64)',
  verifierKeys: 'Verifier keys of these logs',
  use: 'Use it',
  administration: 'Administration',
  command: 'Command',
};

const texts: Readonly<Record<Language, typeof english>> = {
  en: english,
  ja: {
    languages: '言語',
    otherLanguage: 'English',
    lead: 'ここでのデータの利用はすべて「通行」です。所在の方針で判定し、実行の前に記録し、受領証によってオフラインで証明できます。',
    sites: 'データが置かれうる場所',
    noPlatform:
      'プラットフォームはまだ宣言されていません。<code>npx sekisho apply sekisho.yaml</code> を実行してください。',
    site: 'サイト',
    place: '所在地',
    operator: '運用者（国）',
    certifications: '認証',
    revision: 'サイト一覧 — プラットフォーム改版',
    logs: '記録されたもの',
    logsLead:
      'テナントごとに追記専用の台帳があります。下のルートは署名されており、控えておけば、それが覆う内容は誰にも変えられません。',
    logsCaption: '公開済みチェックポイント',
    log: '台帳',
    entries: '件数',
    root: 'ルートハッシュ（SHA-256、base64）',
    verifierKeys: 'これらの台帳の検証鍵',
    use: '使い方',
    administration: '管理',
    command: 'コマンド',
  },
};

const style = `
:root{color-scheme:light dark;--ink:#1a1a1c;--paper:#fff;--line:#949494;--mark:#b3261e;--soft:#f2f2f2;--link:#0031d8}
@media (prefers-color-scheme:dark){:root{--ink:#f2f2f2;--paper:#1a1a1c;--line:#767676;--mark:#ff9b92;--soft:#2b2b2e;--link:#9db7ff}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:1rem/1.7 "Noto Sans JP","Hiragino Sans","Yu Gothic",system-ui,sans-serif}
header,main{max-width:60rem;margin:0 auto;padding:1rem 1.25rem}
header{display:flex;flex-wrap:wrap;gap:.25rem 1rem;align-items:center;border-bottom:.25rem solid var(--mark)}
header nav{margin-left:auto}
.mark{margin:0;padding:.1rem .5rem;border:.2rem solid var(--mark);color:var(--mark);font-weight:700;font-size:1.25rem}
h1{margin:0;font-size:1.4rem}h1 span{font-weight:400;font-size:1rem}
h2{margin:2rem 0 .5rem;font-size:1.2rem}
.lead{font-size:1.1rem;max-width:44rem}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%}
caption{text-align:left;font-size:.9rem;padding:.25rem 0}
th,td{border-bottom:1px solid var(--line);padding:.5rem .75rem;text-align:left;vertical-align:top}
thead th{background:var(--soft)}
.number{text-align:right;font-variant-numeric:tabular-nums}
code{font:0.9em ui-monospace,Menlo,Consolas,monospace;overflow-wrap:anywhere}
dt{font-weight:700}dd{margin:0 0 .75rem}
a{color:var(--link);text-underline-offset:.2em}
a:focus-visible,.scroll:focus-visible{outline:.25rem solid var(--mark);outline-offset:.15rem}
`;
