/**
 * Of a page that is read on a screen and printed on A4. Text has a contrast of 7:1 at least, lines and bars
 * 3:1 (WCAG 2.2, 1.4.3 and 1.4.11); nothing is told by colour alone.
 */
export const reportStyle = `
:root { color-scheme: light; --ink: #1b1f24; --faint: #4a5260; --line: #8a929e; --soft: #f3f5f7; --good: #0b5d2a; --bad: #9b1c1c; --warn: #6b4700; }
* { box-sizing: border-box; }
body { margin: 0; color: var(--ink); background: #fff; font: 16px/1.6 system-ui, "Hiragino Sans", "Noto Sans JP", "Noto Sans CJK JP", "Yu Gothic", Meiryo, sans-serif; }
main, header, footer { max-width: 62rem; margin: 0 auto; padding: 0 1.5rem; }
header { padding-top: 2rem; }
h1 { font-size: 1.5rem; line-height: 1.3; margin: 0 0 1rem; }
h2 { font-size: 1.25rem; line-height: 1.35; margin: 2.75rem 0 .5rem; padding-top: 1rem; border-top: 2px solid var(--ink); overflow-wrap: anywhere; }
h3 { font-size: 1.05rem; margin: 1.75rem 0 .5rem; break-after: avoid; }
h2, h3 { text-wrap: balance; }
p { margin: .5rem 0; max-width: 46rem; }
.verdict { display: flex; gap: 1rem; align-items: center; border: 2px solid; border-radius: .5rem; padding: 1rem 1.25rem; }
.verdict svg { flex: none; }
.verdict p { margin: 0; color: var(--ink); }
.verdict .words { font-size: 1.3rem; font-weight: 700; color: inherit; line-height: 1.3; }
.good { color: var(--good); } .bad { color: var(--bad); } .warn { color: var(--warn); }
.verdict.good { background: #f0faf3; } .verdict.bad { background: #fdf2f2; }
.firstbad { font-weight: 700; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1.25rem; margin: 1rem 0; }
dt { color: var(--faint); } dd { margin: 0; min-width: 0; overflow-wrap: anywhere; }
.scroll { overflow-x: auto; }
.scroll:focus-visible { outline: 3px solid #1d4ed8; outline-offset: 2px; }
table .nowrap, th[scope=row] { overflow-wrap: normal; }
table { border-collapse: collapse; width: 100%; font-size: .92rem; }
caption { text-align: left; color: var(--faint); padding-bottom: .25rem; }
th, td { text-align: left; vertical-align: top; padding: .4rem .9rem .4rem 0; border-bottom: 1px solid #c9ced6; }
th { font-weight: 600; } thead th { border-bottom: 1px solid var(--ink); white-space: nowrap; }
tr { break-inside: avoid; }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.mono { font-family: ui-monospace, "SFMono-Regular", Menlo, Consolas, "DejaVu Sans Mono", monospace; font-size: .85em; overflow-wrap: anywhere; }
.nowrap { white-space: nowrap; }
.what { color: var(--faint); }
td.mono, td bdi { overflow-wrap: anywhere; }
figure { margin: .5rem 0; break-inside: avoid; }
figure svg { width: 100%; height: auto; display: block; }
svg text { font: 12px system-ui, "Hiragino Sans", "Noto Sans JP", "Noto Sans CJK JP", "Yu Gothic", Meiryo, sans-serif; fill: var(--ink); }
.legend { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; list-style: none; margin: .25rem 0 0; padding: 0; font-size: .9rem; }
.legend svg { width: 1rem; height: 1rem; display: inline-block; vertical-align: -.15rem; margin-right: .35rem; }
details { margin: .25rem 0 1rem; } summary { cursor: pointer; color: var(--faint); padding: .15rem 0; min-height: 1.5rem; }
summary:focus-visible, a:focus-visible { outline: 3px solid #1d4ed8; outline-offset: 2px; }
a { color: #1d4ed8; }
footer { margin-top: 3rem; padding-bottom: 3rem; color: var(--faint); border-top: 1px solid var(--line); }
@media (max-width: 40rem) { dl { grid-template-columns: 1fr; } dd { margin-bottom: .5rem; } main, header, footer { padding-left: 1rem; padding-right: 1rem; } }
@media print {
  @page { size: A4; margin: 16mm 14mm; }
  html { font-size: 9.5pt; } body { font-size: 1rem; line-height: 1.45; }
  main, header, footer { max-width: none; padding: 0; }
  header { padding-top: 0; }
  .scroll { overflow: visible; }
  .log { break-before: page; } .log:first-of-type { break-before: auto; }
  details:not([open]) { display: none; }
  a { color: inherit; text-decoration: none; }
}
`;
