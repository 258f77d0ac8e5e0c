import type { Bilingual, Place } from '@sekisho/contract';

/**
 * The places of all packs. `on` is a calendar day, `2023-06-01`; the current day in Japan by the
 * injected clock when absent. Every method throws `invalid_request` if `on` is not a day.
 */
export interface PlaceRegistry {
  /** The place that the code names on that day, or undefined: an unknown place is refused by callers. */
  get(code: string, on?: string): Place | undefined;
  /**
   * All places with this name in Japanese, kana or English, exact first, then by prefix, then where
   * it occurs inside the name; in code order within each, at most {@link PLACES_FOUND_MAX}. A name
   * may carry its parents: `浜松市中央区`, `北海道石狩市`, `Ishikari, Hokkaido`.
   */
  find(name: string, on?: string): readonly Place[];
  /** The place itself, then its parents up to the country: `012351`, `JP-01`, `JP`. Empty when unknown. */
  ancestors(code: string, on?: string): readonly string[];
  /** Whether `inner` is `outer` or lies inside it. False when either is unknown. */
  contains(outer: string, inner: string, on?: string): boolean;
  /**
   * The place as a person reads it, with its parents below the country: `北海道石狩市` and
   * `Ishikari, Hokkaido`. Undefined when unknown.
   */
  nameOf(code: string, on?: string): Bilingual | undefined;
  /** Every place valid on that day, in code order. */
  all(on?: string): Iterable<Place>;
}

export const PLACES_FOUND_MAX = 2000;
/** A longer name finds nothing. */
export const PLACE_NAME_LENGTH_MAX = 100;
