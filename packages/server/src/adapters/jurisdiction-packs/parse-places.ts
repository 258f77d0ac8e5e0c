import type { Fault, Place } from '@sekisho/contract';
import { findTreeFaults, isMunicipalityCode } from '../../domains/places/index.ts';
import type { Manifest } from './manifest.ts';
import { readTable } from './read-table.ts';

const PLACE_COLUMNS = [
  'code',
  'kind',
  'parent',
  'validFrom',
  'validTo',
  'ja',
  'kana',
  'aliases',
  'en',
] as const;
const COUNTRY_COLUMNS = ['code', 'ja', 'en'] as const;

const PLACES_MAX = 20_000;
const NAME_LENGTH_MAX = 100;
const ALIASES_MAX = 5;

type Report = (line: number, message: Fault['message']) => void;

export interface ParsedPlaces {
  readonly places: readonly Place[];
  readonly aliases: ReadonlyMap<string, readonly string[]>;
}

/**
 * Parses `places.tsv` of the country that the manifest describes. Everything wrong is reported
 * with its line; the result is meaningful only if nothing was.
 */
export function parsePlaces(
  bytes: Uint8Array,
  manifest: Manifest,
  countries: readonly Place[],
  report: Report,
): ParsedPlaces {
  const places: Place[] = [];
  const lines: number[] = [];
  const aliases = new Map<string, readonly string[]>();
  const rows = readTable(bytes, PLACE_COLUMNS, report);
  if (rows.length > PLACES_MAX) {
    report(PLACES_MAX + 2, { ja: `${PLACES_MAX} 行を超えています`, en: `more than ${PLACES_MAX} places` });
    return { places, aliases };
  }
  for (const { line, cells } of rows) {
    const place = parsePlace(cells, manifest);
    if ('fault' in place) {
      report(line, place.fault);
      continue;
    }
    places.push(place);
    lines.push(line);
    const { 7: otherNames = '' } = cells;
    if (otherNames === '') continue;
    const names = otherNames.split('|');
    if (names.length > ALIASES_MAX || !names.every(isName)) {
      report(line, { ja: '別名が正しくありません', en: 'malformed aliases' });
    }
    aliases.set(place.code, [...(aliases.get(place.code) ?? []), ...names]);
  }
  for (const { index, message } of findTreeFaults(places, countries)) report(lines[index] ?? 0, message);
  return { places, aliases };
}

/** Parses `countries.tsv`: ISO 3166-1 alpha-2 codes with their names. */
export function parseCountries(bytes: Uint8Array, report: Report): readonly Place[] {
  const seen = new Set<string>();
  return readTable(bytes, COUNTRY_COLUMNS, report).flatMap(({ line, cells }) => {
    const [code = '', ja = '', en = ''] = cells;
    if (!/^[A-Z]{2}$/.test(code)) {
      report(line, { ja: `国コードではありません: ${code}`, en: `not a country code: ${code}` });
    } else if (seen.has(code)) {
      report(line, { ja: `${code} が重複しています`, en: `${code} appears twice` });
    } else if (!isName(ja) || !isName(en)) {
      report(line, { ja: '名称がありません', en: 'a name is missing' });
    } else {
      seen.add(code);
      return [{ code, kind: 'country' as const, name: { ja, en } }];
    }
    return [];
  });
}

/** `cells` are those of {@link PLACE_COLUMNS}. */
function parsePlace(
  cells: readonly string[],
  manifest: Manifest,
): Place | { readonly fault: Fault['message'] } {
  const [code = '', kindName = '', parent, validFrom = '', validTo = '', ja = '', kana = '', , en = ''] =
    cells;
  const kind = parseKind(kindName);
  if (kind === undefined) {
    return { fault: { ja: `種別が正しくありません: ${kindName}`, en: `not a kind of place: ${kindName}` } };
  }
  const fault =
    codeFault(kind, code, manifest) ?? nameFault(ja, en, kana) ?? dayFault(validFrom) ?? dayFault(validTo);
  if (fault !== undefined) return { fault };
  const place: Place = { code, kind, name: { ja, en } };
  if (kana !== '') place.kana = kana;
  if (parent !== '' && parent !== undefined) place.parent = parent;
  if (validFrom !== '') place.validFrom = validFrom;
  if (validTo !== '') place.validTo = validTo;
  return place;
}

function parseKind(text: string): Place['kind'] | undefined {
  switch (text) {
    case 'country':
    case 'prefecture':
    case 'municipality':
    case 'ward':
      return text;
    default:
      return undefined;
  }
}

/** A pack names only its own country, that country's subdivisions, and six-digit codes. */
function codeFault(kind: Place['kind'], code: string, manifest: Manifest): Fault['message'] | undefined {
  const { country, checkDigit } = manifest;
  if (kind === 'country') {
    if (code === country) return undefined;
    return { ja: `国は ${country} だけです: ${code}`, en: `the country is ${country}, not ${code}` };
  }
  if (kind === 'prefecture') {
    if (code.startsWith(`${country}-`) && /^[A-Z0-9]{1,3}$/.test(code.slice(3))) return undefined;
    return {
      ja: `${country} の ISO 3166-2 コードではありません: ${code}`,
      en: `not of ISO 3166-2:${country}: ${code}`,
    };
  }
  if (!/^[0-9]{6}$/.test(code)) {
    return { ja: `6桁のコードではありません: ${code}`, en: `not a six-digit code: ${code}` };
  }
  if (checkDigit === 'none' || isMunicipalityCode(code)) return undefined;
  return { ja: `検査数字が正しくありません: ${code}`, en: `wrong check digit: ${code}` };
}

function nameFault(ja: string, en: string, kana: string): Fault['message'] | undefined {
  if (!isName(ja)) return { ja: '日本語の名称がありません', en: 'no Japanese name' };
  if (!isName(en)) return { ja: '英語の名称がありません', en: 'no English name' };
  if (kana !== '' && !/^[ぁ-ゖー]{1,100}$/.test(kana)) {
    return { ja: `かなではありません: ${kana}`, en: `not hiragana: ${kana}` };
  }
  return undefined;
}

function isName(text: string): boolean {
  return text.length > 0 && text.length <= NAME_LENGTH_MAX;
}

/** A calendar day that exists: 2023-02-29 does not. */
function dayFault(day: string): Fault['message'] | undefined {
  if (day === '') return undefined;
  const time = /^\d{4}-\d{2}-\d{2}$/.test(day) ? Date.parse(`${day}T00:00:00Z`) : Number.NaN;
  if (!Number.isNaN(time) && new Date(time).toISOString().startsWith(day)) return undefined;
  return { ja: `日付ではありません: ${day}`, en: `not a day: ${day}` };
}
