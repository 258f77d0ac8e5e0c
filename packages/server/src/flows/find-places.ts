import { SekishoError, type Place, type PlaceQuery } from '@sekisho/contract';
import type { z } from 'zod';
import type { PlaceRegistry } from '../domains/places/index.ts';

/** Places by code or by name, as of a day; all of that day when neither is given. `within` narrows. */
export function findPlaces(places: PlaceRegistry, query: z.output<typeof PlaceQuery>): Place[] {
  const { within, on } = query;
  if (within !== undefined && places.get(within, on) === undefined)
    throw new SekishoError('not_found', within);
  const found = within === undefined ? candidates(places, query) : inside(places, within, query);
  return [...found].slice(0, query.limit);
}

function candidates(places: PlaceRegistry, query: z.output<typeof PlaceQuery>): Iterable<Place> {
  if (query.name !== undefined) return places.find(query.name, query.on);
  if (query.code === undefined) return places.all(query.on);
  const place = places.get(query.code, query.on);
  if (place === undefined) throw new SekishoError('not_found', query.code);
  return [place];
}

function inside(places: PlaceRegistry, outer: string, query: z.output<typeof PlaceQuery>): Place[] {
  return [...candidates(places, query)].filter((place) => places.contains(outer, place.code, query.on));
}
