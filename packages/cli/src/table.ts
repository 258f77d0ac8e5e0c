import { displayWidth, padEnd, padStart, wrap } from './terminal-width.ts';

export interface Column {
  readonly heading: string;
  readonly align?: 'left' | 'right';
  /** A column whose cells may be broken into several lines when the terminal is narrow. */
  readonly breakable?: boolean;
}

const GAP = 2;
const BREAKABLE_WIDTH_MIN = 10;

/**
 * Rows under headings, at most `width` columns wide. Breakable columns give way first; where even
 * that is not enough, each row becomes a block of `heading: value` lines.
 */
export function renderTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  width: number,
): string[] {
  const widths = fittingWidths(columns, rows, width);
  if (widths === undefined) return renderBlocks(columns, rows, width);
  const headings = columns.map((column) => column.heading);
  return [headings, ...rows].flatMap((row) => renderRow(columns, widths, row));
}

function renderRow(columns: readonly Column[], widths: readonly number[], row: readonly string[]): string[] {
  const cells = columns.map((_, index) => wrap(row[index] ?? '', widths[index] ?? 0));
  const height = Math.max(...cells.map((cell) => cell.length));
  return Array.from({ length: height }, (_, line) =>
    columns
      .map((column, index) => {
        const pad = column.align === 'right' ? padStart : padEnd;
        return pad(cells[index]?.[line] ?? '', widths[index] ?? 0);
      })
      .join(' '.repeat(GAP))
      .trimEnd(),
  );
}

function fittingWidths(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  width: number,
): readonly number[] | undefined {
  const widths = columns.map((column, index) =>
    rows.reduce(
      (widest, row) => Math.max(widest, displayWidth(row[index] ?? '')),
      displayWidth(column.heading),
    ),
  );
  let excess = widths.reduce((sum, each) => sum + each, GAP * (columns.length - 1)) - width;
  while (excess > 0) {
    const widest = widestBreakable(columns, widths);
    if (widest === undefined) return undefined;
    widths[widest] = (widths[widest] ?? 0) - 1;
    excess -= 1;
  }
  return widths;
}

function widestBreakable(columns: readonly Column[], widths: readonly number[]): number | undefined {
  let found: number | undefined;
  for (const [index, column] of columns.entries()) {
    const width = widths[index] ?? 0;
    if (column.breakable !== true || width <= BREAKABLE_WIDTH_MIN) continue;
    if (found === undefined || width > (widths[found] ?? 0)) found = index;
  }
  return found;
}

function renderBlocks(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  width: number,
): string[] {
  return rows.flatMap((row, number) => [
    ...(number === 0 ? [] : ['']),
    ...renderFields(
      columns.map((column, index) => [column.heading, row[index] ?? '']),
      width,
    ),
  ]);
}

/** `name  value` lines with the values aligned; a long value continues under itself. */
export function renderFields(
  fields: readonly (readonly [name: string, value: string])[],
  width: number,
  indent = 0,
): string[] {
  const nameWidth = Math.max(0, ...fields.map(([name]) => displayWidth(name)));
  const left = indent + nameWidth + GAP;
  return fields.flatMap(([name, value]) =>
    wrap(value, width - left).map((line, index) =>
      `${' '.repeat(indent)}${padEnd(index === 0 ? name : '', nameWidth)}${' '.repeat(GAP)}${line}`.trimEnd(),
    ),
  );
}

/** A paragraph whose lines all begin at `indent`. */
export function renderParagraph(text: string, width: number, indent = 0): string[] {
  return wrap(text, width - indent).map((line) => `${' '.repeat(indent)}${line}`);
}
