import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatYen, parseYen, type LedgerEntry, type Price } from '@sekisho/contract';
import { foldUsage, PriceBook, UsageFold, usageOf, type UsageFacts } from './index.ts';

const outcome = (over: Partial<UsageFacts> = {}): UsageFacts => ({
  time: '2026-04-01T00:00:00.000Z',
  tenant: 'city-demo',
  workspace: 'desk',
  subject: 'sekisho-mini',
  carried: { endpoint: 'mini' },
  usage: { inputTokens: 10, outputTokens: 5, estimated: false, amountYen: '1.5' },
  ...over,
});
const nothing = { inputTokens: 0, outputTokens: 0, estimated: false, amountYen: '0' };

describe('the usage of an outcome', () => {
  test('is one crossing with its tokens and exact money, on the day in Japan', () => {
    expect(usageOf(outcome({ time: '2026-03-31T15:00:00.000Z' }))).toEqual({
      tenant: 'city-demo',
      workspace: 'desk',
      model: 'sekisho-mini',
      day: '2026-04-01',
      crossings: 1,
      inputTokens: 10,
      outputTokens: 5,
      amountPicoYen: 1_500_000_000_000n,
    });
    expect(usageOf(outcome({ time: '2026-03-31T14:59:59.999Z' }))?.day).toBe('2026-03-31');
  });

  test('is none when nothing was carried and nothing used', () => {
    const { carried: _carried, ...notCarried } = outcome({ usage: nothing });
    expect(usageOf(notCarried)).toBeUndefined();
  });

  test('is counted when it was carried and nothing came, or when something was used', () => {
    expect(usageOf(outcome({ usage: nothing }))).toMatchObject({ crossings: 1, inputTokens: 0 });
    const { carried: _carried, ...notCarried } = outcome();
    expect(usageOf(notCarried)).toMatchObject({ crossings: 1, inputTokens: 10 });
  });

  test('refuses an amount that is not canonical', () => {
    expect(() => usageOf(outcome({ usage: { ...nothing, amountYen: '1.50' } }))).toThrow();
    expect(() => usageOf(outcome({ usage: { ...nothing, amountYen: '-1' } }))).toThrow();
  });
});

describe('the fold', () => {
  test('counts only outcomes', () => {
    const genesis: LedgerEntry = {
      version: 1,
      kind: 'genesis',
      time: '2026-04-01T00:00:00.000Z',
      origin: 'x',
    };
    expect(foldUsage([genesis])).toEqual([]);
  });

  test('does not depend on the order, keeps keys apart and is ordered by bytes', () => {
    const facts = fc.record({
      tenant: fc.constantFrom('a', 'a-b'),
      workspace: fc.constantFrom('b-c', 'c'),
      subject: fc.constantFrom('Z', 'a'),
      time: fc.constantFrom('2026-04-01T00:00:00.000Z', '2026-04-01T16:00:00.000Z'),
      picoYen: fc.bigInt({ min: 0n, max: 10n ** 30n }),
      tokens: fc.nat(1000),
    });
    const shuffled = fc
      .array(facts, { minLength: 1, maxLength: 30 })
      .chain((list) => fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length })));
    fc.assert(
      fc.property(shuffled, ([list, other]) => {
        const rowsOf = (these: typeof list) => {
          const fold = new UsageFold();
          for (const { picoYen, tokens, ...keys } of these) {
            const usage = { ...nothing, inputTokens: tokens, amountYen: formatYen(picoYen) };
            fold.add(usageOf(outcome({ ...keys, usage })));
          }
          return fold.rows();
        };
        const rows = rowsOf(list);
        expect(rowsOf(other)).toEqual(rows);
        expect(rows.reduce((sum, row) => sum + parseYen(row.amountYen), 0n)).toBe(
          list.reduce((sum, one) => sum + one.picoYen, 0n),
        );
        expect(rows.reduce((sum, row) => sum + row.crossings, 0)).toBe(list.length);
        const keys = rows.map((row) => [row.tenant, row.workspace, row.model, row.day].join('\0'));
        expect(keys).toEqual([...new Set(keys)].sort());
      }),
    );
  });
});

describe('the price of tokens', () => {
  const prices: readonly Price[] = [
    { model: 'a', inputYenPerMillionTokens: '0.000001', outputYenPerMillionTokens: '15' },
  ];
  const book = new PriceBook(prices);
  test.each([
    [1, 0, '0.000000000001'],
    [0, 1, '0.000015'],
    [3, 2, '0.000030000003'],
    [0, 0, '0'],
    [Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER, '135107997828.314119740991'],
  ])('%i and %i tokens', (inputTokens, outputTokens, yen) => {
    expect(book.amount('a', { inputTokens, outputTokens })).toBe(yen);
  });

  test('a model without a price has no amount', () => {
    expect(book.amount('b', { inputTokens: 5, outputTokens: 5 })).toBeUndefined();
  });
});
