import { stripVTControlCharacters } from 'node:util';

/**
 * Characters of East Asian Width W or F (UAX #11), which take two columns. Ambiguous ones count as
 * one: texts of ours avoid them, since terminals disagree about them.
 */
const wide =
  /[\u1100-\u115f\u2329\u232a\u2630-\u2637\u268a-\u268f\u2e80-\u303e\u3041-\u3247\u3250-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe10-\ufe19\ufe30-\ufe6b\uff01-\uff60\uffe0-\uffe6\u{16fe0}-\u{18dff}\u{1aff0}-\u{1b2ff}\u{1d300}-\u{1d376}\u{1f200}-\u{1f265}\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}/u;
const endsWide = new RegExp(`(?:${wide.source})$`, 'u');
const withoutWidth = /[\p{Mn}\p{Me}\p{Cf}\p{Cc}]/u;

/** 行頭禁則: characters that never begin a line (JIS X 4051). */
const neverFirst = /^[、。，．・：；？！ー々）」』】〕〉》ぁぃぅぇぉっゃゅょァィゥェォッャュョ,.:;!?)\]}]/u;
/** 行末禁則: characters that never end a line. */
const neverLast = /[（「『【〔〈《([{]$/u;

/** Columns that a text takes on a terminal; escape sequences take none. */
export function displayWidth(text: string): number {
  let width = 0;
  for (const character of stripVTControlCharacters(text)) width += characterWidth(character);
  return width;
}

/** The text filled with spaces to `width` columns; unchanged when it is wider. */
export function padEnd(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - displayWidth(text)));
}

export function padStart(text: string, width: number): string {
  return ' '.repeat(Math.max(0, width - displayWidth(text))) + text;
}

/**
 * Breaks a text into lines of at most `width` columns: at spaces, between full-width characters
 * where Japanese typography allows it, and inside a word only when the word alone is too long.
 * Line breaks in the text stay.
 */
export function wrap(text: string, width: number): string[] {
  return text.split('\n').flatMap((line) => wrapLine(line, Math.max(2, width)));
}

function wrapLine(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const unit of unbreakableUnits(text)) {
    if (displayWidth(line + unit.trimEnd()) <= width) {
      line += unit;
      continue;
    }
    if (line.trim() !== '') lines.push(line.trimEnd());
    line = unit.trimStart();
    while (displayWidth(line.trimEnd()) > width) {
      const head = headThatFits(line, width);
      lines.push(head);
      line = line.slice(head.length);
    }
  }
  if (line.trim() !== '' || lines.length === 0) lines.push(line.trimEnd());
  return lines;
}

/** Pieces that stay together: words, and full-width characters with what clings to them. */
function unbreakableUnits(text: string): string[] {
  const units: string[] = [];
  for (const piece of text.match(/\s+|[^\s]/gu) ?? []) {
    const previous = units.at(-1);
    if (previous !== undefined && clings(previous, piece)) units[units.length - 1] = previous + piece;
    else units.push(piece);
  }
  return units;
}

function clings(previous: string, piece: string): boolean {
  if (/^\s/u.test(piece)) return false;
  if (/\s$/u.test(previous)) return /^\s+$/u.test(previous);
  if (neverFirst.test(piece) || neverLast.test(previous)) return true;
  return !wide.test(piece) && !endsWide.test(previous);
}

/** As many characters as fit, up to the last `/`, `-` or `:` where there is one beyond the first third. */
function headThatFits(text: string, width: number): string {
  let head = '';
  for (const character of text) {
    if (displayWidth(head + character) > width) break;
    head += character;
  }
  const seam = Math.max(head.lastIndexOf('/'), head.lastIndexOf('-'), head.lastIndexOf(':')) + 1;
  return seam > head.length / 3 ? head.slice(0, seam) : head;
}

function characterWidth(character: string): number {
  if (withoutWidth.test(character)) return 0;
  return wide.test(character) ? 2 : 1;
}
