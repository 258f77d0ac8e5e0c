/**
 * Characters that move the cursor, start an escape sequence or turn the direction of writing. What
 * a cell sends is shown to an operator, so a name or a message must not be able to draw over the
 * screen or make one text look like another.
 */
const unprintable = /[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu;

/** The text with every unprintable character shown as `\u{9b}`. */
export function printable(text: string): string {
  return text.replace(unprintable, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);
}

/** A parsed answer with every text in it made printable; keys too. The shape stays. */
export function printableDeep<T>(value: T): T;
export function printableDeep(value: unknown): unknown {
  if (typeof value === 'string') return printable(value);
  if (Array.isArray(value)) return value.map((item) => printableDeep(item));
  if (value !== null && typeof value === 'object') {
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [printable(key), printableDeep(item)]),
    );
  }
  return value;
}

/** JSON whose unprintable characters are escaped: the same data, safe on a terminal. */
export function printableJson(value: unknown): string {
  return JSON.stringify(value, null, 2).replace(
    /[^\n\P{Cc}]|[\p{Bidi_Control}\u2028\u2029]/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
