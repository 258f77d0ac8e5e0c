import fc from 'fast-check';
import { CrossingId } from '@sekisho/contract';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { dayInJapan, timestamp } from './clock.ts';
import { describeCause, jsonLog } from './log.ts';
import { systemRandom, uuidV7 } from './random.ts';

describe('UUID version 7 (RFC 9562 section 5.7)', () => {
  const timeMs = fc.nat(2 ** 48 - 1);

  it('has its version and variant, and holds its time', () => {
    fc.assert(
      fc.property(timeMs, fc.uint8Array({ minLength: 16, maxLength: 16 }), (nowMs, bytes) => {
        const id = uuidV7(nowMs, { bytes: () => Buffer.from(bytes) });
        expect(CrossingId.safeParse(id).success).toBe(true);
        expect(Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16)).toBe(nowMs);
      }),
    );
  });

  it('sorts by its time', () => {
    const random = systemRandom();
    fc.assert(
      fc.property(timeMs, timeMs, (a, b) => {
        fc.pre(a !== b);
        expect(uuidV7(a, random) < uuidV7(b, random)).toBe(a < b);
      }),
    );
  });

  it('is unique in one millisecond', () => {
    const random = systemRandom();
    expect(new Set(Array.from({ length: 20_000 }, () => uuidV7(1, random))).size).toBe(20_000);
  });
});

describe('randomness', () => {
  it('gives as many bytes as asked, also beyond its pool, and never the same ones', () => {
    const random = systemRandom();
    const lengths = [0, 1, 32, 8191, 8192, 8193, 100_000];
    expect(lengths.map((length) => random.bytes(length).length)).toEqual(lengths);
    const drawn = Array.from({ length: 2_000 }, () => random.bytes(32).toString('hex'));
    expect(new Set(drawn).size).toBe(2_000);
  });

  it('gives bytes that the caller may overwrite without touching later ones', () => {
    const random = systemRandom();
    const first = random.bytes(16);
    const kept = Buffer.from(first);
    const second = random.bytes(16);
    const before = Buffer.from(second);
    first.fill(0);
    expect(second).toEqual(before);
    expect(second).not.toEqual(kept);
    expect(random.bytes(16)).not.toEqual(Buffer.alloc(16));
  });
});

describe('time', () => {
  it('is RFC 3339 in UTC with milliseconds', () => {
    expect(timestamp({ nowMs: () => Date.UTC(2026, 3, 1), monotonicMs: () => 0 })).toBe(
      '2026-04-01T00:00:00.000Z',
    );
  });

  it.each([
    ['2026-03-31T14:59:59.999Z', '2026-03-31'],
    ['2026-03-31T15:00:00.000Z', '2026-04-01'],
    ['2028-02-28T15:00:00.000Z', '2028-02-29'],
    ['2026-12-31T15:00:00.000Z', '2027-01-01'],
  ])('%s is the day %s in Japan', (time, day) => {
    expect(dayInJapan(time)).toBe(day);
  });
});

describe('the log', () => {
  it.each([
    ['info', ['info', 'warn', 'error']],
    ['warn', ['warn', 'error']],
    ['error', ['error']],
  ] as const)('from %s up writes %j', (least, written) => {
    const lines: string[] = [];
    const log = jsonLog(
      () => 0,
      least,
      (line) => void lines.push(line),
    );
    log.info('i');
    log.warn('w', { endpoint: 'a\n"b"' });
    log.error('e', { cause: 'x' });
    expect(lines.map((line) => (JSON.parse(line) as { level: string }).level)).toEqual(written);
    for (const line of lines) expect(line.indexOf('\n')).toBe(line.length - 1);
  });

  it('has one line whose time, level and event a field cannot replace', () => {
    const lines: string[] = [];
    jsonLog(
      () => 0,
      'info',
      (line) => void lines.push(line),
    ).warn('real', { event: 'forged', level: 'info', time: 'x' });
    expect(JSON.parse(lines[0]!)).toEqual({ time: '1970-01-01T00:00:00.000Z', level: 'warn', event: 'real' });
  });

  it('describes whatever was thrown', () => {
    expect(describeCause(new Error('x'))).toContain('Error: x');
    expect(describeCause('text')).toBe('text');
    expect(describeCause(undefined)).toBe('undefined');
    expect(describeCause(Object.create(null))).toEqual(expect.any(String));
    expect(describeCause(new Error('outer', { cause: new Error('inner') }))).toContain('inner');
  });

  it.each([
    ['a parser', () => JSON.parse('{"prompt": 国家機密 }') as unknown],
    ['a schema', () => z.strictObject({}).parse({ 国家機密: 1 })],
    ['a schema with a message of several lines', () => z.enum(['a']).parse('国家機密\n    at x (y:1:1)')],
    ['an address', () => decodeURIComponent('国家機密%')],
  ])('repeats nothing of what %s could not read', (_who, read) => {
    let thrown: unknown;
    try {
      read();
    } catch (cause) {
      thrown = cause;
    }
    const told = describeCause(new Error('outer', { cause: thrown }));
    expect(told).toContain('outer');
    expect(told).toMatch(/caused by: \S+Error\n {4}at /);
    expect(told).not.toContain('国家');
  });
});
