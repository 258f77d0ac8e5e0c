import { SekishoError, type Bilingual, type Place } from '@sekisho/contract';
import { dayInJapan, timestamp, type Clock } from '../../base/clock.ts';
import { findTreeFaults, groupByCode, isValidOn } from './check-tree.ts';
import { createNameIndex, type NameIndex } from './name-index.ts';
import type { JurisdictionPack } from './ports.ts';
import type { PlaceRegistry } from './registry.ts';

const HOUR_MS = 3_600_000;

/**
 * A registry over the packs and the countries of the world. A pack may declare its own country
 * only where `countries` lacks it. Throws `jurisdiction_invalid` if the places of all packs
 * together are not a tree, for example because two packs claim one code.
 */
export function createPlaceRegistry(
  packs: readonly JurisdictionPack[],
  countries: readonly Place[],
  clock: Clock,
): PlaceRegistry {
  const places = [...countries, ...packs.flatMap((pack) => pack.places)];
  refuseBrokenTree(places);
  const rowsByCode = groupByCode(places);
  const inCodeOrder = [...rowsByCode.keys()].sort().flatMap((code) => rowsByCode.get(code) ?? []);
  const today = todayInJapan(clock);
  let nameIndex: NameIndex | undefined;

  function rowOn(code: string, day: string): Place | undefined {
    const rows = rowsByCode.get(code);
    if (rows === undefined) return undefined;
    // At most a handful: one per period in which the code meant something else.
    for (const row of rows) if (isValidOn(row, day)) return row;
    return undefined;
  }

  /** The place and its parents, nearest first. The tree check bounds the chain to four. */
  function chainOn(code: string, day: string): Place[] {
    const chain: Place[] = [];
    let row = rowOn(code, day);
    while (row !== undefined) {
      chain.push(row);
      row = row.parent === undefined ? undefined : rowOn(row.parent, day);
    }
    return chain;
  }

  /** The parents below the country, as of the last day on which the place was valid. */
  function parentsOf(place: Place): readonly Place[] {
    const day = place.validTo ?? place.validFrom ?? today();
    return chainOn(place.code, day)
      .slice(1)
      .filter((parent) => parent.kind !== 'country');
  }

  return {
    get: (code, on) => rowOn(code, dayOf(on, today)),

    find(name, on) {
      const day = dayOf(on, today);
      // Built at the first search: a cell that never searches does not pay for it.
      nameIndex ??= createNameIndex(inCodeOrder, parentsOf, mergeAliases(packs));
      return nameIndex.find(name, (place) => isValidOn(place, day));
    },

    ancestors: (code, on) => chainOn(code, dayOf(on, today)).map((place) => place.code),

    contains(outer, inner, on) {
      const day = dayOf(on, today);
      let row = rowOn(inner, day);
      while (row !== undefined) {
        if (row.code === outer) return true;
        row = row.parent === undefined ? undefined : rowOn(row.parent, day);
      }
      return false;
    },

    nameOf: (code, on) => fullName(chainOn(code, dayOf(on, today))),

    all(on) {
      const day = dayOf(on, today);
      return inCodeOrder.filter((place) => isValidOn(place, day));
    },
  };
}

function refuseBrokenTree(places: readonly Place[]): void {
  const faults = findTreeFaults(places, []);
  if (faults.length === 0) return;
  throw new SekishoError('jurisdiction_invalid', faults[0]?.message ?? '', {
    faults: faults
      .slice(0, 20)
      .map((fault) => ({ path: places[fault.index]?.code ?? '', message: fault.message })),
  });
}

function fullName(chain: readonly Place[]): Bilingual | undefined {
  const [place, ...parents] = chain;
  if (place === undefined) return undefined;
  const shown = [place, ...parents.filter((parent) => parent.kind !== 'country')];
  return {
    ja: shown
      .map((each) => each.name.ja)
      .toReversed()
      .join(''),
    en: shown.map((each) => each.name.en).join(', '),
  };
}

function mergeAliases(packs: readonly JurisdictionPack[]): ReadonlyMap<string, readonly string[]> {
  return new Map(packs.flatMap((pack) => [...pack.aliases]));
}

function dayOf(on: string | undefined, today: () => string): string {
  if (on === undefined) return today();
  if (!/^\d{4}-\d{2}-\d{2}$/.test(on)) {
    throw new SekishoError('invalid_request', 'on: YYYY-MM-DD', {
      faults: [
        { path: 'on', message: { ja: '日付は 2026-04-01 の形です', en: 'a day is written 2026-04-01' } },
      ],
    });
  }
  return on;
}

/** The day changes in Japan on a whole hour of UTC, so one computation serves an hour. */
function todayInJapan(clock: Clock): () => string {
  let hour = Number.NaN;
  let day = '';
  return () => {
    const current = Math.floor(clock.nowMs() / HOUR_MS);
    if (current !== hour) {
      day = dayInJapan(timestamp(clock));
      hour = current;
    }
    return day;
  };
}
