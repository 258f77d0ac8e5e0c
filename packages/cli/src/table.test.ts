import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { renderFields, renderTable } from './table.ts';
import { displayWidth } from './terminal-width.ts';

test('columns are aligned by what they take on the screen', () => {
  expect(
    renderTable(
      [{ heading: '名前' }, { heading: '数', align: 'right' }],
      [
        ['東京', '5'],
        ['a', '1,234'],
      ],
      80,
    ),
  ).toEqual(['名前     数', '東京      5', 'a     1,234']);
});

test('a breakable column gives way', () => {
  const lines = renderTable(
    [{ heading: 'id' }, { heading: 'workspace', breakable: true }],
    [['x'.repeat(10), 'city-demo/resident-services']],
    30,
  );
  expect(lines).toEqual(['id          workspace', 'xxxxxxxxxx  city-demo/', '            resident-services']);
});

test('where nothing can give way, each row is a block', () => {
  expect(renderTable([{ heading: 'a' }, { heading: '名' }], [['x'.repeat(8), 'y'.repeat(8)]], 12)).toEqual([
    'a   xxxxxxxx',
    '名  yyyyyyyy',
  ]);
});

test('no table is wider than the terminal', () => {
  const cell = fc.constantFrom(
    '',
    'a',
    '関所',
    'x'.repeat(40),
    '東京都千代田区霞が関一丁目',
    'city-demo/services',
  );
  fc.assert(
    fc.property(
      fc.array(fc.tuple(cell, cell, cell), { maxLength: 5 }),
      fc.integer({ min: 30, max: 90 }),
      (rows, width) => {
        const columns = [
          { heading: 'a' },
          { heading: '場所', breakable: true },
          { heading: 'c', breakable: true },
        ];
        expect(renderTable(columns, rows, width).filter((line) => displayWidth(line) > width)).toEqual([]);
      },
    ),
  );
});

test('a long value continues under itself', () => {
  expect(renderFields([['名', 'aaa bbb']], 8, 1)).toEqual([' 名  aaa', '     bbb']);
});
