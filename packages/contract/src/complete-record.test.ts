import { describe, expect, test } from 'vitest';
import { RevisionEntry } from './ledger-entry.ts';

const digest = `sha256:${'0'.repeat(64)}`;
const boundary = { allow: { process: ['JP'] }, requiredCertifications: [], minimumAssurance: 'declared' };

function revision(boundaries: string): unknown {
  const others = { version: 1, kind: 'revision', time: '2026-04-01T00:00:00.000Z', principal: 'cell' };
  const digests = { platformRevision: 1, platformDigest: digest, policyDigest: digest };
  return { ...others, ...digests, boundaries: JSON.parse(boundaries) as unknown };
}

describe('an entry whose records hold __proto__', () => {
  test.each([
    ['beside a workspace', `{"__proto__":${JSON.stringify(boundary)},"welfare":${JSON.stringify(boundary)}}`],
    ['alone', '{"__proto__":1}'],
    ['inside a boundary', '{"welfare":{"allow":{"__proto__":["JP"],"process":["JP"]}}}'],
  ])('is refused, not read without it: %s', (_name, boundaries) => {
    const { error } = RevisionEntry.safeParse(revision(boundaries));
    expect(error?.issues).toMatchObject([{ code: 'unrecognized_keys', keys: ['__proto__'] }]);
    expect(error?.issues[0]?.path[0]).toBe('boundaries');
  });

  test('is read where names are only unusual', () => {
    const { data } = RevisionEntry.safeParse(revision(`{"constructor":${JSON.stringify(boundary)}}`));
    expect(data?.boundaries).toEqual({ constructor: boundary });
  });
});
