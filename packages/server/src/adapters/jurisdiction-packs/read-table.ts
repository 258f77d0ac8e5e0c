import type { Fault } from '@sekisho/contract';

/** Larger files are refused before they are read; Japan needs 150 kB. */
export const TABLE_BYTES_MAX = 8 * 1024 * 1024;
const LINE_LENGTH_MAX = 1000;

export interface TableRow {
  /** Counted from 1, the header being line 1. */
  readonly line: number;
  /** As many as there are columns. */
  readonly cells: readonly string[];
}

/**
 * Reads tab-separated text: a header line with exactly these columns, then one line a row, each
 * ended by a line feed. No quoting, no comments, no empty lines, no spaces around a cell, no
 * control characters, Unicode in normalisation form C. `fault` is called with the line of
 * everything that is wrong; a faulty row is left out.
 */
export function readTable(
  bytes: Uint8Array,
  columns: readonly string[],
  fault: (line: number, message: Fault['message']) => void,
): TableRow[] {
  const text = decodeUtf8(bytes);
  if (text === undefined) {
    fault(1, { ja: 'UTF-8ではありません', en: 'not UTF-8' });
    return [];
  }
  if (!text.endsWith('\n')) {
    fault(text.split('\n').length, { ja: '最後の行が途切れています', en: 'the last line is cut off' });
    return [];
  }
  const [header, ...lines] = text.slice(0, -1).split('\n');
  if (header !== columns.join('\t')) {
    fault(1, { ja: `見出しは ${columns.join(', ')} です`, en: `the header must be ${columns.join(', ')}` });
    return [];
  }
  // One look at the whole text is several times faster; only a bad file is looked at by line.
  const clean = isClean(text);
  const rows: TableRow[] = [];
  for (const [index, content] of lines.entries()) {
    const line = index + 2;
    const values = content.split('\t');
    const message = lineFault(content, values, columns.length, clean);
    if (message !== undefined) fault(line, message);
    else rows.push({ line, cells: values });
  }
  return rows;
}

function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

function lineFault(
  content: string,
  values: readonly string[],
  columnCount: number,
  clean: boolean,
): Fault['message'] | undefined {
  if (content.length > LINE_LENGTH_MAX) {
    return { ja: `${LINE_LENGTH_MAX} 文字を超えています`, en: `longer than ${LINE_LENGTH_MAX} characters` };
  }
  if (values.length !== columnCount) {
    return {
      ja: `列が ${values.length} 個です（${columnCount} 個必要）`,
      en: `${values.length} columns, not ${columnCount}`,
    };
  }
  if (!clean && !hasCleanCharacters(content)) {
    return {
      ja: '制御文字があるか、Unicode正規化形式Cではありません',
      en: 'a control character, or not in Unicode normalisation form C',
    };
  }
  // Only where the whole text is unclean can a cell have a space around it.
  if (!clean && values.some((value) => value !== value.trim())) {
    return { ja: '余分な空白があります', en: 'a space around a cell' };
  }
  return undefined;
}

/**
 * Whether the text holds no control, format or unassigned character (direction marks and
 * zero-width characters would make two different names look alike), is in normalisation form C,
 * and has no space beside a tab or an end of line.
 */
function isClean(text: string): boolean {
  return hasCleanCharacters(text) && !/(?:^|[\t\n])[^\S\t\n]|[^\S\t\n](?:[\t\n]|$)/u.test(text);
}

function hasCleanCharacters(text: string): boolean {
  return !/[^\P{C}\t\n]/u.test(text) && text === text.normalize('NFC');
}
