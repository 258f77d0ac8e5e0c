import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Platform, SekishoError } from '@sekisho/contract';
import { parsePlatform, planPlatform, platformDigest } from './index.ts';

const codes = new Set(['JP', 'JP-13', 'JP-01', '131016', '012351', 'US']);
const places = { get: (code: string) => (codes.has(code) ? { code } : undefined) };
const presets = new Set(['jp/my-number']);
const name = { ja: '名', en: 'name' };

function document() {
  return {
    apiVersion: 'sekisho/v1',
    operator: { name: 'Operator', country: 'JP' },
    sites: [
      { id: 'tokyo', name, place: '131016', operator: { name: 'A', country: 'JP' } },
      { id: 'ishikari', name, place: '012351', operator: { name: 'A', country: 'JP' } },
    ],
    endpoints: [
      {
        kind: 'embedded',
        id: 'mini-tokyo',
        models: [{ model: 'mini' }],
        copies: [{ kind: 'processing', site: 'tokyo' }],
      },
      {
        kind: 'openai-compatible',
        id: 'large',
        url: 'http://127.0.0.1:1/v1',
        models: [{ model: 'large' }, { model: 'mini' }],
        copies: [
          { kind: 'processing', site: 'tokyo' },
          { kind: 'backup', site: 'ishikari' },
        ],
      },
    ],
    tenants: [
      {
        id: 'city-demo',
        name,
        workspaces: [
          {
            id: 'residents',
            name,
            dataClasses: ['confidentiality-2'],
            boundary: { allow: { process: ['JP-13'] } },
            presets: ['jp/my-number'],
          },
          {
            id: 'library',
            name,
            dataClasses: ['confidentiality-1'],
            boundary: { allow: { process: ['JP'] } },
          },
        ],
      },
    ],
    prices: [
      { model: 'mini', inputYenPerMillionTokens: '15', outputYenPerMillionTokens: '60' },
      { model: 'large', inputYenPerMillionTokens: '150', outputYenPerMillionTokens: '600' },
    ],
  };
}

type Document = ReturnType<typeof document>;

function pathsAfter(change: (input: Document) => void): readonly string[] {
  const input = document();
  change(input);
  try {
    parsePlatform(input, places, presets);
  } catch (error) {
    if (!(error instanceof SekishoError)) throw error;
    expect(error.code).toBe('platform_invalid');
    return error.faults.map((fault) => fault.path);
  }
  return [];
}

const parsed = (input: unknown) => parsePlatform(input, places, presets).platform;

describe('parsePlatform', () => {
  it('accepts a valid document', () => {
    expect(parsed(document()).sites[0]?.certifications).toEqual([]);
  });

  it.each<[string, (input: Document) => void, string[]]>([
    ['an unknown place of a site', (d) => void (d.sites[0]!.place = '221317'), ['sites.0.place']],
    [
      'an unknown operator country',
      (d) => void (d.sites[1]!.operator.country = 'ZZ'),
      ['sites.1.operator.country'],
    ],
    ['a repeated site', (d) => void (d.sites[1]!.id = 'tokyo'), ['sites.1.id', 'endpoints.1.copies.1.site']],
    [
      'an unknown site of a copy',
      (d) => void (d.endpoints[0]!.copies[0]!.site = 'osaka'),
      ['endpoints.0.copies.0.site'],
    ],
    ['no processing copy', (d) => void (d.endpoints[0]!.copies[0]!.kind = 'storage'), ['endpoints.0.copies']],
    [
      'two processing copies',
      (d) => d.endpoints[0]!.copies.push({ kind: 'processing', site: 'ishikari' }),
      ['endpoints.0.copies'],
    ],
    [
      'one copy twice',
      (d) => d.endpoints[1]!.copies.push({ kind: 'backup', site: 'ishikari' }),
      ['endpoints.1.copies.2'],
    ],
    ['a repeated endpoint', (d) => void (d.endpoints[1]!.id = 'mini-tokyo'), ['endpoints.1.id']],
    [
      'one model twice',
      (d) => d.endpoints[0]!.models.push({ model: 'mini' }),
      ['endpoints.0.models.1.model'],
    ],
    ['the name of the cell', (d) => void (d.tenants[0]!.id = 'cell'), ['tenants.0.id']],
    ['a repeated tenant', (d) => d.tenants.push(structuredClone(d.tenants[0]!)), ['tenants.1.id']],
    [
      'a repeated workspace',
      (d) => void (d.tenants[0]!.workspaces[1]!.id = 'residents'),
      ['tenants.0.workspaces.1.id'],
    ],
    [
      'an unknown place of a boundary',
      (d) => d.tenants[0]!.workspaces[1]!.boundary.allow.process.push('JP-99'),
      ['tenants.0.workspaces.1.boundary.allow.process.1'],
    ],
    [
      'an unknown preset',
      (d) => d.tenants[0]!.workspaces[0]!.presets!.push('jp/x'),
      ['tenants.0.workspaces.0.presets.1'],
    ],
    ['a repeated price', (d) => d.prices.push(d.prices[0]!), ['prices.2.model']],
    ['a price without a model', (d) => d.prices.push({ ...d.prices[0]!, model: 'x' }), ['prices.2.model']],
    ['a model without a price', (d) => void d.prices.pop(), ['endpoints.1.models.0.model']],
    ['a lone surrogate', (d) => void (d.sites[0]!.operator.name = '\ud800'), ['']],
  ])('refuses %s by its path', (_what, change, paths) => {
    expect(pathsAfter(change)).toEqual(paths);
  });

  it('lists every fault at once', () => {
    const paths = pathsAfter((input) => {
      input.sites[0]!.place = '999999';
      input.tenants[0]!.id = 'cell';
      input.prices.pop();
    });
    expect(paths).toEqual(['sites.0.place', 'tenants.0.id', 'endpoints.1.models.0.model']);
  });

  it('lists every fault of the shape', () => {
    expect(parseFails({ apiVersion: 'v9', sites: 'none' })).toEqual(
      expect.arrayContaining(['apiVersion', 'operator', 'sites', 'endpoints', 'tenants', 'prices']),
    );
  });

  function parseFails(input: unknown): string[] {
    try {
      parsed(input);
    } catch (error) {
      return error instanceof SekishoError ? error.faults.map((fault) => fault.path) : [];
    }
    return [];
  }
});

