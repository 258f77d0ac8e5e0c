import type { Place } from '@sekisho/contract';

/**
 * The places of all packs. `on` is a calendar day, `2023-06-01`; the current day of the injected
 * clock when absent.
 */
export interface PlaceRegistry {
  /** The place that the code names on that day, or undefined: an unknown place is refused by callers. */
  get(code: string, on?: string): Place | undefined;
  /** All places with this name in Japanese, kana or English, exact first, then by prefix. */
  find(name: string, on?: string): readonly Place[];
  /** The place itself, then its parents up to the country: `012351`, `JP-01`, `JP`. Empty when unknown. */
  ancestors(code: string, on?: string): readonly string[];
  /** Whether `inner` is `outer` or lies inside it. False when either is unknown. */
  contains(outer: string, inner: string, on?: string): boolean;
  /** Every place valid on that day, in code order. */
  all(on?: string): Iterable<Place>;
}
