import { SekishoError } from '@sekisho/contract';
import type { ScreenedAnswerText } from '../domains/guards/index.ts';

/** JSON's longest literal outside strings is a number; more than this is no JSON. */
const LITERAL_CHARACTERS_MAX = 4096;

const STRUCTURE = new Set('{}[],:');
const WHITESPACE = new Set(' \t\n\r');
const ESCAPED: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' };

/**
 * Screens JSON text (RFC 8259) that comes in pieces, such as the arguments of a tool call. Each string, names of
 * members among them, is screened as what it says and not as it is escaped; so is each number. What a screen leaves as it is
 * goes through character by character as it came; what it puts in place is escaped, and a number becomes a string,
 * so that valid JSON stays valid. Text that is no JSON goes through the same way.
 */
export class ScreenedJson implements ScreenedAnswerText {
  readonly #newText: () => ScreenedAnswerText;
  #string: OpenString | undefined;
  /** A backslash and what came after it, until the escape is whole. */
  #escape = '';
  /** Outside strings, from the first character that is neither structure nor white space, up to the next structure. */
  #literal = '';

  constructor(newText: () => ScreenedAnswerText) {
    this.#newText = newText;
  }

  /** Throws SekishoError `upstream_failed` where there is text without end that is no JSON. */
  push(piece: string): string {
    let shown = '';
    // By UTF-16 code units: a piece may end inside a character.
    for (let at = 0; at < piece.length; at++) {
      const unit = piece.charAt(at);
      if (this.#string === undefined) shown += this.#outside(unit);
      else if (this.#escape !== '') this.#inEscape(unit, this.#string);
      else if (unit === '\\') this.#escape = unit;
      else if (unit === '"') shown += this.#endString(this.#string) + unit;
      else {
        const end = plainUntil(piece, at);
        this.#string.add(piece.slice(at, end));
        at = end - 1;
      }
    }
    return shown + (this.#string?.flush() ?? '');
  }

  end(): string {
    if (this.#string === undefined) return this.#endLiteral();
    this.#string.add(this.#escape);
    this.#escape = '';
    return this.#endString(this.#string);
  }

  #outside(unit: string): string {
    if (unit === '"') {
      const before = this.#endLiteral();
      this.#string = new OpenString(this.#newText());
      return before + unit;
    }
    if (STRUCTURE.has(unit)) return this.#endLiteral() + unit;
    if (this.#literal === '' && WHITESPACE.has(unit)) return unit;
    this.#literal += unit;
    if (this.#literal.length > LITERAL_CHARACTERS_MAX) {
      throw new SekishoError('upstream_failed', '', { cause: 'arguments that are no JSON' });
    }
    return '';
  }

  #endLiteral(): string {
    const literal = this.#literal;
    if (literal === '') return '';
    this.#literal = '';
    const text = this.#newText();
    const shown = text.push(literal) + text.end();
    const spaceFrom = literal.trimEnd().length;
    return shown === literal ? literal : JSON.stringify(shown.trimEnd()) + literal.slice(spaceFrom);
  }

  #inEscape(unit: string, string: OpenString): void {
    this.#escape += unit;
    const [, kind = ''] = this.#escape;
    if (kind === 'u' && this.#escape.length < 6) return;
    const code = /^\\u([0-9a-fA-F]{4})$/.exec(this.#escape)?.[1];
    // What is no escape of JSON's stays as it is.
    if (code !== undefined) string.addEscaped(String.fromCharCode(Number.parseInt(code, 16)), this.#escape);
    else if (kind === 'u') string.add(this.#escape);
    else string.addEscaped(ESCAPED[kind] ?? kind, this.#escape);
    this.#escape = '';
  }

  #endString(string: OpenString): string {
    this.#string = undefined;
    return string.end();
  }
}

/** Where the first quote or backslash stands from `at` on, or the end. */
function plainUntil(piece: string, at: number): number {
  let end = at;
  while (end < piece.length && piece.charAt(end) !== '"' && piece.charAt(end) !== '\\') end++;
  return end;
}

/** One JSON string on its way through a screen. */
class OpenString {
  readonly #text: ScreenedAnswerText;
  #arrived = '';
  /** What the screen has and has not shown: runs as they are, and single units that were written as escapes. */
  #held: { readonly units: string; readonly written: string | undefined }[] = [];
  #isAltered = false;

  constructor(text: ScreenedAnswerText) {
    this.#text = text;
  }

  add(units: string): void {
    this.#hold(units, undefined);
  }

  addEscaped(unit: string, written: string): void {
    this.#hold(unit, written);
  }

  #hold(units: string, written: string | undefined): void {
    this.#arrived += units;
    if (!this.#isAltered && units !== '') this.#held.push({ units, written });
  }

  flush(): string {
    const arrived = this.#arrived;
    this.#arrived = '';
    return arrived === '' ? '' : this.#asWritten(this.#text.push(arrived));
  }

  end(): string {
    const shown = this.flush();
    return shown + this.#asWritten(this.#text.end());
  }

  /** As it came, as long as it is what came; from the first difference on, escaped anew. */
  #asWritten(shown: string): string {
    const asItCame = this.#isAltered ? undefined : this.#takeHeld(shown);
    if (asItCame !== undefined) return asItCame;
    this.#isAltered = true;
    this.#held = [];
    return JSON.stringify(shown).slice(1, -1);
  }

  /** Undefined where what is shown is not the beginning of what is held. */
  #takeHeld(shown: string): string | undefined {
    let asItCame = '';
    let taken = 0;
    for (let at = 0; at < shown.length; taken++) {
      const next = this.#held[taken];
      const part = next && shown.slice(at, at + next.units.length);
      if (next === undefined || part === undefined || !next.units.startsWith(part)) return undefined;
      asItCame += next.written ?? part;
      at += part.length;
      if (part.length === next.units.length) continue;
      this.#held[taken] = { units: next.units.slice(part.length), written: undefined };
      break;
    }
    this.#held.splice(0, taken);
    return asItCame;
  }
}

const NUMBER = /-?\d[\d.eE+-]*/g;

/**
 * `replace` for each string and each number of a whole JSON text; the rest of it, and what stays the same, as it was
 * written. For a text that is no JSON, `replace` of the whole.
 */
export function replaceInJsonText(text: string, replace: (text: string) => string): string {
  if (!isJson(text)) return replace(text);
  const replaceNumbers = (structure: string): string =>
    structure.replace(NUMBER, (number) => {
      const passing = replace(number);
      return passing === number ? number : JSON.stringify(passing);
    });
  let replaced = '';
  let at = 0;
  for (let start = text.indexOf('"'); start >= 0; start = text.indexOf('"', at)) {
    const end = endOfString(text, start);
    const written = text.slice(start, end);
    const said = String(JSON.parse(written));
    const passing = replace(said);
    replaced +=
      replaceNumbers(text.slice(at, start)) + (passing === said ? written : JSON.stringify(passing));
    at = end;
  }
  return replaced + replaceNumbers(text.slice(at));
}

/** Behind the quote that ends the string which begins at `start`: one with an even number of backslashes before it. */
function endOfString(text: string, start: number): number {
  for (let quote = text.indexOf('"', start + 1); quote >= 0; quote = text.indexOf('"', quote + 1)) {
    let backslashes = 0;
    while (text.charAt(quote - 1 - backslashes) === '\\') backslashes++;
    if (backslashes % 2 === 0) return quote + 1;
  }
  return text.length;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
