/** Part of a text, in UTF-16 code units: `start` inclusive, `end` exclusive. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/**
 * Finds one kind of thing in a text, in time linear in its length.
 *
 * A stream shows a text piece by piece. `holdFrom` says from where on the end of what is there so far
 * could still become, or become part of, a match: what stands before it is settled for ever, whatever
 * follows. It is never before the start of a match that `find` gives at the very end.
 */
export interface Detector {
  readonly kind: SpanKind;
  /** In order, without overlap. */
  find(text: string): readonly Span[];
  holdFrom(text: string): number;
}

export type SpanKind =
  /** 個人番号, with a right check digit. */
  | 'my-number'
  | 'credit-card'
  | 'email-address'
  | 'phone-number'
  | 'postal-address'
  | 'passport-number'
  | 'private-key'
  | 'api-key'
  | 'denied-topic'
  | 'instruction-leak';

/** A match of one of several detectors. */
export interface Finding extends Span {
  readonly kind: SpanKind;
  /** Goes on from the piece before, where it was counted. */
  readonly goesOn?: boolean;
}

/**
 * Where the longest tail of `text` begins that `isPart` holds for throughout, looking back over at most
 * `lengthMax` characters: what is older is part of no match that can still come.
 */
export function tailOf(text: string, lengthMax: number, isPart: (character: string) => boolean): number {
  let start = text.length;
  const earliest = Math.max(0, text.length - lengthMax);
  while (start > earliest && isPart(text.charAt(start - 1))) start--;
  return start;
}
