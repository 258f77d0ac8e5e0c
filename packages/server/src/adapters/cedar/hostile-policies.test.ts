import { describe, expect, it } from 'vitest';
import { NESTING_MAX, OPERATORS_MAX, POLICIES_MAX, sizeFault } from './bounded-syntax.ts';
import { CedarInstance } from './cedar-instance.ts';
import { PolicySets } from './policy-sets.ts';
import { engine, policyFor, question } from './residency-fixture.ts';

const policy = (condition: string) => `@id("a") permit (principal, action, resource) when { ${condition} };`;
const nested = (depth: number) => policy('('.repeat(depth) + 'true' + ')'.repeat(depth));
const chained = (length: number) => policy('true && '.repeat(length) + 'true');

describe('the size of a policy text', () => {
  it.each<[string, string]>([
    ['nested brackets', nested(NESTING_MAX)],
    ['brackets of several kinds', policy('[({a:'.repeat(11))],
    ['a long chain', chained(OPERATORS_MAX)],
    ['member accesses', policy(`resource${'.a'.repeat(OPERATORS_MAX)}`)],
    ['branches', policy('if true then true else '.repeat(OPERATORS_MAX / 3) + 'true')],
    ['brackets after a comment that ends with a carriage return', `// \r${nested(NESTING_MAX)}`],
    ['brackets after a string with an escaped quote', policy(`"\\"" == "" && ${nested(NESTING_MAX)}`)],
    ['many policies', policy('true').repeat(POLICIES_MAX + 1)],
  ])('is refused for %s, before the engine sees it', (_what, text) => {
    expect(sizeFault(text)).toBeDefined();
    expect(engine.inspect(text).faults).toEqual([{ policy: '', message: sizeFault(text) }]);
    expect(() => engine.compile(text, [])).toThrow();
  });

  it.each<[string, string]>([
    ['brackets up to the bound', nested(NESTING_MAX - 1)],
    ['operators up to the bound', chained(OPERATORS_MAX - 1)],
    [
      'long lists',
      policy(`[${Array.from({ length: 500 }, (_, n) => `Place::"${n}"`).join(', ')}].contains(Place::"JP")`),
    ],
    ['brackets in strings', policy(`"${'('.repeat(500)}\\"${'['.repeat(500)}" == "x"`)],
    ['brackets in comments', `// ${'('.repeat(500)}\n${policy('true')}`],
  ])('is accepted for %s', (_what, text) => {
    expect(sizeFault(text)).toBeUndefined();
    expect(engine.inspect(text).policies).toHaveLength(1);
  });
});

describe('an instance that trapped', () => {
  const schema = {
    name: 's',
    text: 'entity A; action "act" appliesTo { principal: [A], resource: [A], context: {} };',
  };
  const trap = (instance: CedarInstance) => instance.run((cedar) => cedar.policyToJson(nested(30_000)));

  it('is replaced, and policy sets follow it', () => {
    const instance = new CedarInstance(schema);
    const set = new PolicySets(instance).hold({ a: policy('true') });
    const someone = { type: 'A', id: 'x' };
    const ask = () =>
      set.ask({
        principal: someone,
        action: { type: 'Action', id: 'act' },
        resource: someone,
        context: {},
        entities: [],
      });
    expect(ask()).toMatchObject({ type: 'success', response: { decision: 'allow' } });
    expect(() => trap(instance)).toThrow();
    expect(instance.generation).toBe(1);
    expect(ask()).toMatchObject({ type: 'success', response: { decision: 'allow' } });
  });

  it('does not touch other instances', () => {
    expect(() => trap(new CedarInstance(schema))).toThrow();
    expect(policyFor({ allow: { process: ['JP'] } }).decide(question).decision).toBe('allow');
  });

  it('refuses a schema that does not parse', () => {
    expect(() => new CedarInstance({ name: 's', text: 'entity' })).toThrow();
  });
});
