import type { Bilingual, Fault, Platform } from '@sekisho/contract';
import type { KnownPlaces } from './ports.ts';

/** The ledger of the cell itself goes by this name among those of the tenants. */
const RESERVED_TENANT = 'cell';

type Path = readonly (string | number)[];

/** Everything in a well-formed document that refers to something absent, or twice to one name. */
export function referenceFaults(
  platform: Platform,
  places: KnownPlaces,
  presets: ReadonlySet<string>,
): Fault[] {
  const check = new ReferenceCheck(places);
  checkSites(platform, check);
  checkCell(platform, check);
  checkEndpoints(platform, check);
  checkTenants(platform, check, presets);
  checkPrices(platform, check);
  return check.faults;
}

function checkSites({ sites, operator }: Platform, check: ReferenceCheck): void {
  check.place(['operator', 'country'], operator.country);
  check.distinct(sites.map((site, at) => [site.id, ['sites', at, 'id']]));
  sites.forEach((site, at) => {
    check.place(['sites', at, 'place'], site.place);
    check.place(['sites', at, 'operator', 'country'], site.operator.country);
  });
}

/** What a workspace has kept is kept where the cell stands, so that must be said. */
function checkCell({ cell, sites, tenants }: Platform, check: ReferenceCheck): void {
  if (cell !== undefined) {
    if (!sites.some(({ id }) => id === cell.site)) check.noSite(['cell', 'site'], cell.site);
    return;
  }
  tenants.forEach(({ workspaces }, at) => {
    workspaces.forEach(({ retention }, position) => {
      if (Object.keys(retention?.payloads ?? {}).length === 0) return;
      check.add(['tenants', at, 'workspaces', position, 'retention'], {
        ja: '内容を保管するには、セルの場所を最上位の cell: { site: … } に書いてください',
        en: 'keeping payloads needs the place of the cell: declare cell: { site: … } at the top level',
      });
    });
  });
}

function checkEndpoints({ endpoints, sites }: Platform, check: ReferenceCheck): void {
  const siteIds = new Set(sites.map((site) => site.id));
  check.distinct(endpoints.map((endpoint, at) => [endpoint.id, ['endpoints', at, 'id']]));
  endpoints.forEach(({ models, copies }, at) => {
    const path = ['endpoints', at] as const;
    check.distinct(models.map(({ model }, position) => [model, [...path, 'models', position, 'model']]));
    check.distinct(
      copies.map(({ kind, site }, position) => [`${kind} @ ${site}`, [...path, 'copies', position]]),
    );
    copies.forEach(({ site }, position) => {
      if (!siteIds.has(site)) check.noSite([...path, 'copies', position, 'site'], site);
    });
    const processing = copies.filter((copy) => copy.kind === 'processing').length;
    if (processing !== 1) {
      check.add([...path, 'copies'], {
        ja: `processing のコピーはちょうど1件必要です（現在${processing}件）`,
        en: `exactly one copy must be processing; there are ${processing}`,
      });
    }
  });
}

function checkTenants({ tenants }: Platform, check: ReferenceCheck, presets: ReadonlySet<string>): void {
  check.distinct(tenants.map((tenant, at) => [tenant.id, ['tenants', at, 'id']]));
  tenants.forEach((tenant, at) => {
    if (tenant.id === RESERVED_TENANT) {
      check.add(['tenants', at, 'id'], {
        ja: `「${RESERVED_TENANT}」はセル自身の名前なので使えません`,
        en: `"${RESERVED_TENANT}" is the name of the cell itself`,
      });
    }
    const path = ['tenants', at, 'workspaces'] as const;
    check.distinct(tenant.workspaces.map((workspace, position) => [workspace.id, [...path, position, 'id']]));
    tenant.workspaces.forEach((workspace, position) => {
      checkWorkspace(workspace, [...path, position], check, presets);
    });
  });
}

function checkWorkspace(
  { boundary, dataClasses, presets: chosen, retention }: Platform['tenants'][number]['workspaces'][number],
  path: Path,
  check: ReferenceCheck,
  presets: ReadonlySet<string>,
): void {
  for (const [action, codes] of Object.entries(boundary.allow)) {
    codes.forEach((code, position) => check.place([...path, 'boundary', 'allow', action, position], code));
  }
  boundary.operatorCountries?.forEach((code, position) => {
    check.place([...path, 'boundary', 'operatorCountries', position], code);
  });
  check.distinct(dataClasses.map((name, position) => [name, [...path, 'dataClasses', position]]));
  check.distinct(chosen.map((name, position) => [name, [...path, 'presets', position]]));
  for (const [dataClass, rule] of Object.entries(retention?.payloads ?? {})) {
    const at = [...path, 'retention', 'payloads', dataClass] as const;
    check.distinct(rule.keep.map((kind, position) => [kind, [...at, 'keep', position]]));
    if (dataClasses.some((name) => name === dataClass)) continue;
    check.add(at, {
      ja: `この作業区画で使えないデータ区分です: ${dataClass}`,
      en: `the workspace may not use data of this class: ${dataClass}`,
    });
  }
  chosen.forEach((name, position) => {
    if (presets.has(name)) return;
    check.add([...path, 'presets', position], {
      ja: `プリセットがありません: ${name}`,
      en: `no such preset: ${name}`,
    });
  });
}

/** Every served model needs its price: what cannot be metered is not carried. */
function checkPrices({ prices, endpoints }: Platform, check: ReferenceCheck): void {
  const served = new Set(endpoints.flatMap((endpoint) => endpoint.models.map(({ model }) => model)));
  const priced = new Set(prices.map((price) => price.model));
  check.distinct(prices.map(({ model }, at) => [model, ['prices', at, 'model']]));
  prices.forEach(({ model }, at) => {
    if (served.has(model)) return;
    check.add(['prices', at, 'model'], {
      ja: `このモデルを提供する提供先がありません: ${model}`,
      en: `no endpoint serves this model: ${model}`,
    });
  });
  const reported = new Set<string>();
  endpoints.forEach(({ models }, at) => {
    models.forEach(({ model }, position) => {
      if (priced.has(model) || reported.has(model)) return;
      reported.add(model);
      check.add(['endpoints', at, 'models', position, 'model'], {
        ja: `価格がありません: ${model}`,
        en: `has no price: ${model}`,
      });
    });
  });
}

class ReferenceCheck {
  readonly faults: Fault[] = [];
  readonly #places: KnownPlaces;

  constructor(places: KnownPlaces) {
    this.#places = places;
  }

  add(path: Path, message: Bilingual): void {
    this.faults.push({ path: path.join('.'), message });
  }

  noSite(path: Path, site: string): void {
    this.add(path, { ja: `サイトがありません: ${site}`, en: `no such site: ${site}` });
  }

  place(path: Path, code: string): void {
    if (this.#places.get(code) !== undefined) return;
    this.add(path, { ja: `現在の場所コードにありません: ${code}`, en: `no such place today: ${code}` });
  }

  /** The second and later use of a name is the fault. */
  distinct(names: readonly (readonly [name: string, path: Path])[]): void {
    const seen = new Set<string>();
    for (const [name, path] of names) {
      if (seen.has(name)) this.add(path, { ja: `重複しています: ${name}`, en: `is repeated: ${name}` });
      seen.add(name);
    }
  }
}
