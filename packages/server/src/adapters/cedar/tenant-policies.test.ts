import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SekishoError } from '@sekisho/contract';
import type { PolicyEngine } from '../../domains/residency/index.ts';
import {
  compile,
  endpoint,
  engine,
  platformOf,
  policyFor,
  question,
  sites,
  tenant,
  workspace,
} from './residency-fixture.ts';

const named = (id: string, policy: string) =>
  `@id("${id}") @reason_ja("理由") @reason_en("reason") ${policy}`;
const denyAll = named('deny-all', 'forbid (principal, action, resource);');
const permitAll = named('permit-all', 'permit (principal, action, resource);');

function faultsOf(policies: string): readonly string[] {
  try {
    policyFor({ allow: { process: ['JP'] } }, { policies });
  } catch (error) {
    if (!(error instanceof SekishoError) || error.code !== 'platform_invalid') throw error;
    expect(error.faults.map((fault) => fault.path)).toEqual(error.faults.map(() => 'tenants.0.policies'));
    return error.faults.map((fault) => fault.message.en);
  }
  return [];
}

describe("a tenant's own policies", () => {
  it.each<[string, string, string]>([
    ['broken syntax', 'permit (', 'unexpected'],
    [
      'an unknown attribute',
      named('a', 'forbid (principal, action, resource) when { resource.colour == "red" };'),
      'colour',
    ],
    ['an unknown action', named('a', 'forbid (principal, action == Action::"fly", resource);'), 'fly'],
    [
      'an unknown data class',
      named('a', 'forbid (principal, action, resource) when { context.dataClass == DataClass::"my-numbr" };'),
      'my-numbr',
    ],
    [
      'a policy that can never apply',
      named('a', 'forbid (principal is Place, action, resource);'),
      'unable to find',
    ],
    [
      'an unknown place',
      named('a', 'forbid (principal, action, resource in Place::"JP-99");'),
      'no such place',
    ],
    ['an unknown site', named('a', 'forbid (principal, action, resource == Site::"osaka");'), 'no such site'],
    [
      'another tenant',
      named('a', 'forbid (principal in Tenant::"town", action, resource);'),
      'outside the tenant',
    ],
    [
      "another tenant's workspace",
      named('a', 'forbid (principal == Workspace::"town/work", action, resource);'),
      'not a workspace of this tenant',
    ],
    ['a missing @id', '@reason_ja("理由") @reason_en("reason") forbid (principal, action, resource);', '@id'],
    [
      'the id of a boundary',
      named('boundary/city/work/process', 'forbid (principal, action, resource);'),
      '@id',
    ],
    ['a repeated @id', denyAll + denyAll, 'used twice'],
    ['a missing reason', '@id("a") @reason_en("reason") forbid (principal, action, resource);', '@reason_ja'],
    [
      'an overlong reason',
      named('a', 'forbid (principal, action, resource);').replace('理由', '長'.repeat(501)),
      '@reason_ja',
    ],
    ['a template', named('a', 'forbid (principal == ?principal, action, resource);'), 'templates'],
    [
      'too many',
      Array.from({ length: 51 }, (_, n) => named(`p${n}`, 'forbid (principal, action, resource);')).join(
        '\n',
      ),
      'at most',
    ],
  ])('are refused for %s', (_what, policies, message) => {
    expect(faultsOf(policies).some((fault) => fault.includes(message))).toBe(true);
  });

  it('may name what is theirs', () => {
    expect(
      faultsOf(
        named(
          'a',
          'forbid (principal == Workspace::"city/work", action in [Action::"train"], resource) when { principal in Tenant::"city" && resource in Place::"JP-01" && resource != Site::"chuo" };',
        ),
      ),
    ).toEqual([]);
  });

  it('tighten', () => {
    const decision = policyFor({ allow: { process: ['JP'] } }, { policies: denyAll }).decide(question);
    expect([decision.decision, decision.policies]).toEqual(['deny', expect.arrayContaining(['deny-all'])]);
  });

  it('never widen the boundary, whatever they permit', () => {
    const options = { dataClasses: ['confidentiality-2'], policies: permitAll };
    const boundary = { allow: { process: ['JP-01'] }, operatorCountries: ['JP'] };
    const without = policyFor(boundary, { dataClasses: options.dataClasses });
    const widened = policyFor(boundary, options);
    for (const asked of [
      question,
      { ...question, action: 'train' },
      { ...question, dataClass: 'my-number' },
    ] as const) {
      const allowed = (policy: typeof widened) =>
        policy.explain(asked).endpoints.map((verdict) => [verdict.endpoint, verdict.allowed]);
      expect(allowed(widened)).toEqual(allowed(without));
    }
  });
});

