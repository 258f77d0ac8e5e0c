import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Action, Bilingual, Explanation } from '@sekisho/contract';
import type { Decision, ResidencyPolicy, ResidencyQuestion } from '../../domains/residency/index.ts';
import {
  compile,
  endpoint,
  placeCodes,
  platformOf,
  policyFor,
  question,
  sites,
  tenant,
  workspace,
} from './residency-fixture.ts';

function targets(decision: Decision): string[] {
  return decision.decision === 'allow' ? decision.targets.map((target) => target.endpoint) : [];
}

function refusals(policy: ResidencyPolicy, asked: ResidencyQuestion = question): string[] {
  const decision = policy.decide(asked);
  if (decision.decision === 'allow') throw new Error('a denial was expected');
  return [...decision.policies];
}

describe('a boundary', () => {
  it('allows the sites inside it and no other', () => {
    const policy = policyFor({ allow: { process: ['JP-13'] } });
    expect(targets(policy.decide(question))).toEqual(['chiyoda', 'chuo', 'chiyoda-foreign']);
  });

  it.each<[string[], string[]]>([
    [['131016'], ['chiyoda', 'chiyoda-foreign']],
    [['JP'], ['chiyoda', 'chuo', 'ishikari', 'chiyoda-foreign']],
    [
      ['US', '131024'],
      ['chuo', 'virginia'],
    ],
  ])('may be drawn at every level: %j', (process, expected) => {
    expect(targets(policyFor({ allow: { process } }).decide(question))).toEqual(expected);
  });

  it('refuses an endpoint for its backup in another prefecture, and says which', () => {
    const policy = policyFor(
      { allow: { process: ['JP-13'], 'back-up': ['JP-13'] } },
      { endpoints: [endpoint('large', { processing: 'chiyoda', backup: 'ishikari' })] },
    );
    const decision = policy.decide(question);
    if (decision.decision !== 'deny') throw new Error('a denial was expected');
    expect(decision.policies).toContain('boundary/city/work/back-up/outside');
    expect(decision.refused[0]?.summary.en).toContain('backup in JP-01 (Hokkaido), site ishikari');
    expect(decision.refused[0]?.summary.ja).toContain(
      'バックアップが JP-01（北海道）にあります（サイト ishikari）',
    );
    expect(decision.refused[0]?.copies.map(({ kind, allowed }) => [kind, allowed])).toEqual([
      ['processing', true],
      ['backup', false],
    ]);
  });

  it('names the municipality when it is drawn at municipalities', () => {
    const policy = policyFor(
      { allow: { process: ['131016'] } },
      { endpoints: [endpoint('a', { processing: 'chuo' })] },
    );
    const decision = policy.decide(question);
    expect(decision.decision === 'deny' && decision.refused[0]?.summary.en).toContain(
      'processing in 131024 (Chuo, Tokyo), site chuo',
    );
  });

  it('judges each kind of copy under its own action', () => {
    const everywhere = Object.fromEntries(Action.options.map((action) => [action, ['JP']]));
    const copies = {
      processing: 'chiyoda',
      storage: 'ishikari',
      replica: 'ishikari',
      backup: 'ishikari',
      log: 'ishikari',
      key: 'ishikari',
      telemetry: 'ishikari',
      'support-screen': 'ishikari',
    };
    const refusedFor = (action: Action): string[] =>
      policyFor({ allow: { ...everywhere, [action]: ['JP-13'] } }, { endpoints: [endpoint('a', copies)] })
        .explain(question)
        .endpoints[0]!.copies.filter((copy) => !copy.allowed)
        .map((copy) => copy.kind);
    expect(refusedFor('store')).toEqual(['storage', 'log', 'telemetry']);
    expect(refusedFor('replicate')).toEqual(['replica']);
    expect(refusedFor('back-up')).toEqual(['backup']);
    expect(refusedFor('release-key')).toEqual(['key']);
    expect(refusedFor('support-access')).toEqual(['support-screen']);
    expect(refusedFor('process')).toEqual([]);
  });

  it('judges the processing copy under the action that is asked for', () => {
    const policy = policyFor({ allow: { process: ['JP'], train: ['JP-13'] } });
    expect(targets(policy.decide({ ...question, action: 'train' }))).toEqual([
      'chiyoda',
      'chuo',
      'chiyoda-foreign',
    ]);
    expect(refusals(policy, { ...question, action: 'transfer' })).toEqual([
      'boundary/city/work/transfer/unlisted',
    ]);
  });

  it.each<[string, object, ResidencyQuestion, string]>([
    ['the operator', { operatorCountries: ['JP'] }, { ...question, model: 'foreign' }, 'operator-countries'],
    ['certificates', { requiredCertifications: ['ISMAP', 'ISO 27001'] }, question, 'certifications'],
    ['assurance', { minimumAssurance: 'hardware-attested' }, question, 'assurance'],
    ['data classes', {}, { ...question, dataClass: 'my-number' }, 'data-classes'],
  ])('holds its condition on %s', (_what, condition, asked, rule) => {
    const policy = policyFor(
      { allow: { process: ['JP'] }, ...condition },
      {
        endpoints: [
          endpoint('a', { processing: 'chiyoda' }),
          endpoint('b', { processing: 'chiyoda-foreign' }, 'foreign'),
        ],
      },
    );
    expect(refusals(policy, asked)).toContain(`boundary/city/work/${rule}`);
  });

  it('needs every required certificate', () => {
    const held = { ...sites[0], certifications: ['ISMAP', 'ISO 27001'] };
    const policy = (requiredCertifications: string[]) =>
      policyFor(
        { allow: { process: ['JP'] }, requiredCertifications },
        { sites: [held], endpoints: [endpoint('a', { processing: 'chiyoda' })] },
      ).decide(question).decision;
    expect(policy(['ISMAP', 'ISO 27001'])).toBe('allow');
    expect(policy(['ISMAP', 'PCI DSS'])).toBe('deny');
  });

  it('never takes a declared attestation for evidence', () => {
    const attesting = { ...sites[0], attestation: ['amd-sev-snp', 'nvidia-gpu'] };
    const ask = (minimumAssurance: string) =>
      policyFor(
        { allow: { process: ['JP'] }, minimumAssurance },
        { sites: [attesting], endpoints: [endpoint('a', { processing: 'chiyoda' })] },
      ).decide(question);
    expect(ask('operator-attested').decision).toBe('deny');
    const decision = ask('declared');
    expect(decision.decision === 'allow' && decision.targets[0]?.assurance).toBe('declared');
  });
});

