import { Place as Schema, type SekishoError, type Place } from '@sekisho/contract';
import * as fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  createPlaceRegistry,
  isMunicipalityCode,
  type JurisdictionPack,
  type PlaceRegistry,
} from '../../domains/places/index.ts';
import { createFolderPackSource } from './index.ts';

const folder = new URL('../../../../../jurisdictions', import.meta.url).pathname;
/** A day after every change that the pack knows. */
const NOW_MS = Date.parse('2026-04-01T03:00:00Z');

let countries: readonly Place[];
let packs: readonly JurisdictionPack[];
let registry: PlaceRegistry;

beforeAll(async () => {
  ({ countries, packs } = await createFolderPackSource(folder).load());
  registry = registryAt(NOW_MS);
});

function registryAt(nowMs: number): PlaceRegistry {
  return createPlaceRegistry(packs, countries, { nowMs: () => nowMs, monotonicMs: () => 0 });
}

function codes(places: Iterable<Place>): string[] {
  return Array.from(places, (place) => place.code);
}

describe('the pack of Japan', () => {
  const ofKind = (kind: Place['kind'], on?: string): Place[] =>
    Array.from(registry.all(on)).filter((place) => place.kind === kind && place.code !== 'JP');

  test('has 47 prefectures in the order of JIS X 0401', () => {
    expect(codes(ofKind('prefecture'))).toStrictEqual(
      Array.from({ length: 47 }, (_, index) => `JP-${String(index + 1).padStart(2, '0')}`),
    );
  });

  test('has 1,747 municipalities: 1,718, 23 special wards, 6 villages of the Northern Territories', () => {
    const municipalities = ofKind('municipality');
    const specialWards = municipalities.filter((place) => place.name.ja.endsWith('区'));
    const northern = municipalities.filter((place) => place.code >= '016950' && place.code <= '017009');
    expect(municipalities).toHaveLength(1747);
    expect(specialWards).toHaveLength(23);
    expect(specialWards.every((place) => place.parent === 'JP-13')).toBe(true);
    expect(northern).toHaveLength(6);
    expect(municipalities.filter((place) => place.name.ja.endsWith('市'))).toHaveLength(792);
    expect(municipalities.filter((place) => place.name.ja.endsWith('町'))).toHaveLength(743);
    expect(municipalities.filter((place) => place.name.ja.endsWith('村'))).toHaveLength(183 + 6);
  });

  test('has 171 wards of 20 designated cities, 175 before Hamamatsu joined its seven into three', () => {
    expect(ofKind('ward')).toHaveLength(171);
    expect(new Set(ofKind('ward').map((place) => place.parent)).size).toBe(20);
    expect(ofKind('ward', '2023-12-31')).toHaveLength(175);
  });

  test('gives every place a valid code, kana and a parent of its own prefecture', () => {
    const places = packs.flatMap((pack) => pack.places);
    expect(places).toHaveLength(47 + 1747 + 171 + 7 + 5);
    for (const place of places) {
      expect(Schema.safeParse(place).success).toBe(true);
      expect(place.kana).toMatch(/^[ぁ-ゖー]+$/);
      expect(place.name.en).toMatch(/^[A-Z][a-z']+(?:-ku)?$/);
      if (place.kind === 'prefecture') expect(place.parent).toBe('JP');
      else expect(isMunicipalityCode(place.code)).toBe(true);
      if (place.kind === 'municipality') expect(place.parent).toBe(`JP-${place.code.slice(0, 2)}`);
      if (place.kind === 'ward') expect(place.parent?.slice(0, 3)).toBe(place.code.slice(0, 3));
    }
  });

  test('spells what its sources got wrong as the places spell it', () => {
    const kana = (code: string): string | undefined => registry.get(code)?.kana;
    expect(kana('112062')).toBe('ぎょうだし');
    expect(kana('143839')).toBe('まなづるまち');
    expect(kana('473260')).toBe('ちゃたんちょう');
    const small = packs
      .flatMap((pack) => pack.places)
      .filter((place) => /[きしちにりぎじひみ][やゆよ]う/.test(place.kana ?? ''));
    expect(small.map((place) => place.name.ja)).toStrictEqual([]);
  });

  test('romanises by rule', () => {
    const en = (code: string): string | undefined => registry.get(code)?.name.en;
    expect(en('271004')).toBe('Osaka');
    expect(en('422088')).toBe('Matsuura');
    expect(en('014001')).toBe('Kutchan');
    expect(en('352161')).toBe("San'yoonoda");
    expect(en('131041')).toBe('Shinjuku-ku');
    expect(en('205613')).toBe('Yamanouchi');
  });

  test('has counties in its aliases, and another spelling where Japan Post has one', () => {
    const aliases = packs.flatMap((pack) => Array.from(pack.aliases.entries()));
    const odd = aliases.flatMap(([code, names]) =>
      names.filter((name) => !name.endsWith(registry.get(code)?.name.ja ?? '')).map((name) => [code, name]),
    );
    expect(odd).toStrictEqual([
      ['394050', '高岡郡檮原町'],
      ['394050', '檮原町'],
      ['403440', '糟屋郡須惠町'],
      ['403440', '須惠町'],
    ]);
    for (const [, names] of aliases) for (const name of names) expect(name).not.toMatch(/^郡/);
  });

  test('stands beside the 249 countries of ISO 3166-1', () => {
    expect(countries).toHaveLength(249);
    for (const country of countries) expect(Schema.safeParse(country).success).toBe(true);
    expect(codes(countries)).toStrictEqual(codes(countries).toSorted());
    expect(codes(countries)).toEqual(expect.arrayContaining(['JP', 'US', 'DE', 'TW', 'GB']));
    for (const reserved of ['EU', 'UK', 'XK', 'SU', 'ZZ']) expect(codes(countries)).not.toContain(reserved);
  });
});

describe('places of Japan', () => {
  test('resolve to themselves, under their parents', () => {
    expect(registry.get('012351')).toStrictEqual({
      code: '012351',
      kind: 'municipality',
      name: { ja: '石狩市', en: 'Ishikari' },
      kana: 'いしかりし',
      parent: 'JP-01',
    });
    expect(registry.ancestors('012351')).toStrictEqual(['012351', 'JP-01', 'JP']);
    expect(registry.ancestors('011011')).toStrictEqual(['011011', '011002', 'JP-01', 'JP']);
    expect(registry.ancestors('JP')).toStrictEqual(['JP']);
  });

  test('contain what lies inside and nothing else', () => {
    expect(registry.contains('JP-01', '012351')).toBe(true);
    expect(registry.contains('JP', '012351')).toBe(true);
    expect(registry.contains('012351', '012351')).toBe(true);
    expect(registry.contains('012351', 'JP-01')).toBe(false);
    expect(registry.contains('JP-13', '012351')).toBe(false);
    expect(registry.contains('US', '012351')).toBe(false);
  });

  test('read in both languages with the places around them', () => {
    expect(registry.nameOf('012351')).toStrictEqual({ ja: '北海道石狩市', en: 'Ishikari, Hokkaido' });
    expect(registry.nameOf('221384')).toStrictEqual({
      ja: '静岡県浜松市中央区',
      en: 'Chuo-ku, Hamamatsu, Shizuoka',
    });
    expect(registry.nameOf('JP-13')).toStrictEqual({ ja: '東京都', en: 'Tokyo' });
    expect(registry.nameOf('US')).toStrictEqual({ ja: 'アメリカ合衆国', en: 'United States' });
  });
});

test.each(['000000', '012350', 'JP-48', 'JP-1', 'XX', '', '01235', 'constructor', '__proto__'])(
  'the unknown place %s is nowhere',
  (code) => {
    expect(registry.get(code)).toBeUndefined();
    expect(registry.nameOf(code)).toBeUndefined();
    expect(registry.ancestors(code)).toStrictEqual([]);
    expect(registry.contains('JP', code)).toBe(false);
    expect(registry.contains(code, '012351')).toBe(false);
    expect(registry.contains(code, code)).toBe(false);
  },
);

describe('a place is what it was on the day', () => {
  const before = '2023-12-31';
  const after = '2024-01-01';

  test.each(['221317', '221325', '221333', '221341', '221350', '221368', '221376'])(
    'the old ward %s of Hamamatsu until the end of 2023',
    (code) => {
      expect(registry.ancestors(code, before)).toStrictEqual([code, '221309', 'JP-22', 'JP']);
      expect(registry.contains('JP-22', code, before)).toBe(true);
      expect(registry.get(code, after)).toBeUndefined();
      expect(registry.contains('JP-22', code)).toBe(false);
    },
  );

  test.each(['221384', '221392', '221406'])('the new ward %s of Hamamatsu since 2024', (code) => {
    expect(registry.get(code, before)).toBeUndefined();
    expect(registry.contains('JP-22', code, before)).toBe(false);
    expect(registry.ancestors(code, after)).toStrictEqual([code, '221309', 'JP-22', 'JP']);
    expect(registry.get(code)?.kind).toBe('ward');
  });

  test('a town that became a city, a code whose name changed, a town that joined a city', () => {
    expect(registry.nameOf('403059', '2018-09-30')?.ja).toBe('福岡県那珂川町');
    expect(registry.get('402311', '2018-09-30')).toBeUndefined();
    expect(registry.nameOf('402311', '2018-10-01')?.ja).toBe('福岡県那珂川市');
    expect(registry.get('282219', '2019-04-30')?.name.ja).toBe('篠山市');
    expect(registry.get('282219', '2019-05-01')?.name.ja).toBe('丹波篠山市');
    expect(registry.get('093670', '2014-04-04')?.name.ja).toBe('岩舟町');
    expect(registry.get('093670', '2014-04-05')).toBeUndefined();
  });

  test('today is the day in Japan, and follows the clock', () => {
    let nowMs = Date.parse('2023-12-31T14:59:59.999Z');
    const moving = createPlaceRegistry(packs, countries, { nowMs: () => nowMs, monotonicMs: () => 0 });
    expect(moving.get('221317')).toBeDefined();
    expect(moving.get('221384')).toBeUndefined();
    nowMs += 1;
    expect(moving.get('221317')).toBeUndefined();
    expect(moving.get('221384')).toBeDefined();
  });

  test.each(['2023', 'today', '2023-6-1', '20230601', ''])('%j is not a day', (on) => {
    for (const ask of [
      () => registry.get('JP', on),
      () => registry.find('札幌市', on),
      () => registry.ancestors('JP', on),
      () => registry.contains('JP', 'JP', on),
      () => registry.nameOf('JP', on),
      () => registry.all(on),
    ]) {
      expect(ask).toThrow(expect.objectContaining({ code: 'invalid_request' }) as SekishoError);
    }
  });
});

describe('find', () => {
  test.each([
    ['石狩市', '012351'],
    ['北海道石狩市', '012351'],
    ['北海道 石狩市', '012351'],
    ['いしかりし', '012351'],
    ['イシカリシ', '012351'],
    ['ｲｼｶﾘｼ', '012351'],
    ['ISHIKARI', '012351'],
    ['Ishikari, Hokkaidō', '012351'],
    ['浜松市中央区', '221384'],
    ['静岡県浜松市中央区', '221384'],
    ['しずおかけんはままつしちゅうおうく', '221384'],
    ['Chuo-ku, Hamamatsu', '221384'],
    ['石狩郡当別町', '013030'],
    ['北海道石狩郡当別町', '013030'],
    ['檮原町', '394050'],
    ['高知県高岡郡檮原町', '394050'],
    ['金ヶ崎町', '033812'],
    ['アメリカ合衆国', 'US'],
    ['united states', 'US'],
    ['Tokyo', 'JP-13'],
  ])('%s is first %s', (name, code) => {
    expect(registry.find(name)[0]?.code).toBe(code);
  });

  test('exact names come before prefixes, prefixes before parts, each in code order', () => {
    const matches = registry.find('中央区');
    const exact = matches.filter((place) => place.name.ja === '中央区');
    expect(matches.slice(0, exact.length)).toStrictEqual(exact);
    expect(codes(exact)).toStrictEqual(codes(exact).toSorted());
    expect(codes(exact)).toContain('221384');
    expect(registry.find('狩市').map((place) => place.name.ja)).toContain('石狩市');
  });

  test('a prefecture brings what lies in it after itself', () => {
    const found = codes(registry.find('北海道'));
    expect(found[0]).toBe('JP-01');
    expect(found).toHaveLength(1 + 185 + 10);
  });

  test('only places of the day', () => {
    expect(codes(registry.find('浜松市中区'))).toStrictEqual([]);
    expect(codes(registry.find('浜松市中区', '2023-06-01'))).toStrictEqual(['221317']);
    expect(codes(registry.find('浜松市天竜区', '2023-06-01'))).toStrictEqual(['221376']);
    expect(codes(registry.find('浜松市天竜区'))).toStrictEqual(['221406']);
  });

  test.each(['', ' ', '、', 'x'.repeat(101), 'ありえない場所', '\u0000'])('%j finds nothing', (name) => {
    expect(registry.find(name)).toStrictEqual([]);
  });

  test('never throws, whatever the text, and stays in its bound', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 120 }), (name) => {
        expect(registry.find(name).length).toBeLessThanOrEqual(2000);
      }),
      { numRuns: 50 },
    );
  });

  test('every place is found by its full name on its own day', () => {
    for (const place of packs.flatMap((pack) => pack.places).filter((_, index) => index % 40 === 0)) {
      const day = place.validTo ?? '2026-04-01';
      const name = registry.nameOf(place.code, day);
      expect(codes(registry.find(name!.ja, day))).toContain(place.code);
      expect(codes(registry.find(name!.en, day))).toContain(place.code);
    }
  });
});