describe('planPlatform', () => {
  it('adds everything at first, whole', () => {
    const changes = planPlatform(undefined, parsed(document()));
    expect(changes.map(({ operation, subject }) => `${operation} ${subject}`)).toEqual([
      'add operator',
      'add site ishikari',
      'add site tokyo',
      'add endpoint large',
      'add endpoint mini-tokyo',
      'add tenant city-demo',
      'add workspace city-demo/library',
      'add workspace city-demo/residents',
      'add price large',
      'add price mini',
    ]);
  });

  it('names a change by its subject and path', () => {
    const next = document();
    next.tenants[0]!.workspaces[0]!.boundary.allow.process = ['JP'];
    next.sites.unshift({ id: 'osaka', name, place: 'JP', operator: { name: 'A', country: 'JP' } });
    next.tenants[0]!.workspaces.pop();
    expect(planPlatform(parsed(document()), parsed(next))).toEqual([
      expect.objectContaining({ operation: 'add', subject: 'site osaka', path: '' }),
      expect.objectContaining({ operation: 'remove', subject: 'workspace city-demo/library', path: '' }),
      {
        operation: 'change',
        subject: 'workspace city-demo/residents',
        path: 'boundary.allow.process',
        before: ['JP-13'],
        after: ['JP'],
      },
    ]);
  });

  it('says so when only the order changed', () => {
    const next = document();
    next.endpoints.reverse();
    expect(planPlatform(parsed(document()), parsed(next))).toEqual([
      {
        operation: 'change',
        subject: 'endpoints',
        path: 'order',
        before: ['endpoint mini-tokyo', 'endpoint large'],
        after: ['endpoint large', 'endpoint mini-tokyo'],
      },
    ]);
  });

  it('is empty exactly when the digests are equal', () => {
    const variants = fc.record({
      reversed: fc.boolean(),
      place: fc.constantFrom('131016', '012351'),
      price: fc.constantFrom('15', '16'),
      timeout: fc.constantFrom(60_000, 61_000),
      policies: fc.constantFrom(undefined, '', '// none'),
      dropped: fc.boolean(),
    });
    const make = (variant: {
      reversed: boolean;
      place: string;
      price: string;
      timeout: number;
      policies: string | undefined;
      dropped: boolean;
    }): Platform => {
      const input = document();
      input.sites[0]!.place = variant.place;
      input.prices[0]!.inputYenPerMillionTokens = variant.price;
      Object.assign(input.endpoints[1]!, { firstByteTimeoutMs: variant.timeout });
      if (variant.policies !== undefined) Object.assign(input.tenants[0]!, { policies: variant.policies });
      if (variant.reversed) input.tenants[0]!.workspaces.reverse();
      if (variant.dropped) input.tenants[0]!.workspaces.pop();
      return parsed(input);
    };
    fc.assert(
      fc.property(variants, variants, (a, b) => {
        const [before, after] = [make(a), make(b)];
        expect(planPlatform(before, after).length === 0).toBe(
          platformDigest(before) === platformDigest(after),
        );
      }),
    );
  });
});

describe('platformDigest', () => {
  it('does not depend on the order of keys', () => {
    const platform = parsed(document());
    const shuffled = Platform.parse(Object.fromEntries(Object.entries(platform).toReversed()));
    expect(platformDigest(shuffled)).toBe(platformDigest(platform));
    expect(platformDigest(platform)).toMatch(/^sha256:[0-9a-f]{64}$/);
  });
});
