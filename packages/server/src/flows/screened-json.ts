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
  readonly #literalCharactersMax: number;
  #string: OpenString | undefined;
  /** A backslash and what came after it, until the escape is whole. */
  #escape = '';
  /** Outside strings, from the first character that is neither structure nor white space, up to the next structure. */
  #literal = '';

  constructor(newText: () => ScreenedAnswerText, literalCharactersMax = LITERAL_CHARACTERS_MAX) {
    this.#newText = newText;
    this.#literalCharactersMax = literalCharactersMax;
  }

  /** Throws SekishoError `upstream_failed` where there is text without end that is no JSON. */
  push(piece: string): string {
    let shown = '';
    // By UTF-16 code units: a piece may end inside a character.
    for (let i = 0; i < piece.length; i++) {
      const unit = piece.charAt(i);
      if (this.#string === undefined) shown += this.#outside(unit);
      else if (this.#escape !== '') this.#inEscape(unit, this.#string);
      else if (unit === '\\') this.#escape = unit;
      else if (unit === '"') shown += this.#endString(this.#string) + unit;
      else this.#string.add(unit, unit);
    }
    return shown + (this.#string?.flush() ?? '');
  }

  end(): string {
    if (this.#string === undefined) return this.#endLiteral();
    this.#string.addAsIs(this.#escape);
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
    if (this.#literal.length > this.#literalCharactersMax) {
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
    if (code !== undefined) string.add(String.fromCharCode(Number.parseInt(code, 16)), this.#escape);
    else if (kind === 'u') string.addAsIs(this.#escape);
    else string.add(ESCAPED[kind] ?? kind, this.#escape);
    this.#escape = '';
  }

  #endString(string: OpenString): string {
    this.#string = undefined;
    return string.end();
  }
}

/** One JSON string on its way through a screen. */
class OpenString {
  readonly #text: ScreenedAnswerText;
  #arrived = '';
  /** What the screen has and has not shown, as it is and as it was written, unit by unit. */
  #held: { readonly unit: string; readonly written: string }[] = [];
  #isAltered = false;

  constructor(text: ScreenedAnswerText) {
    this.#text = text;
  }

  add(unit: string, written: string): void {
    this.#arrived += unit;
    if (!this.#isAltered) this.#held.push({ unit, written });
  }

  addAsIs(units: string): void {
    for (let i = 0; i < units.length; i++) this.add(units.charAt(i), units.charAt(i));
  }

  flush(): string {
    const arrived = this.#arrived;
    this.#arrived = '';
    return arrived === '' ? '' : this.#written(this.#text.push(arrived));
  }

  end(): string {
    const shown = this.flush();
    return shown + this.#written(this.#text.end());
  }

  /** As it came, as long as it is what came; from the first difference on, escaped anew. */
  #written(shown: string): string {
    const asItCame = this.#held.slice(0, shown.length);
    this.#isAltered ||= asItCame.map(({ unit }) => unit).join('') !== shown;
    if (this.#isAltered) {
      this.#held = [];
      return JSON.stringify(shown).slice(1, -1);
    }
    this.#held.splice(0, shown.length);
    return asItCame.map(({ written }) => written).join('');
  }
}

/**
 * `replace` for each string and each number of a JSON text; the rest of it, and what stays the same, as it was written.
 * For a text that is no JSON, `replace` of the whole.
 */
export function replaceInJsonText(text: string, replace: (text: string) => string): string {
  if (!isJson(text)) return replace(text);
  const json = new ScreenedJson(() => new WholeText(replace), Number.POSITIVE_INFINITY);
  return json.push(text) + json.end();
}

export function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

class WholeText implements ScreenedAnswerText {
  readonly #replace: (text: string) => string;
  #whole = '';

  constructor(replace: (text: string) => string) {
    this.#replace = replace;
  }

  push(piece: string): string {
    this.#whole += piece;
    return '';
  }

  end(): string {
    return this.#replace(this.#whole);
  }
}
