import type { Place, SekishoError } from '@sekisho/contract';
import { describe, expect, test } from 'vitest';
import { createPlaceRegistry, type JurisdictionPack } from './index.ts';

const NOW_MS = Date.parse('2026-04-01T03:00:00Z');

describe('packs that contradict each other are refused', () => {
  const pack = (country: string, ...places: readonly Place[]): JurisdictionPack => ({
    country,
    places,
    aliases: new Map(),
  });
  const place = (code: string, kind: Place['kind'], parent?: string, more: Partial<Place> = {}): Place => ({
    code,
    kind,
    name: { ja: code, en: code },
    ...(parent === undefined ? {} : { parent }),
    ...more,
  });
  const wonderland = place('XW', 'country');
  const clock = { nowMs: () => NOW_MS, monotonicMs: () => 0 };

  test.each<[string, readonly JurisdictionPack[]]>([
    [
      'one code in two packs',
      [pack('XW', place('999991', 'municipality', 'XW')), pack('XV', place('999991', 'municipality', 'XW'))],
    ],
    ['a parent that does not exist', [pack('XW', place('XW-1', 'prefecture', 'XZ'))]],
    ['no parent', [pack('XW', place('XW-1', 'prefecture'))]],
    ['a place inside itself', [pack('XW', place('XW-1', 'prefecture', 'XW-1'))]],
    ['a circle', [pack('XW', place('XW-1', 'prefecture', 'XW-2'), place('XW-2', 'prefecture', 'XW-1'))]],
    ['a country declared twice', [pack('XW', wonderland)]],
    [
      'a parent that ends before its child',
      [
        pack(
          'XW',
          place('XW-1', 'prefecture', 'XW', { validTo: '2020-01-01' }),
          place('999991', 'municipality', 'XW-1'),
        ),
      ],
    ],
    [
      'a gap of a day in the parent',
      [
        pack(
          'XW',
          place('XW-1', 'prefecture', 'XW', { validTo: '2020-01-01' }),
          place('XW-1', 'prefecture', 'XW', { validFrom: '2020-01-03' }),
          place('999991', 'municipality', 'XW-1'),
        ),
      ],
    ],
    [
      'a day with two meanings',
      [
        pack(
          'XW',
          place('XW-1', 'prefecture', 'XW', { validTo: '2020-01-01' }),
          place('XW-1', 'prefecture', 'XW', { validFrom: '2020-01-01' }),
        ),
      ],
    ],
    [
      'a period that ends before it begins',
      [pack('XW', place('XW-1', 'prefecture', 'XW', { validFrom: '2020-01-02', validTo: '2020-01-01' }))],
    ],
  ])('%s', (_, broken) => {
    expect(() => createPlaceRegistry(broken, [wonderland], clock)).toThrow(
      expect.objectContaining({ code: 'jurisdiction_invalid' }) as SekishoError,
    );
  });

  test('a parent that changes its name without a gap is no fault', () => {
    const fine = pack(
      'XW',
      place('XW-1', 'prefecture', 'XW', { validFrom: '2020-01-02' }),
      place('XW-1', 'prefecture', 'XW', { validTo: '2020-01-01' }),
      place('999991', 'municipality', 'XW-1'),
    );
    const made = createPlaceRegistry([fine], [wonderland], clock);
    expect(made.ancestors('999991', '2019-01-01')).toStrictEqual(['999991', 'XW-1', 'XW']);
    expect(made.ancestors('999991', '2021-01-01')).toStrictEqual(['999991', 'XW-1', 'XW']);
  });
});
