import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatCursor, parseCursor } from './index.ts';

const position = { startedAt: '2026-04-01T00:00:00.123Z', crossing: '01990000-0000-7000-8000-000000000001' };
const filter = { tenant: 'city', place: 'JP-13', startedFrom: undefined };
const cursor = formatCursor(position, filter);

const anyPosition = fc
  .record({
    ms: fc.integer({ min: 0, max: 253_402_300_799_999 }),
    digits: fc.stringMatching(/^[0-9a-f]{32}$/),
  })
  .map(({ ms, digits }) => ({
    startedAt: new Date(ms).toISOString(),
    crossing: digits
      .replace(/^(.{12})./, '$17')
      .replace(/^(.{16})./, '$1b')
      .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5'),
  }));

describe('a cursor', () => {
  it('gives back its position', () => {
    fc.assert(
      fc.property(anyPosition, (any) => {
        expect(parseCursor(formatCursor(any, filter), filter)).toEqual(any);
      }),
    );
  });

  it('does not care for the order of filters, nor for those not given', () => {
    expect(parseCursor(cursor, { place: 'JP-13', workspace: undefined, tenant: 'city' })).toEqual(position);
  });

  it.each<[string, object]>([
    ['another value', { ...filter, tenant: 'town' }],
    ['one more', { ...filter, workspace: 'desk' }],
    ['one less', { tenant: 'city' }],
  ])('belongs to its filters: %s', (_name, other) => {
    expect(() => parseCursor(cursor, other)).toThrow(expect.objectContaining({ code: 'invalid_request' }));
  });

  const bytes = Buffer.from(cursor, 'base64url');
  const altered = (at: number, value: number): string => {
    const copy = Buffer.from(bytes);
    copy[at] = value;
    return copy.toString('base64url');
  };
  it.each([
    ['nothing', ''],
    ['a word', 'next'],
    ['too short', cursor.slice(0, -4)],
    ['too long', `${cursor}AAAA`],
    ['padding', `${cursor}=`],
    ['the other alphabet', Buffer.from(bytes.fill(0xff, 25)).toString('base64')],
    ['a stranger in it', `${cursor.slice(0, 5)} ${cursor.slice(5)}`],
    ['another version', altered(0, 2)],
    ['a time beyond the calendar', altered(1, 0xff)],
    ['an id that is none', altered(15, 0x40)],
  ])('that is %s is refused by its name', (_name, text) => {
    expect(() => parseCursor(text, filter)).toThrow(
      expect.objectContaining({
        code: 'invalid_request',
        faults: [expect.objectContaining({ path: 'cursor' })],
      }),
    );
  });

  it('never throws anything else, whatever the text', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.uint8Array().map((any) => Buffer.from(any).toString('base64url')),
        ),
        (text) => {
          try {
            parseCursor(text, filter);
          } catch (error) {
            expect(error).toMatchObject({ code: 'invalid_request' });
          }
        },
      ),
    );
  });
});
