import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseExposition } from '../../../../tests/harness/parse-exposition.ts';
import { Metrics } from './metrics.ts';

const formats = ['prometheus', 'openmetrics'] as const;

test.each(formats)('says in %s what was counted', async (format) => {
  const metrics = new Metrics();
  const asked = metrics.counter({ name: 'asked', help: 'Questions.', labels: ['who', 'how'] });
  asked.of('a', 'x').add();
  asked.of('a', 'x').add(2);
  asked.of('b', 'x').add();
  metrics.readOne('gauge', { name: 'held', help: 'Things.' }, () => 7);
  metrics.readOne('gauge', { name: 'absent', help: 'Nothing.' }, () => undefined);
  const { families } = parseExposition(await metrics.exposition(format), format);
  expect(families.get('asked')?.samples).toEqual([
    { name: 'asked_total', labels: { who: 'a', how: 'x' }, value: 3 },
    { name: 'asked_total', labels: { who: 'b', how: 'x' }, value: 1 },
  ]);
  expect(families.get('held')?.samples).toEqual([{ name: 'held', labels: {}, value: 7 }]);
  expect(families.get('absent')?.samples).toEqual([]);
});

test.each(formats)('cumulates the buckets of a histogram in %s', async (format) => {
  const metrics = new Metrics();
  const waited = metrics.histogram({ name: 'waited_seconds', help: 'Waits.', unit: 'seconds' }, [0.5, 1, 2]);
  for (const seconds of [0.1, 0.5, 0.7, 2, 3]) waited.of().observe(seconds);
  const samples = parseExposition(await metrics.exposition(format), format).families.get(
    'waited_seconds',
  )?.samples;
  expect(samples?.map(({ value }) => value)).toEqual([2, 3, 4, 5, 6.3, 5]);
});

test('any label value can be read back', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.string({ unit: 'binary', maxLength: 150 }),
      fc.constantFrom(...formats),
      async (value, format) => {
        const metrics = new Metrics();
        metrics
          .counter({ name: 'seen', help: 'a "b" \\ \n c', labels: ['value'] })
          .of(value)
          .add();
        const { families } = parseExposition(await metrics.exposition(format), format);
        expect(families.get('seen')?.samples).toEqual([{ name: 'seen_total', labels: { value }, value: 1 }]);
      },
    ),
  );
});

test('a reader that fails hides no other', async () => {
  const metrics = new Metrics();
  metrics.read('gauge', { name: 'broken', help: 'x' }, () => Promise.reject(new Error('down')));
  metrics.readOne('gauge', { name: 'whole', help: 'x' }, () => 1);
  const { families } = parseExposition(await metrics.exposition('prometheus'), 'prometheus');
  expect([...families.keys()]).toEqual(['whole']);
});

test('what is let go of begins again', async () => {
  const metrics = new Metrics();
  const family = metrics.counter({ name: 'n', help: 'x', labels: ['l'] });
  family.of('gone').add();
  family.of('here').add();
  family.keepOnly(([label]) => label === 'here');
  expect([...family].map(({ labels }) => labels)).toEqual([['here']]);
  expect(family.of('gone').value).toBe(0);
});

test('one name is one family', () => {
  const metrics = new Metrics();
  metrics.counter({ name: 'n', help: 'x' });
  expect(() => metrics.readOne('gauge', { name: 'n', help: 'x' }, () => 1)).toThrow();
});
