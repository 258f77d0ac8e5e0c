import { mkdir, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { SekishoError } from '@sekisho/contract';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createPlaceRegistry } from '../../domains/places/index.ts';
import { createFolderPackSource } from './index.ts';

const HEADER = 'code\tkind\tparent\tvalidFrom\tvalidTo\tja\tkana\taliases\ten';
const COUNTRIES = 'code\tja\ten\nJP\t日本\tJapan\nNZ\tニュージーランド\tNew Zealand\n';
const MANIFEST = {
  country: 'NZ',
  title: { ja: 'ニュージーランド', en: 'New Zealand' },
  licence: 'CC0-1.0',
  checkDigit: 'none',
  historySince: '2020-01-01',
  englishNames: { prefecture: 'official', municipality: 'official', ward: 'official' },
  notes: [],
  sources: [],
};
const CITY = '700003\tmunicipality\tNZ-WGN\t\t\t緑市\t\t\tGreen Town';
const GOOD = [
  HEADER,
  'NZ-WGN\tprefecture\tNZ\t\t\t試験州\t\t\tTest Region',
  '700001\tmunicipality\tNZ-WGN\t\t2021-12-31\t青市\tあおし\t\tBlue Town',
  '700001\tmunicipality\tNZ-WGN\t2022-01-01\t\t赤市\tあかし\t朱市|紅市\tRed Town',
  '700002\tward\t700001\t\t\t中区\t\t\tMiddle Ward',
];

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'jurisdictions-'));
  await write('countries.tsv', COUNTRIES);
  await write('nz/jurisdiction.json', JSON.stringify(MANIFEST));
  await write('nz/places.tsv', text(GOOD));
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

async function write(path: string, content: string | Uint8Array): Promise<void> {
  await mkdir(dirname(join(folder, path)), { recursive: true });
  await writeFile(join(folder, path), content);
}

function text(lines: readonly string[]): string {
  return `${lines.join('\n')}\n`;
}

/** Where the source finds fault: paths with their lines. */
async function faultPaths(): Promise<string[]> {
  try {
    await createFolderPackSource(folder).load();
  } catch (error) {
    if (!(error instanceof SekishoError)) throw error;
    expect(error.code).toBe('jurisdiction_invalid');
    return error.faults.map((fault) => fault.path);
  }
  return [];
}

test('another country is another folder', async () => {
  const { packs, countries } = await createFolderPackSource(folder).load();
  expect(packs.map((pack) => pack.country)).toStrictEqual(['NZ']);
  const clock = { nowMs: () => Date.parse('2026-04-01T00:00:00Z'), monotonicMs: () => 0 };
  const registry = createPlaceRegistry(packs, countries, clock);
  expect(registry.ancestors('700002')).toStrictEqual(['700002', '700001', 'NZ-WGN', 'NZ']);
  expect(registry.nameOf('700002')).toStrictEqual({
    ja: '試験州赤市中区',
    en: 'Middle Ward, Red Town, Test Region',
  });
  expect(registry.nameOf('700002', '2021-06-01')?.en).toBe('Middle Ward, Blue Town, Test Region');
  expect(registry.find('朱市').map((place) => place.name.en)).toStrictEqual(['Red Town']);
  expect(registry.contains('NZ', '700002')).toBe(true);
  expect(registry.contains('JP', '700002')).toBe(false);
});

test('presets and readme files beside the table are left alone', async () => {
  await write('README.md', 'text');
  await write('nz/presets/one.cedar', 'text');
  expect(await faultPaths()).toStrictEqual([]);
});

