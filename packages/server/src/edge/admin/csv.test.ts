import type { CrossingSummary } from '@sekisho/contract';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { crossingCsvHeading, crossingCsvLine, usageAsCsv } from './csv.ts';

const commitment = `hmac-sha256:${'b'.repeat(64)}`;
const crossing: CrossingSummary = {
  crossing: '01990000-0000-7000-8000-000000000000',
  tenant: 'city',
  workspace: 'welfare',
  principal: 'key:abc',
  action: 'process',
  subject: 'mini',
  dataClass: 'my-number',
  purpose: 'inference',
  platformRevision: 3,
  decision: 'allow',
  startedAt: '2026-04-01T00:00:00.000Z',
  intentIndex: 3,
  requestCommitment: commitment,
};
const ended: CrossingSummary = {
  ...crossing,
  outcome: {
    index: 4,
    endedAt: '2026-04-01T00:00:01.000Z',
    result: 'completed',
    status: 200,
    carried: { endpoint: 'one', assurance: 'declared', places: ['012351', '131016'] },
    usage: { inputTokens: 1, outputTokens: 2, estimated: false, amountYen: '0.5' },
  },
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
    expect(crossingCsvHeading).toBe(
      '\uFEFFcrossing,tenant,workspace,principal,action,model,dataClass,purpose,decision,platformRevision,' +
        'startedAt,endedAt,result,status,endpoint,assurance,places,inputTokens,outputTokens,amountYen,' +
        'requestCommitment,answerCommitment,intentIndex,outcomeIndex\r\n',
    );
    const facts =
      '01990000-0000-7000-8000-000000000000,city,welfare,key:abc,process,mini,my-number,inference,allow,3,';
    expect(crossingCsvLine(crossing)).toBe(`${facts}2026-04-01T00:00:00.000Z,,,,,,,,,,${commitment},,3,\r\n`);
    expect(crossingCsvLine(ended)).toBe(
      `${facts}2026-04-01T00:00:00.000Z,2026-04-01T00:00:01.000Z,completed,200,one,declared,012351 131016,` +
        `1,2,0.5,${commitment},,3,4\r\n`,
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
    (purpose) => {
      const [row] = fieldsOf(crossingCsvLine({ ...crossing, purpose }));
      expect(row![7]).toBe(`'${purpose}`);
    },
  );

  it('gives back any text, which stays in its field', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (purpose) => {
        const rows = fieldsOf(crossingCsvLine({ ...crossing, purpose }));
        expect(rows).toHaveLength(1);
        expect([purpose, `'${purpose}`]).toContain(rows[0]![7]);
        expect(rows[0]![8]).toBe(crossing.decision);
      }),
    );
  });
});
