import type { CrossingResult, Language } from '@sekisho/contract';
import type { DayCount, PlaceCount } from '@sekisho/proof';
import type { Texts } from '../texts/en.ts';
import { placeName } from './place-names.ts';
import { html } from './report-html.ts';
import type { Markup } from './report-html.ts';

const WIDTH = 760;
/** More bars than that are drawn by month, and more months by year. */
const BARS_MAX = 70;
const PLACES_MAX = 20;

/** In the order in which bars stack, from the axis. Each differs from white by 3:1 and has a pattern of its own. */
const results = [
  'completed',
  'denied',
  'aborted',
  'failed',
  'interrupted',
] as const satisfies readonly CrossingResult[];
const fills: Readonly<Record<CrossingResult, string>> = {
  completed: '#2f6f9f',
  denied: '#b45309',
  aborted: '#6b7280',
  failed: '#b91c1c',
  interrupted: '#5b3a8c',
};
const processingFill = '#2f6f9f';
const copiesFill = '#6b7280';

interface Bar {
  readonly label: string;
  readonly counts: Readonly<Record<CrossingResult, number>>;
}

/** Outcomes over time by result: stacked bars, one a day, month or year. */
export function crossingsOverTime(days: readonly DayCount[], language: Language, texts: Texts): Markup {
  const bars = barsOf(days);
  const highest = Math.max(1, ...bars.map(({ counts }) => sumOf(counts)));
  const top = niceCeiling(highest);
  const [left, right, up, height] = [52, 8, 10, 200];
  const step = (WIDTH - left - right) / bars.length;
  const width = Math.min(48, Math.max(1, step * 0.8));
  const yOf = (count: number): number => up + height - (count / top) * height;
  const shownResults = results.filter((result) => bars.some(({ counts }) => counts[result] > 0));
  const labelEvery = Math.ceil(bars.length / 9);
  const format = new Intl.NumberFormat(language);
  const { page } = texts.audit;
  const title = page.overTimeDescription(
    bars[0]?.label ?? '',
    bars.at(-1)?.label ?? '',
    format.format(highest),
  );
  return html`<figure>
    <svg viewBox="0 0 ${WIDTH} ${up + height + 28}" role="img" aria-label="${title}">
      ${[0, 0.25, 0.5, 0.75, 1]
        .map((share) => share * top)
        .filter((count) => Number.isInteger(count))
        .map(
          (count) =>
            html`<line
                x1="${left}"
                x2="${WIDTH - right}"
                y1="${yOf(count)}"
                y2="${yOf(count)}"
                stroke="${count === 0 ? '#1b1f24' : '#d5d9df'}"
              />
              <text x="${left - 6}" y="${yOf(count) + 4}" text-anchor="end">${format.format(count)}</text>`,
        )}
      ${bars.map(({ label, counts }, at) => {
        const x = left + at * step + (step - width) / 2;
        let below = 0;
        const parts = shownResults.map((result) => {
          const count = counts[result];
          const y = yOf(below + count);
          // A bar of few among many is still seen.
          const tall = count === 0 ? 0 : Math.max(1.5, yOf(below) - y - 0.75);
          below += count;
          return count === 0
            ? ''
            : html`<rect
                x="${round(x)}"
                y="${round(yOf(below - count) - tall)}"
                width="${round(width)}"
                height="${round(tall)}"
                fill="${fills[result]}"
              />`;
        });
        const text =
          at % labelEvery === 0
            ? html`<text x="${round(x + width / 2)}" y="${up + height + 18}" text-anchor="middle"
                >${shortLabel(label, bars)}</text
              >`
            : '';
        return [...parts, text];
      })}
    </svg>
    <ul class="legend">
      ${shownResults.map(
        (result) =>
          html`<li>
            ${swatch(fills[result])}${texts.results[result]}
            (${format.format(days.reduce((sum, day) => sum + day[result], 0))})
          </li>`,
      )}
    </ul>
    <details>
      <summary>${page.numbers}</summary>
      <div class="scroll" tabindex="0" role="region" aria-label="${page.overTime}">
        <table>
          <thead>
            <tr>
              <th scope="col">${page.day}</th>
              ${shownResults.map((result) => html`<th scope="col" class="number">${texts.results[result]}</th>`)}
            </tr>
          </thead>
          <tbody>
            ${bars.map(
              ({ label, counts }) =>
                html`<tr>
                  <th scope="row">${label}</th>
                  ${shownResults.map((result) => html`<td class="number">${format.format(counts[result])}</td>`)}
                </tr>`,
            )}
          </tbody>
        </table>
      </div>
    </details>
  </figure>`;
}

