import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TargetHealth } from './index.ts';

const PENALTY_MS = 2_000;
const names = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'), { maxLength: 6 });
const targets = (ids: readonly string[]): { endpoint: string }[] => ids.map((endpoint) => ({ endpoint }));
const idsOf = (ordered: readonly { endpoint: string }[]): string[] => ordered.map(({ endpoint }) => endpoint);

describe('the order of targets', () => {
  it('is always a permutation of the allowed ones, whatever was learnt', () => {
    const event = fc.record({
      endpoint: fc.constantFrom('a', 'b', 'x'),
      ok: fc.boolean(),
      atMs: fc.nat(10_000),
    });
    fc.assert(
      fc.property(names, fc.array(event, { maxLength: 20 }), fc.nat(20_000), (ids, events, nowMs) => {
        const health = new TargetHealth(PENALTY_MS);
        for (const { endpoint, ok, atMs } of events) {
          if (ok) health.succeeded(endpoint);
          else health.failed(endpoint, atMs);
          expect(idsOf(health.order(targets(ids), nowMs)).toSorted()).toEqual(ids.toSorted());
        }
      }),
    );
  });

  it('gives each healthy target its turn', () => {
    const health = new TargetHealth(PENALTY_MS);
    const first = Array.from({ length: 6 }, () => idsOf(health.order(targets(['a', 'b', 'c']), 0))[0]);
    expect(first).toEqual(['a', 'b', 'c', 'a', 'b', 'c']);
  });

  it('puts failed ones last, longest ago first, until their penalty has passed or they succeed', () => {
    const health = new TargetHealth(PENALTY_MS);
    health.failed('b', 100);
    health.failed('a', 200);
    expect(idsOf(health.order(targets(['a', 'b', 'c']), 300))).toEqual(['c', 'b', 'a']);
    health.succeeded('a');
    expect(idsOf(health.order(targets(['a', 'b', 'c']), 300)).at(-1)).toBe('b');
    const later = Array.from({ length: 3 }, () => idsOf(health.order(targets(['a', 'b', 'c']), 2_100))[0]);
    expect(new Set(later)).toEqual(new Set(['a', 'b', 'c']));
  });

  it('still tries those that failed when nothing else is left', () => {
    const health = new TargetHealth(PENALTY_MS);
    health.failed('a', 0);
    expect(idsOf(health.order(targets(['a']), 1))).toEqual(['a']);
    expect(health.order([], 1)).toEqual([]);
  });

  it('leaves the list it was given as it was', () => {
    const health = new TargetHealth(PENALTY_MS);
    health.failed('a', 0);
    const given = Object.freeze(targets(['a', 'b']));
    health.order(given, 1);
    expect(idsOf(given)).toEqual(['a', 'b']);
  });
});
