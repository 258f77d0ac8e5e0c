import { Platform } from '@sekisho/contract';
import { compileResidency, type PlaceTree, type ResidencyPolicy } from '../../domains/residency/index.ts';
import type { PolicyEngine, PolicyPreset } from '../../domains/residency/index.ts';
import { createCedarEngine } from './cedar-engine.ts';

/** A small country for tests: code, parent, Japanese and English name. */
const tree: readonly (readonly [string, string | undefined, string, string])[] = [
  ['JP', undefined, '日本', 'Japan'],
  ['JP-13', 'JP', '東京都', 'Tokyo'],
  ['131016', 'JP-13', '千代田区', 'Chiyoda'],
  ['131024', 'JP-13', '中央区', 'Chuo'],
  ['JP-01', 'JP', '北海道', 'Hokkaido'],
  ['012351', 'JP-01', '石狩市', 'Ishikari'],
  ['US', undefined, 'アメリカ合衆国', 'United States'],
];
const byCode = new Map(tree.map((place) => [place[0], place]));
export const placeCodes = tree.map(([code]) => code);

export const places: PlaceTree = {
  ancestors(code) {
    const place = byCode.get(code);
    return place === undefined ? [] : [code, ...(place[1] === undefined ? [] : places.ancestors(place[1]))];
  },
  nameOf(code) {
    const shown = places
      .ancestors(code)
      .map((each) => byCode.get(each))
      .filter((place) => place !== undefined)
      .filter(([each, parent]) => each === code || parent !== undefined);
    if (shown.length === 0) return undefined;
    return {
      ja: shown
        .map((each) => each[2])
        .toReversed()
        .join(''),
      en: shown.map((each) => each[3]).join(', '),
    };
  },
};

const name = { ja: '名', en: 'name' };

export function site(
  id: string,
  place: string,
  more: { country?: string; certifications?: string[]; attestation?: string[] } = {},
) {
  return {
    id,
    name,
    place,
    operator: { name: `Operator of ${id}`, country: more.country ?? 'JP' },
    certifications: more.certifications ?? [],
    attestation: more.attestation ?? [],
  };
}

export function endpoint(id: string, copies: Record<string, string>, model = 'mini') {
  return {
    kind: 'embedded',
    id,
    models: [{ model }],
    copies: Object.entries(copies).map(([kind, at]) => ({ kind, site: at })),
  };
}

export function workspace(
  id: string,
  boundary: object,
  more: { dataClasses?: string[]; presets?: string[] } = {},
) {
  return {
    id,
    name,
    dataClasses: more.dataClasses ?? ['confidentiality-2'],
    boundary,
    presets: more.presets ?? [],
  };
}

export function tenant(id: string, workspaces: object[], policies?: string) {
  return { id, name, workspaces, ...(policies === undefined ? {} : { policies }) };
}

export const sites = [
  site('chiyoda', '131016'),
  site('chuo', '131024'),
  site('ishikari', '012351'),
  site('virginia', 'US', { country: 'US' }),
  site('chiyoda-foreign', '131016', { country: 'US' }),
];

export function platformOf(parts: { sites?: object[]; endpoints: object[]; tenants: object[] }): Platform {
  return Platform.parse({
    apiVersion: 'sekisho/v1',
    operator: { name: 'Operator', country: 'JP' },
    sites,
    prices: [],
    ...parts,
  });
}

export const engine = createCedarEngine();

export function compile(
  platform: Platform,
  more: { engine?: PolicyEngine; presets?: readonly PolicyPreset[]; revision?: number } = {},
): ResidencyPolicy {
  return compileResidency({
    platform,
    platformRevision: more.revision ?? 1,
    places,
    presets: more.presets ?? [],
    engine: more.engine ?? engine,
  });
}

/** A platform of one workspace `city/work` and, unless told otherwise, one model at every site. */
export function policyFor(
  boundary: object,
  more: {
    dataClasses?: string[];
    presets?: string[];
    policies?: string;
    sites?: object[];
    endpoints?: object[];
    available?: readonly PolicyPreset[];
    engine?: PolicyEngine;
  } = {},
): ResidencyPolicy {
  return compile(
    platformOf({
      ...(more.sites === undefined ? {} : { sites: more.sites }),
      endpoints: more.endpoints ?? sites.map(({ id }) => endpoint(id, { processing: id })),
      tenants: [tenant('city', [workspace('work', boundary, more)], more.policies)],
    }),
    {
      ...(more.available === undefined ? {} : { presets: more.available }),
      ...(more.engine === undefined ? {} : { engine: more.engine }),
    },
  );
}

export const question = {
  tenant: 'city',
  workspace: 'work',
  action: 'process',
  dataClass: 'confidentiality-2',
  purpose: 'inference',
  model: 'mini',
} as const;