/** Where outcomes say that data was processed and copied: two bars a place. */
export function copiesByPlace(places: readonly PlaceCount[], language: Language, texts: Texts): Markup {
  const { page } = texts.audit;
  const shown = places.slice(0, PLACES_MAX);
  const format = new Intl.NumberFormat(language);
  const most = Math.max(1, ...shown.flatMap(({ processing, otherCopies }) => [processing, otherCopies]));
  const [left, row, bar] = [230, 38, 13];
  const scale = (WIDTH - left - 90) / most;
  const others = shown.some(({ otherCopies }) => otherCopies > 0);
  return html`<figure>
    <svg viewBox="0 0 ${WIDTH} ${shown.length * row + 6}" role="img" aria-label="${page.placesDescription}">
      ${shown.map(({ place, operatorCountry, processing, otherCopies }, at) => {
        const y = at * row + 6;
        const counts = others
          ? [[processing, processingFill] as const, [otherCopies, copiesFill] as const]
          : [[processing, processingFill] as const];
        return html`<text x="${left - 10}" y="${y + (others ? 17 : 11)}" text-anchor="end"
            >${labelOf(place, operatorCountry, language)}</text
          >
          ${counts.map(([count, fill], line) => {
            const width = round(count === 0 ? 0 : Math.max(1.5, count * scale));
            const top = y + line * (bar + 2);
            return html`<rect x="${left}" y="${top}" width="${width}" height="${bar}" fill="${fill}" />
              <text x="${left + width + 6}" y="${top + 11}">${format.format(count)}</text>`;
          })}`;
      })}
      <line x1="${left}" x2="${left}" y1="2" y2="${shown.length * row + 4}" stroke="#1b1f24" />
    </svg>
    <ul class="legend">
      <li>${swatch(processingFill)}${page.processing}</li>
      ${others ? html`<li>${swatch(copiesFill)}${page.otherCopies}</li>` : ''}
    </ul>
    <details>
      <summary>${page.numbers}</summary>
      <div class="scroll" tabindex="0" role="region" aria-label="${page.placesHeading}">
        <table>
          <thead>
            <tr>
              <th scope="col">${page.place}</th>
              <th scope="col">${page.operatorCountry}</th>
              <th scope="col" class="number">${page.processing}</th>
              <th scope="col" class="number">${page.otherCopies}</th>
            </tr>
          </thead>
          <tbody>
            ${places.slice(0, 200).map(
              ({ place, operatorCountry, processing, otherCopies }) =>
                html`<tr>
                  <th scope="row">${place} ${placeName(place, language)}</th>
                  <td>${operatorCountry}</td>
                  <td class="number">${format.format(processing)}</td>
                  <td class="number">${format.format(otherCopies)}</td>
                </tr>`,
            )}
          </tbody>
        </table>
      </div>
    </details>
  </figure>`;
}

function labelOf(place: string, operatorCountry: string, language: Language): string {
  const name = placeName(place, language);
  const where = name === '' ? place : `${name} (${place})`;
  // Six digits are a municipality of Japan; other codes begin with their country.
  const country = /^\d/.test(place) ? 'JP' : place.slice(0, 2);
  return country === operatorCountry ? where : `${where} · ${operatorCountry}`;
}

function swatch(fill: string): Markup {
  return html`<svg width="16" height="16" viewBox="0 0 16 16" aria-hidden="true">
    <rect width="16" height="16" rx="2" fill="${fill}" />
  </svg>`;
}

/** A bar for each day from the first to the last, also where nothing was; by month or year where they are many. */
function barsOf(days: readonly DayCount[]): Bar[] {
  const [first] = days;
  const last = days.at(-1);
  if (first === undefined || last === undefined) return [];
  const span = (Date.parse(last.day) - Date.parse(first.day)) / DAY_MS + 1;
  const letters = span <= BARS_MAX ? 10 : span <= BARS_MAX * 30 ? 7 : 4;
  const bars = new Map<string, Record<CrossingResult, number>>();
  // Times of a log may be absurd: years between its days are not drawn one by one.
  const step = letters === 4 ? Number.POSITIVE_INFINITY : DAY_MS;
  for (let ms = Date.parse(first.day); ms <= Date.parse(last.day); ms += step) {
    bars.set(new Date(ms).toISOString().slice(0, letters), zero());
  }
  for (const { day, ...counts } of days) {
    const bar = bars.get(day.slice(0, letters)) ?? zero();
    for (const result of results) bar[result] += counts[result];
    bars.set(day.slice(0, letters), bar);
  }
  return [...bars].map(([label, counts]) => ({ label, counts })).slice(-4 * BARS_MAX);
}

const DAY_MS = 24 * 60 * 60 * 1000;

function zero(): Record<CrossingResult, number> {
  return { completed: 0, denied: 0, aborted: 0, failed: 0, interrupted: 0 };
}

function sumOf(counts: Readonly<Record<CrossingResult, number>>): number {
  return results.reduce((sum, result) => sum + counts[result], 0);
}

/** The year only where it is not the same for all. */
function shortLabel(label: string, bars: readonly Bar[]): string {
  const year = label.slice(0, 4);
  const oneYear = bars.every((bar) => bar.label.startsWith(year));
  return oneYear && label.length === 10 ? label.slice(5) : label;
}

/** 1, 2, 4, 8 or 10 times a power of ten, at least as large. */
function niceCeiling(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return ([1, 2, 4, 8, 10].find((factor) => factor * power >= value) ?? 10) * power;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