describe('denial by default', () => {
  it.each<[string, ResidencyQuestion, string]>([
    ['an unknown tenant', { ...question, tenant: 'town' }, 'default/unknown-workspace'],
    ['an unknown workspace', { ...question, workspace: 'play' }, 'default/unknown-workspace'],
    ['an unknown model', { ...question, model: 'huge' }, 'default/no-endpoint'],
  ])('meets %s', (_what, asked, reason) => {
    const policy = policyFor({ allow: { process: ['JP'] } });
    expect(refusals(policy, asked)).toEqual([reason]);
    const { decision, policies } = policy.explain(asked);
    expect([decision, policies.map(({ effect }) => effect)]).toEqual(['deny', ['default-deny']]);
  });

  it('meets a site in an unknown place, even one that the boundary names', () => {
    const policy = policyFor(
      { allow: { process: ['221317', 'JP'] } },
      { sites: [{ ...sites[0], place: '221317' }], endpoints: [endpoint('a', { processing: 'chiyoda' })] },
    );
    expect(refusals(policy)).toEqual(['default/unknown-place']);
  });
});

describe('an explanation', () => {
  it('is valid, lists every policy once and agrees with the decision', () => {
    const policy = policyFor({ allow: { process: ['JP-13'] }, operatorCountries: ['JP'] });
    const explanation = Explanation.parse(policy.explain(question));
    expect(explanation.decision).toBe('allow');
    expect(explanation.endpoints.filter(({ allowed }) => allowed).map((verdict) => verdict.endpoint)).toEqual(
      targets(policy.decide(question)),
    );
    expect(explanation.policies.map(({ policy: id }) => id)).toEqual([
      'boundary/city/work/operator-countries',
      'boundary/city/work/process',
      'boundary/city/work/process/outside',
    ]);
  });

  it('stays within the bounds of its texts, however many places and copies there are', () => {
    const many = Array.from({ length: 200 }, (_, index) => ['JP-13', '131016', '131024'][index % 3]!);
    const policy = policyFor(
      { allow: { process: many, store: ['131016', 'US'] } },
      {
        endpoints: [
          {
            ...endpoint('a', { processing: 'ishikari' }),
            copies: [
              { kind: 'processing', site: 'ishikari' },
              ...Array.from({ length: 31 }, () => ({ kind: 'log', site: 'ishikari' })),
            ],
          },
        ],
      },
    );
    const explanation = Explanation.parse(policy.explain(question));
    expect(() => Bilingual.parse(explanation.endpoints[0]?.summary)).not.toThrow();
    expect(explanation.decision).toBe('deny');
  });
});

