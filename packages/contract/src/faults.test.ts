import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { FAULTS_MAX, faultsOf } from './faults.ts';
import { Endpoint, Site } from './platform.ts';

function faults(schema: z.ZodType, input: unknown) {
  const parsed = schema.safeParse(input);
  if (parsed.success) throw new Error('the input was expected to be invalid');
  return faultsOf(parsed.error);
}

describe('faultsOf', () => {
  it('lists every bad field with its dotted path and both languages', () => {
    const found = faults(Site, {
      id: 'Not A Slug',
      name: { ja: '', en: 'x' },
      place: 'JP-13',
      operator: { name: 'a', country: 'Japan', owner: 'x' },
      certifications: [1],
    });
    expect(found.map((fault) => fault.path).toSorted()).toEqual([
      'certifications.0',
      'id',
      'name.ja',
      'operator.country',
      'operator.owner',
    ]);
    for (const fault of found) {
      expect(fault.message.ja).toMatch(/[ぁ-んァ-ヶ一-龠]/);
      expect(fault.message.en).toMatch(/^[ -~]+$/);
    }
  });

  it('says which field is missing and which kinds a union knows', () => {
    expect(faults(z.strictObject({ a: z.string() }), {})).toEqual([
      { path: 'a', message: { ja: '必須の項目です（文字列）', en: 'required (string)' } },
    ]);
    const [fault] = faults(Endpoint, { kind: 'telex' });
    expect(fault?.path).toBe('kind');
    expect(fault?.message.en).toContain('openai-compatible');
    expect(fault?.message.ja).toContain('openai-compatible');
  });

  it('descends into the closest branch of a plain union', () => {
    const schema = z.object({
      u: z.union([
        z.strictObject({ a: z.string(), b: z.string(), c: z.string() }),
        z.strictObject({ d: z.int() }),
      ]),
    });
    expect(faults(schema, { u: { d: 'x' } }).map((fault) => fault.path)).toEqual(['u.d']);
  });

  it('never repeats the given value', () => {
    const secret = 'sk-live-0123456789';
    expect(JSON.stringify(faults(Site, { id: secret + '!', place: secret, operator: secret }))).not.toContain(
      secret,
    );
  });

  it('is bounded', () => {
    const found = faults(
      z.array(z.int()),
      Array.from({ length: FAULTS_MAX + 10 }, () => 'x'),
    );
    expect(found).toHaveLength(FAULTS_MAX);
    expect(found.at(-1)?.message.en).toBe('and 11 more faults');
  });
});
