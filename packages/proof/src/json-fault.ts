/**
 * Where a text stops being JSON (RFC 8259): the position, in UTF-16 code units, of the first token
 * that cannot stand there, or the length of a text that ends too early. JSON.parse knows, but tells
 * it only in prose. Call it for texts that JSON.parse refused; -1 when there is no fault.
 */
export function firstJsonFault(text: string): number {
  const open: ('{' | '[')[] = [];
  let expected: Expected = 'value';
  let at = endOfSpace(text, 0);
  while (at < text.length) {
    const token = tokenAt(text, at);
    const next: Expected | undefined = token === undefined ? undefined : expectedAfter(expected, token, open);
    if (token === undefined || next === undefined) return at;
    expected = next;
    at = endOfSpace(text, at + token.length);
  }
  return expected === 'nothing' ? -1 : text.length;
}

/** What the grammar allows next. `key or }` and `value or ]` follow an opening bracket only. */
type Expected = 'value' | 'value or ]' | 'key' | 'key or }' | 'colon' | 'comma or end' | 'nothing';

/** Undefined where the token cannot stand. Pushes and pops the brackets that are open. */
function expectedAfter(expected: Expected, token: string, open: ('{' | '[')[]): Expected | undefined {
  const isString = token.startsWith('"');
  const closes = (bracket: '{' | '['): Expected | undefined => {
    if (open.at(-1) !== bracket) return undefined;
    open.pop();
    return open.length === 0 ? 'nothing' : 'comma or end';
  };
  switch (expected) {
    case 'key':
    case 'key or }':
      if (isString) return 'colon';
      return expected === 'key or }' && token === '}' ? closes('{') : undefined;
    case 'colon':
      return token === ':' ? 'value' : undefined;
    case 'comma or end':
      if (token === ',') return open.at(-1) === '{' ? 'key' : 'value';
      if (token === '}') return closes('{');
      return token === ']' ? closes('[') : undefined;
    case 'value':
    case 'value or ]':
      if (token === '{' || token === '[') {
        open.push(token);
        return token === '{' ? 'key or }' : 'value or ]';
      }
      if (token === ']' && expected === 'value or ]') return closes('[');
      if ('}],:'.includes(token)) return undefined;
      return open.length === 0 ? 'nothing' : 'comma or end';
    case 'nothing':
    default:
      return undefined;
  }
}

const ESCAPE = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;
const OTHER = /[{}[\],:]|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;
const SPACE = /[ \t\n\r]*/y;

function tokenAt(text: string, at: number): string | undefined {
  if (text[at] === '"') return stringAt(text, at);
  OTHER.lastIndex = at;
  return OTHER.exec(text)?.[0];
}

/** A loop, for one pattern of a whole string would need a stack as long as a hostile string. */
function stringAt(text: string, start: number): string | undefined {
  let at = start + 1;
  while (at < text.length) {
    if (text[at] === '"') return text.slice(start, at + 1);
    if (text[at] === '\\') {
      ESCAPE.lastIndex = at;
      const length = ESCAPE.exec(text)?.[0].length;
      if (length === undefined) return undefined;
      at += length;
    } else {
      // Control characters are forbidden inside strings.
      if (text.charCodeAt(at) < 0x20) return undefined;
      at++;
    }
  }
  return undefined;
}

function endOfSpace(text: string, at: number): number {
  SPACE.lastIndex = at;
  return at + (SPACE.exec(text)?.[0].length ?? 0);
}