const someCodes = fc.uniqueArray(fc.constantFrom(...placeCodes), { minLength: 1, maxLength: 4 });
const someBoundary = fc.record({
  allow: fc.dictionary(fc.constantFrom(...Action.options), someCodes, { maxKeys: 8 }),
  operatorCountries: fc.option(fc.uniqueArray(fc.constantFrom('JP', 'US'), { minLength: 1 }), {
    nil: undefined,
  }),
  requiredCertifications: fc.uniqueArray(fc.constantFrom('ISMAP', 'LGWAN-ASP')),
  minimumAssurance: fc.constantFrom('declared', 'operator-attested'),
});
type SomeBoundary = typeof someBoundary extends fc.Arbitrary<infer T> ? T : never;

/** Removes conditions and adds places: nothing that was allowed may be lost. */
const widening = fc.record({
  more: fc.dictionary(fc.constantFrom(...Action.options), someCodes),
  anyOperator: fc.boolean(),
  noCertificates: fc.boolean(),
  anyAssurance: fc.boolean(),
});

function widened(
  boundary: SomeBoundary,
  by: typeof widening extends fc.Arbitrary<infer T> ? T : never,
): SomeBoundary {
  const allow = { ...boundary.allow };
  for (const [action, codes] of Object.entries(by.more)) allow[action] = [...(allow[action] ?? []), ...codes];
  return {
    allow,
    operatorCountries: by.anyOperator ? undefined : boundary.operatorCountries,
    requiredCertifications: by.noCertificates ? [] : boundary.requiredCertifications,
    minimumAssurance: by.anyAssurance ? 'declared' : boundary.minimumAssurance,
  };
}

describe('widening a boundary', { timeout: 60_000 }, () => {
  const endpoints = [
    endpoint('a', { processing: 'chiyoda', backup: 'ishikari', log: 'chuo' }),
    endpoint('b', { processing: 'virginia' }),
    endpoint('c', { processing: 'certified', key: 'chiyoda-foreign' }),
    endpoint('d', { processing: 'chuo' }),
  ];
  const withCertified = [...sites, { ...sites[2], id: 'certified', certifications: ['ISMAP', 'LGWAN-ASP'] }];

  // Read the other way round, it says that narrowing never turns a denial into an allowance.
  it('never turns an allowance into a denial', () => {
    fc.assert(
      fc.property(someBoundary, widening, fc.constantFrom(...Action.options), (boundary, by, action) => {
        const asked = { ...question, action };
        const options = { endpoints, sites: withCertified };
        const narrow = targets(policyFor(boundary, options).decide(asked));
        const wide = targets(policyFor(widened(boundary, by), options).decide(asked));
        expect(wide).toEqual(expect.arrayContaining(narrow));
      }),
      { numRuns: 20 },
    );
  });

  it('allows exactly what lies inside, by a definition that does not use Cedar', () => {
    fc.assert(
      fc.property(someCodes, (process) => {
        const inside: Record<string, string[]> = {
          chiyoda: ['131016', 'JP-13', 'JP'],
          chuo: ['131024', 'JP-13', 'JP'],
          ishikari: ['012351', 'JP-01', 'JP'],
          virginia: ['US'],
          'chiyoda-foreign': ['131016', 'JP-13', 'JP'],
        };
        const expected = Object.keys(inside).filter((id) =>
          inside[id]!.some((code) => process.includes(code)),
        );
        expect(targets(policyFor({ allow: { process } }).decide(question))).toEqual(expected);
      }),
      { numRuns: 20 },
    );
  });
});