describe('tenants', () => {
  const platformWith = (policies?: string) =>
    platformOf({
      endpoints: sites.map(({ id }) => endpoint(id, { processing: id })),
      tenants: [
        tenant('city', [workspace('work', { allow: { process: ['JP'] } })], policies),
        tenant('town', [workspace('work', { allow: { process: ['JP-01'] } })]),
      ],
    });
  const asTown = { ...question, tenant: 'town' };

  it.each([
    ['forbids everything', denyAll],
    ['permits everything', permitAll],
    [
      'fails to evaluate',
      named(
        'broken',
        'forbid (principal, action, resource) when { resource.assurance - 9223372036854775807 - 2 < 0 };',
      ),
    ],
  ])("are not touched by another tenant's policy that %s", (_what, policies) => {
    const alone = compile(platformWith()).explain(asTown);
    const beside = compile(platformWith(policies)).explain(asTown);
    expect({ ...beside, policyDigest: '' }).toEqual({ ...alone, policyDigest: '' });
  });

  it('are denied when one of their own policies fails to evaluate', () => {
    const broken = named(
      'broken',
      'forbid (principal, action, resource) when { resource.assurance - 9223372036854775807 - 2 < 0 };',
    );
    const decision = compile(platformWith(broken)).decide(question);
    expect([decision.decision, decision.policies]).toEqual([
      'deny',
      expect.arrayContaining(['default/evaluation-error']),
    ]);
  });
});

describe('an engine that fails', () => {
  const request = {
    principal: { type: 'Workspace', id: 'city/work' },
    action: { type: 'Action', id: 'process' },
    resource: { type: 'Site', id: 'chuo' },
    context: {
      dataClass: { type: 'DataClass', id: 'confidentiality-2' },
      purpose: 'inference',
      copy: { type: 'CopyKind', id: 'processing' },
    },
  };

  it('denies, whether it cannot compile or cannot authorize', () => {
    const failing: Partial<PolicyEngine>[] = [
      {
        compile() {
          throw new Error('out of memory');
        },
      },
      { compile: () => ({ authorize: () => ({ allowed: true, determining: [], errors: ['p'] }) }) },
    ];
    for (const fault of failing) {
      const decision = policyFor({ allow: { process: ['JP'] } }, { engine: { ...engine, ...fault } }).decide(
        question,
      );
      expect([decision.decision, decision.policies]).toEqual(['deny', ['default/evaluation-error']]);
    }
  });

  it('denies what the schema does not know', () => {
    const authorizer = engine.compile(permitAll, []);
    expect(authorizer.authorize(request)).toMatchObject({ allowed: true, errors: [] });
    for (const wrong of [
      { action: { type: 'Action', id: 'fly' } },
      { principal: { type: 'Tenant', id: 'city' } },
      { context: {} },
      { context: { ...request.context, dataClass: { type: 'DataClass', id: 'secret' } } },
    ]) {
      const verdict = authorizer.authorize({ ...request, ...wrong });
      expect(verdict.allowed).toBe(false);
      expect(verdict.errors.length).toBeGreaterThan(0);
    }
  });

  it('denies when any policy fails to evaluate, since a forbid that fails is skipped', () => {
    const overflowing = 'forbid (principal, action, resource) when { 9223372036854775807 + 1 > 0 };';
    const verdict = engine.compile(permitAll + named('broken', overflowing), []).authorize(request);
    expect(verdict).toEqual({
      allowed: false,
      determining: [{ policy: 'permit-all', effect: 'permit', reason: { ja: '理由', en: 'reason' } }],
      errors: ['broken'],
    });
  });

  it('refuses to compile policies without an @id or with a repeated one', () => {
    for (const wrong of ['permit (principal, action, resource);', permitAll + permitAll, 'permit (']) {
      expect(() => engine.compile(wrong, [])).toThrow();
    }
  });
});

describe('an outline', () => {
  it('reads the tree and not the text', () => {
    const { policies } = engine.inspect(
      named(
        'a',
        'permit (principal, action, resource) when { context.purpose == "context.copy" && context has dataClass };',
      ),
    );
    expect(policies[0]).toMatchObject({
      id: 'a',
      effect: 'permit',
      contextReads: ['dataClass', 'purpose'],
      mentions: [],
    });
  });

  it('survives any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
        expect(engine.inspect(text)).toHaveProperty('faults');
      }),
    );
  });
});
