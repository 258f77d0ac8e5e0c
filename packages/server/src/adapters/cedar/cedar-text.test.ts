import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { boundaryPolicies } from '../../domains/residency/boundary-policies.ts';
import { fillWorkspace, policyText } from '../../domains/residency/cedar-text.ts';
import { engine, places } from './residency-fixture.ts';

const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc
    .array(
      fc.constantFrom(
        '"',
        '\\',
        ')',
        ';',
        '}',
        '\n',
        '\r',
        '//',
        '$&',
        '{{workspace}}',
        'permit (principal, action, resource);',
        '\u{202e}',
        '\0',
        '\u{2028}',
        '境',
      ),
      { maxLength: 12 },
    )
    .map((parts) => parts.join('')),
);
const wellFormed = (text: string) => text.toWellFormed();

describe('generated Cedar', () => {
  it('holds exactly the text it was given, whatever that is', () => {
    fc.assert(
      fc.property(anyText, anyText, anyText, (id, ja, en) => {
        const { policies } = engine.inspect(
          policyText({ id, reason: { ja, en }, effect: 'forbid', scope: 'principal, action, resource' }),
        );
        expect(policies).toHaveLength(1);
        expect(policies[0]).toMatchObject({
          id: wellFormed(id),
          effect: 'forbid',
          annotations: { reason_ja: wellFormed(ja), reason_en: wellFormed(en) },
        });
      }),
    );
  });

  it('lets no name of a workspace out of a boundary', () => {
    const boundaryOf = (id: string) =>
      boundaryPolicies(
        { tenant: 'city', id, dataClasses: ['confidentiality-2'] },
        { allow: { process: ['JP-13'] }, requiredCertifications: [], minimumAssurance: 'declared' },
        places,
      );
    const shape = (id: string) => engine.inspect(boundaryOf(id)).policies.map(({ effect }) => effect);
    const expected = shape('work');
    expect(expected).toHaveLength(10);
    fc.assert(
      fc.property(anyText, (id) => {
        const inspection = engine.inspect(boundaryOf(id));
        expect(inspection.policies.map(({ effect }) => effect)).toEqual(expected);
        for (const { mentions } of inspection.policies) {
          expect(mentions).toContainEqual({ type: 'Workspace', id: wellFormed(`city/${id}`) });
        }
      }),
      { numRuns: 30 },
    );
  });

  it('lets no name of a workspace out of a preset', () => {
    const preset = '@id("jp/x/a") forbid (principal == Workspace::"{{workspace}}", action, resource);';
    fc.assert(
      fc.property(
        // A name may itself look like the blank: it is put in once and not looked at again.
        anyText,
        (name) => {
          const { policies } = engine.inspect(fillWorkspace(preset, name));
          expect(policies.map(({ mentions }) => mentions)).toEqual([
            [{ type: 'Workspace', id: wellFormed(name) }],
          ]);
        },
      ),
    );
  });
});
