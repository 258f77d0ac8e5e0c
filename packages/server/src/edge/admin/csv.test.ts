import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { crossingsAsCsv, usageAsCsv } from './csv.ts';

const crossing = {
  crossing: '01990000-0000-7000-8000-000000000000',
  tenant: 'city',
  workspace: 'welfare',
  subject: 'mini',
  startedAt: '2026-04-01T00:00:00.000Z',
  intentIndex: 3,
};

/** RFC 4180, written apart from the code under test. */
function fieldsOf(csv: string): string[][] {
  const rows: string[][] = [];
  const pattern = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/gy;
  let row: string[] = [];
  for (let match = pattern.exec(csv); match !== null; match = pattern.exec(csv)) {
    row.push(match[1]?.replaceAll('""', '"') ?? match[2] ?? '');
    if (match[3] === ',') continue;
    rows.push(row);
    row = [];
  }
  expect(rows.flat().length).toBeGreaterThan(0);
  return rows;
}

describe('a table as CSV', () => {
  it('begins with a byte order mark and its column names, and ends every line with CRLF', () => {
    expect(crossingsAsCsv([crossing])).toBe(
      '\uFEFFcrossing,tenant,workspace,subject,startedAt,result,intentIndex,outcomeIndex\r\n' +
        '01990000-0000-7000-8000-000000000000,city,welfare,mini,2026-04-01T00:00:00.000Z,,3,\r\n',
    );
    const none = { crossings: 0, inputTokens: 0, outputTokens: 0, amountYen: '0' };
    expect(usageAsCsv({ rows: [], total: none }).split('\r\n')).toHaveLength(2);
  });

  it('keeps numbers numbers', () => {
    const row = {
      tenant: 'city',
      workspace: 'welfare',
      model: 'mini',
      day: '2026-04-01',
      crossings: 1,
      inputTokens: 2,
      outputTokens: 3,
      amountYen: '0.000000000001',
    };
    const { tenant: _tenant, workspace: _workspace, model: _model, day: _day, ...total } = row;
    expect(usageAsCsv({ rows: [row], total })).toContain(
      'city,welfare,mini,2026-04-01,1,2,3,0.000000000001\r\n',
    );
  });

  it.each(['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', '\r=1', '＝1+1', '＋1', '－1', '＠SUM(A1)', '\n=1'])(
    'never holds a formula: %j',
    (subject) => {
      const [, row] = fieldsOf(crossingsAsCsv([{ ...crossing, subject }]).slice(1));
      expect(row![3]).toBe(`'${subject}`);
    },
  );

  it('gives back any text, which stays in its field', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (subject) => {
        const rows = fieldsOf(crossingsAsCsv([{ ...crossing, subject }]).slice(1));
        expect(rows).toHaveLength(2);
        expect([subject, `'${subject}`]).toContain(rows[1]![3]);
        expect(rows[1]![4]).toBe(crossing.startedAt);
      }),
    );
  });
});