describe('a damaged table is refused with its line', () => {
  test.each<[string, string]>([
    ['too few columns', '700003\tmunicipality\tNZ-WGN'],
    ['too many columns', `${CITY}\t`],
    ['an empty line', ''],
    ['a comment', '# comment'],
    ['an unknown kind', CITY.replace('municipality', 'village')],
    ['a kind of an object', CITY.replace('municipality', 'constructor')],
    ['a code with five digits', CITY.replace('700003', '70003')],
    ['a code in full-width digits', CITY.replace('700003', '７０００03')],
    ['a code of another country', 'JP-01\tprefecture\tNZ\t\t\t州\t\t\tRegion'],
    ['a lower-case code', 'NZ-auk\tprefecture\tNZ\t\t\t州\t\t\tRegion'],
    ['another country', 'JP\tcountry\t\t\t\t日本\t\t\tJapan'],
    ['its own country, which is in countries.tsv', 'NZ\tcountry\t\t\t\t国\t\t\tCountry'],
    ['a parent that does not exist', CITY.replace('NZ-WGN', 'NZ-XXX')],
    ['no parent', CITY.replace('NZ-WGN', '')],
    ['a parent of the same kind', CITY.replace('NZ-WGN', '700001')],
    ['itself as parent', CITY.replace('NZ-WGN', '700003')],
    ['a parent too narrow', CITY.replace('NZ-WGN', '700002')],
    ['no Japanese name', CITY.replace('緑市', '')],
    ['no English name', CITY.replace('Green Town', '')],
    ['a name too long', CITY.replace('Green Town', 'G'.repeat(101))],
    ['a line too long', CITY.replace('Green Town', 'G'.repeat(1001))],
    ['kana that is not hiragana', CITY.replace('緑市\t', '緑市\tミドリシ')],
    ['a day that does not exist', CITY.replace('NZ-WGN\t', 'NZ-WGN\t2023-02-29')],
    ['a day in another form', CITY.replace('NZ-WGN\t', 'NZ-WGN\t2023-2-1')],
    ['a period that ends before it begins', CITY.replace('\t\t\t緑', '\t2023-01-02\t2023-01-01\t緑')],
    ['an empty alias', CITY.replace('\t\tGreen', '\tA|\tGreen')],
    ['too many aliases', CITY.replace('\t\tGreen', '\tA|B|C|D|E|F\tGreen')],
    ['a space before a cell', CITY.replace('Green', ' Green')],
    ['an ideographic space after a cell', CITY.replace('緑市', '緑市　')],
    ['a carriage return', `${CITY}\r`],
    ['a zero byte', CITY.replace('Green', 'Gr\u0000een')],
    ['a direction mark', CITY.replace('Green', 'Gr\u202Eeen')],
    ['a zero-width space', CITY.replace('緑', '緑\u200B')],
    ['kana taken apart', CITY.replace('緑市\t', '緑市\tか\u3099')],
  ])('%s', async (_, line) => {
    await write('nz/places.tsv', text([...GOOD, line]));
    expect(await faultPaths()).toStrictEqual([`nz/places.tsv:${GOOD.length + 1}`]);
  });

  test('the good line, for comparison', async () => {
    await write('nz/places.tsv', text([...GOOD, CITY]));
    expect(await faultPaths()).toStrictEqual([]);
  });

  test('two meanings of a code on one day, at both lines', async () => {
    await write('nz/places.tsv', text([...GOOD, CITY, CITY]));
    expect(await faultPaths()).toStrictEqual(['nz/places.tsv:6', 'nz/places.tsv:7']);
  });

  test('a wrong check digit, where the country has them', async () => {
    await write('nz/jurisdiction.json', JSON.stringify({ ...MANIFEST, checkDigit: 'jis-x-0402' }));
    const city = (code: string): string => CITY.replace('700003', code);
    await write('nz/places.tsv', text([HEADER, GOOD[1]!, city('012351'), city('012350'), city('221384')]));
    expect(await faultPaths()).toStrictEqual(['nz/places.tsv:4']);
  });

  test('every fault at once, up to a bound', async () => {
    await write('nz/places.tsv', text([...GOOD, 'x', CITY, 'y']));
    expect(await faultPaths()).toStrictEqual(['nz/places.tsv:6', 'nz/places.tsv:8']);
    await write('nz/places.tsv', text([HEADER, ...Array.from({ length: 500 }, () => 'x')]));
    expect(await faultPaths()).toHaveLength(20);
  });

  test('too many places', async () => {
    await write('nz/places.tsv', text([HEADER, ...Array.from({ length: 20_001 }, () => CITY)]));
    expect(await faultPaths()).toStrictEqual(['nz/places.tsv:20002']);
  });

  test.each<[string, string | Uint8Array, string]>([
    ['an empty file', '', 'nz/places.tsv:1'],
    ['another header', text(['code\tname']), 'nz/places.tsv:1'],
    ['a byte order mark', `\uFEFF${text(GOOD)}`, 'nz/places.tsv:1'],
    ['Windows line ends', text(GOOD).replaceAll('\n', '\r\n'), 'nz/places.tsv:1'],
    ['a file cut off in the last line', text(GOOD).slice(0, -1), `nz/places.tsv:${GOOD.length}`],
    ['bytes that are not UTF-8', Buffer.from(text(GOOD), 'utf16le'), 'nz/places.tsv:1'],
    ['Shift_JIS', Uint8Array.of(...Buffer.from(`${HEADER}\n`), 0x93, 0xfa, 0x0a), 'nz/places.tsv:1'],
  ])('%s', async (_, content, path) => {
    await write('nz/places.tsv', content);
    expect(await faultPaths()).toStrictEqual([path]);
  });
});

describe('a missing or strange file is refused by its name', () => {
  test.each(['countries.tsv', 'nz/jurisdiction.json', 'nz/places.tsv'])('no %s', async (path) => {
    await rm(join(folder, path));
    expect(await faultPaths()).toStrictEqual([path]);
  });

  test('no folder at all', async () => {
    await rm(folder, { recursive: true });
    expect(await faultPaths()).toStrictEqual(['countries.tsv']);
    await mkdir(folder);
  });

  test('a table larger than 8 MiB is not read', async () => {
    await truncate(join(folder, 'nz/places.tsv'), 8 * 1024 * 1024 + 1);
    expect(await faultPaths()).toStrictEqual(['nz/places.tsv']);
  });

  test.each<[string, string]>([
    ['not JSON', '{'],
    ['empty', ''],
    ['an unknown key', JSON.stringify({ ...MANIFEST, extra: 1 })],
    ['another country than the folder', JSON.stringify({ ...MANIFEST, country: 'JP' })],
    ['an unknown check digit', JSON.stringify({ ...MANIFEST, checkDigit: 'luhn' })],
  ])('a manifest that is %s', async (_, content) => {
    await write('nz/jurisdiction.json', content);
    expect(new Set((await faultPaths()).map((path) => path.split(':')[0]))).toContain('nz/jurisdiction.json');
  });

  test.each(['nzl', 'NZ', 'n z', '.hidden'])('a folder named %s', async (name) => {
    await mkdir(join(folder, name));
    expect(await faultPaths()).toStrictEqual([name]);
  });

  test.each<[string, string, number]>([
    ['a code in lower case', 'jp\t日本\tJapan', 2],
    ['a country twice', 'JP\t日本\tJapan\nJP\t日本\tJapan', 3],
    ['no name', 'JP\t\tJapan', 2],
  ])('countries with %s', async (_, lines, line) => {
    await write('countries.tsv', `code\tja\ten\n${lines}\n`);
    expect(await faultPaths()).toStrictEqual([`countries.tsv:${line}`]);
  });
});