describe('containment', () => {
  const anyCode = (): fc.Arbitrary<string> => fc.constantFrom(...codes(registry.all()));
  /** A place and one of its ancestors, so that the property is not about unrelated pairs only. */
  const related = (): fc.Arbitrary<readonly [string, string]> =>
    anyCode().chain((code) => fc.tuple(fc.constantFrom(...registry.ancestors(code)), fc.constant(code)));

  test('agrees with the ancestors', () => {
    fc.assert(
      fc.property(fc.oneof(related(), fc.tuple(anyCode(), anyCode())), ([outer, inner]) => {
        expect(registry.contains(outer, inner)).toBe(registry.ancestors(inner).includes(outer));
      }),
    );
  });

  test('is antisymmetric', () => {
    fc.assert(
      fc.property(related(), ([outer, inner]) => {
        expect(registry.contains(outer, inner)).toBe(true);
        expect(registry.contains(inner, outer)).toBe(outer === inner);
      }),
    );
  });

  test('is transitive', () => {
    fc.assert(
      fc.property(related(), anyCode(), ([middle, inner], outer) => {
        for (const around of [outer, ...registry.ancestors(middle)]) {
          if (registry.contains(around, middle)) expect(registry.contains(around, inner)).toBe(true);
        }
      }),
    );
  });

  test('puts a place in exactly one country', () => {
    const nations = codes(countries);
    fc.assert(
      fc.property(anyCode(), (code) => {
        expect(nations.filter((nation) => registry.contains(nation, code))).toHaveLength(1);
      }),
      { numRuns: 30 },
    );
  });
});
