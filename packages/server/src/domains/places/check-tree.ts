import type { Bilingual, Place } from '@sekisho/contract';

/** One thing that is wrong with a place, by its position in the list that was checked. */
export interface TreeFault {
  readonly index: number;
  readonly message: Bilingual;
}

const RANK: Readonly<Record<Place['kind'], number>> = {
  country: 0,
  prefecture: 1,
  municipality: 2,
  ward: 3,
};

/**
 * Whether the places form a tree under their countries at every moment: no code has two meanings
 * on one day, every parent exists on every day of its child, and is of a wider kind (so that no
 * chain of parents can be a circle). Returns every fault.
 */
export function findTreeFaults(places: readonly Place[], countries: readonly Place[]): readonly TreeFault[] {
  const byCode = groupByCode([...countries, ...places]);
  return places.flatMap((place, index) =>
    [overlapFault(place, byCode), parentFault(place, byCode)]
      .filter((message) => message !== undefined)
      .map((message) => ({ index, message })),
  );
}

/** All meanings of each code, earliest first. */
export function groupByCode(places: readonly Place[]): Map<string, Place[]> {
  const byCode = new Map<string, Place[]>();
  for (const place of places) {
    const known = byCode.get(place.code);
    if (known === undefined) byCode.set(place.code, [place]);
    else known.push(place);
  }
  for (const rows of byCode.values()) {
    if (rows.length > 1) rows.sort((a, b) => compare(firstDay(a), firstDay(b)));
  }
  return byCode;
}

/** Days compare as text, because they are all `YYYY-MM-DD`. */
function firstDay(place: Place): string {
  return place.validFrom ?? '0000-01-01';
}

function lastDay(place: Place): string {
  return place.validTo ?? '9999-12-31';
}

export function isValidOn(place: Place, day: string): boolean {
  return (
    (place.validFrom === undefined || place.validFrom <= day) &&
    (place.validTo === undefined || day <= place.validTo)
  );
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function overlapFault(place: Place, byCode: ReadonlyMap<string, readonly Place[]>): Bilingual | undefined {
  if (firstDay(place) > lastDay(place)) {
    return { ja: `${place.code}: 有効期間が逆です`, en: `${place.code}: valid to before valid from` };
  }
  const rows = byCode.get(place.code) ?? [];
  if (rows.length < 2) return undefined;
  const sameDays = rows.filter((row) => firstDay(row) <= lastDay(place) && firstDay(place) <= lastDay(row));
  // The place itself is one of them.
  if (sameDays.length < 2) return undefined;
  return {
    ja: `${place.code}: 同じ日に同じコードが二度あります`,
    en: `${place.code}: the code names two places on the same day`,
  };
}

function parentFault(place: Place, byCode: ReadonlyMap<string, readonly Place[]>): Bilingual | undefined {
  const { parent } = place;
  if (parent === undefined) {
    if (place.kind === 'country') return undefined;
    return { ja: `${place.code}: 親がありません`, en: `${place.code}: has no parent` };
  }
  const rows = byCode.get(parent) ?? [];
  if (rows.length === 0) {
    return {
      ja: `${place.code}: 親 ${parent} が存在しません`,
      en: `${place.code}: parent ${parent} does not exist`,
    };
  }
  if (rows.some((row) => RANK[row.kind] >= RANK[place.kind])) {
    return {
      ja: `${place.code}: 親 ${parent} は ${place.kind} より広い種別ではありません`,
      en: `${place.code}: parent ${parent} is not of a wider kind than ${place.kind}`,
    };
  }
  if (coversPeriod(rows, place)) return undefined;
  return {
    ja: `${place.code}: 親 ${parent} が存在しない日があります`,
    en: `${place.code}: parent ${parent} does not exist on all of its days`,
  };
}

/** Whether rows, earliest first, follow each other without a gap over the period of the place. */
function coversPeriod(rows: readonly Place[], place: Place): boolean {
  let needed = firstDay(place);
  for (const row of rows) {
    if (firstDay(row) > needed) return false;
    if (lastDay(row) >= lastDay(place)) return true;
    if (lastDay(row) >= needed) needed = dayAfter(lastDay(row));
  }
  return false;
}

function dayAfter(day: string): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + 86_400_000).toISOString().slice(0, 10);
}
