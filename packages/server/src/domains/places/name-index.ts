import type { Place } from '@sekisho/contract';
import { foldName } from './fold-name.ts';
import { PLACE_NAME_LENGTH_MAX, PLACES_FOUND_MAX } from './registry.ts';

export interface NameIndex {
  /** Places that `accepts` by name: exact first, then by prefix, then by any part of the name. */
  find(name: string, accepts: (place: Place) => boolean): readonly Place[];
}

/** Folded names of one place: those that a query must match from the start, and the own ones. */
interface NamedPlace {
  readonly place: Place;
  readonly names: readonly string[];
}

/**
 * An index over every name form of the places, which come in code order. `parentsOf` gives the
 * places around one, nearest first, without the country.
 */
export function createNameIndex(
  places: readonly Place[],
  parentsOf: (place: Place) => readonly Place[],
  aliases: ReadonlyMap<string, readonly string[]>,
): NameIndex {
  const named: readonly NamedPlace[] = places.map((place) => ({
    place,
    names: nameForms(place, parentsOf(place), aliases.get(place.code) ?? []),
  }));
  return {
    find(name, accepts) {
      const query = name.length > PLACE_NAME_LENGTH_MAX ? '' : foldName(name);
      if (query === '') return [];
      const ranked: [Place[], Place[], Place[]] = [[], [], []];
      for (const { place, names } of named) {
        const rank = rankOf(query, names);
        if (rank !== undefined && accepts(place)) ranked[rank].push(place);
      }
      return ranked.flat().slice(0, PLACES_FOUND_MAX);
    },
  };
}

/** 0 exact, 1 the start of a name, 2 within a name, undefined no match. */
function rankOf(query: string, names: readonly string[]): 0 | 1 | 2 | undefined {
  let best: 0 | 1 | 2 | undefined;
  for (const name of names) {
    if (name === query) return 0;
    if (best === 1) continue;
    const at = name.indexOf(query);
    if (at >= 0) best = at === 0 ? 1 : (best ?? 2);
  }
  return best;
}

/**
 * 中央区, 浜松市中央区, 静岡県浜松市中央区; the same in kana; Chuo-ku, `Chuo-ku, Hamamatsu` and so
 * on outwards in English; a county form after the prefecture too. Parents never match alone:
 * every form contains the place's own name, but `北海道` as a query is the start of every full
 * path in it, which is what listing by prefecture wants.
 */
function nameForms(place: Place, parents: readonly Place[], aliases: readonly string[]): string[] {
  const forms = new Set<string>();
  let ja = place.name.ja;
  let en = place.name.en;
  let kana = place.kana;
  forms.add(ja).add(en);
  if (kana !== undefined) forms.add(kana);
  for (const parent of parents) {
    ja = parent.name.ja + ja;
    en = `${en}, ${parent.name.en}`;
    kana = kana === undefined || parent.kana === undefined ? undefined : parent.kana + kana;
    forms.add(ja).add(en);
    if (kana !== undefined) forms.add(kana);
  }
  const around = parents
    .map((parent) => parent.name.ja)
    .toReversed()
    .join('');
  for (const alias of aliases) forms.add(alias).add(around + alias);
  return [...new Set([...forms].map(foldName))];
}
