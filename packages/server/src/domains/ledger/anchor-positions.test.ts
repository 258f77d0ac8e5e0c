import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { AnchorPositions } from './anchor-positions.ts';

test('the largest tree below the witnessed size counts, in whatever order anchors come', () => {
  const position = fc.record({ index: fc.nat({ max: 40 }), size: fc.integer({ min: 1, max: 100 }) });
  const step = fc.oneof(position, fc.nat({ max: 45 }));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 15 }), (steps) => {
      const positions = new AnchorPositions();
      const seen: { index: number; size: number }[] = [];
      let witnessed = 0;
      for (const each of steps) {
        if (typeof each === 'number') positions.cover((witnessed = Math.max(witnessed, each)));
        else {
          seen.push(each);
          positions.add('north', each);
        }
        const covered = seen.filter(({ index }) => index < witnessed).map(({ size }) => size);
        expect(positions.largestCovered('north')?.size).toBe(
          covered.length === 0 ? undefined : Math.max(...covered),
        );
        expect(positions.largestCovered('south')).toBeUndefined();
      }
    }),
  );
});

test('while witnesses are away little is kept, and wherever they come some of it is covered', () => {
  const anchors = 5000;
  for (const witnessed of [1, 2, 10, 500, 2500, 4990, anchors]) {
    const positions = new AnchorPositions();
    for (let index = 0; index < anchors; index++) positions.add('north', { index, size: index + 1 });
    positions.cover(witnessed);
    const size = positions.largestCovered('north')?.size ?? 0;
    expect(size).toBeGreaterThanOrEqual(1);
    expect(size).toBeLessThanOrEqual(witnessed);
    if (witnessed === anchors) expect(size).toBe(anchors);
  }
});
