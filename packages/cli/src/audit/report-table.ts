import { html } from './report-html.ts';
import type { Markup, Part } from './report-html.ts';

/** A cell of numbers, which stand to the right. */
export interface Cell {
  readonly number: Part;
}

export function number(content: Part): Cell {
  return { number: content };
}

function isNumber(cell: Part | Cell): cell is Cell {
  return typeof cell === 'object' && 'number' in cell;
}

/** The first cell of a row names it. A wide table scrolls in itself, also by keyboard. */
export function table(
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