describe('the memo', () => {
  const platformWith = (process: string[], purposePolicy?: string) =>
    platformOf({
      endpoints: sites.map(({ id }) => endpoint(id, { processing: id })),
      tenants: [tenant('city', [workspace('work', { allow: { process } })], purposePolicy)],
    });

  it('gives the same frozen decision again', () => {
    const policy = compile(platformWith(['JP']));
    const first = policy.decide(question);
    expect(policy.decide({ ...question, purpose: 'another' })).toBe(first);
    expect(Object.isFrozen(first)).toBe(true);
    if (first.decision !== 'allow') throw new Error('an allowance was expected');
    expect(() => Object.assign(first.targets[0]!, { endpoint: 'virginia' })).toThrow(TypeError);
  });

  it('dies with the revision: the very next decision follows the new policy', () => {
    const before = compile(platformWith(['JP']));
    const after = compile(platformWith(['JP-01']), { revision: 2 });
    expect(targets(before.decide(question))).toContain('chiyoda');
    expect(targets(after.decide(question))).toEqual(['ishikari']);
    expect(after.digest).not.toBe(before.digest);
    expect(after.decide(question).platformRevision).toBe(2);
  });

  it('heeds the purpose as soon as a policy reads it', () => {
    const policy = compile(
      platformWith(
        ['JP'],
        '@id("no-marketing") @reason_ja("広報は不可") @reason_en("not for marketing") forbid (principal, action, resource) when { context.purpose == "marketing" };',
      ),
    );
    expect(policy.decide({ ...question, purpose: 'inference' }).decision).toBe('allow');
    expect(policy.decide({ ...question, purpose: 'marketing' }).decision).toBe('deny');
    expect(policy.decide({ ...question, purpose: 'inference' }).decision).toBe('allow');
  });

  it('keeps questions apart', () => {
    const policy = policyFor(
      { allow: { process: ['JP-13'], train: ['JP-01'] } },
      { dataClasses: ['confidentiality-1', 'confidentiality-2'] },
    );
    const ask = (more: object) => targets(policy.decide({ ...question, ...more }));
    for (let round = 0; round < 2; round++) {
      expect(ask({})).toHaveLength(3);
      expect(ask({ action: 'train' })).toEqual(['ishikari']);
      expect(ask({ dataClass: 'confidentiality-3' })).toEqual([]);
      expect(ask({ workspace: 'play' })).toEqual([]);
      expect(ask({ model: undefined })).toHaveLength(3);
    }
  });
});

describe('the digest', () => {
  it('does not depend on the order of declaration, and does on sites and policies', () => {
    const digestOf = (parts: { places?: string[]; sites?: object[] }) =>
      policyFor({ allow: { process: parts.places ?? ['JP-13', 'US'] } }, { sites: parts.sites ?? sites })
        .digest;
    expect(digestOf({ places: ['US', 'JP-13'], sites: sites.toReversed() })).toBe(digestOf({}));
    expect(digestOf({ places: ['JP-13'] })).not.toBe(digestOf({}));
    expect(digestOf({ sites: sites.with(1, { ...sites[1]!, place: '131016' }) })).not.toBe(digestOf({}));
  });
});
