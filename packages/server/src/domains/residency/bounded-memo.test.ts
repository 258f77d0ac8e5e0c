import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BoundedMemo } from './bounded-memo.ts';

describe('BoundedMemo', () => {
  it('never holds more than its bound, and never another value than the last one set', () => {
    const steps = fc.array(fc.tuple(fc.constantFrom('get', 'set'), fc.nat(30)), { maxLength: 200 });
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 20 }), steps, (entriesMax, actions) => {
        const memo = new BoundedMemo<number>(entriesMax);
        const truth = new Map<string, number>();
        actions.forEach(([action, key], step) => {
          if (action === 'set') {
            memo.set(String(key), step);
            truth.set(String(key), step);
          }
          const found = memo.get(String(key));
          if (found !== undefined) expect(found).toBe(truth.get(String(key)));
          expect(memo.size).toBeLessThanOrEqual(entriesMax);
        });
      }),
    );
  });

  it('keeps what is used and forgets what is not', () => {
    const memo = new BoundedMemo<number>(10);
    memo.set('used', 1);
    memo.set('unused', 2);
    for (let other = 0; other < 100; other++) {
      memo.set(`other${other}`, other);
      expect(memo.get('used')).toBe(1);
    }
    expect(memo.get('unused')).toBeUndefined();
  });
});
