import { SekishoError, type Place, type PlaceQuery } from '@sekisho/contract';
import type { z } from 'zod';
import type { PlaceRegistry } from '../domains/places/index.ts';

/** Places by code or by name, as of a day; all of that day when neither is given. */
export function findPlaces(places: PlaceRegistry, query: z.output<typeof PlaceQuery>): Place[] {
  if (query.code !== undefined) {
    const place = places.get(query.code, query.on);
    if (place === undefined) throw new SekishoError('not_found', query.code);
    return [place];
  }
  const found = query.name === undefined ? places.all(query.on) : places.find(query.name, query.on);
  return [...found].slice(0, query.limit);
}
