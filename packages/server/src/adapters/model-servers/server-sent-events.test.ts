import { SekishoError } from '@sekisho/contract';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EventPayloads } from './server-sent-events.ts';

const MIB = 1024 * 1024;

/** Payloads of a stream that arrives in pieces cut at these positions. */
function payloadsOf(stream: Buffer, cuts: readonly number[] = []): string[] {
  const events = new EventPayloads();
  const edges = [0, ...[...new Set(cuts)].sort((a, b) => a - b), stream.length];
  return edges
    .slice(1)
    .flatMap((end, i) => events.push(stream.subarray(edges[i], end)))
    .map((payload) => payload.toString('utf8'));
}

function codeOf(work: () => unknown): string | undefined {
  try {
    work();
    return undefined;
  } catch (cause) {
    return cause instanceof SekishoError ? cause.code : String(cause);
  }
}

describe('the payloads of an event stream', () => {
  it.each([
    ['one event', 'data: {"a":1}\n\n', ['{"a":1}']],
    ['no space after the colon', 'data:{"a":1}\n\n', ['{"a":1}']],
    ['only the first space is framing', 'data:  x\n\n', [' x']],
    ['CRLF', 'data: a\r\n\r\ndata: b\r\n\r\n', ['a', 'b']],
    ['comments and other fields', ': ping\nevent: x\nid: 7\nretry: 1\ndata: a\n\n: ping\n\n', ['a']],
    ['several data fields of one event', 'data: a\ndata: b\ndata:\n\n', ['a\nb\n']],
    ['a field whose name only begins like data', 'database: x\ndat: y\ndata: z\n\n', ['z']],
    ['blank lines between events', '\n\ndata: a\n\n\n\ndata: b\n\n', ['a', 'b']],
    ['an empty payload', 'data:\n\n', ['']],
    ['an event that the stream never ended', 'data: a\n\ndata: b\n', ['a']],
    ['Japanese text', 'data: {"content":"境界の中"}\n\n', ['{"content":"境界の中"}']],
  ])('%s', (_name, stream, expected) => {
    expect(payloadsOf(Buffer.from(stream))).toEqual(expected);
  });

  it('are the same wherever the network cuts the bytes, between CR and LF and inside a character too', () => {
    const stream = Buffer.from(': hi\r\ndata: {"c":"関所"}\r\n\r\ndata: a\ndata: b\n\ndata: [DONE]\r\n\n');
    const whole = payloadsOf(stream);
    expect(whole).toEqual(['{"c":"関所"}', 'a\nb', '[DONE]']);
    for (let cut = 1; cut < stream.length; cut++) expect(payloadsOf(stream, [cut])).toEqual(whole);
    expect(
      payloadsOf(
        stream,
        Array.from({ length: stream.length - 1 }, (_, i) => i + 1),
      ),
    ).toEqual(whole);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: stream.length - 1 })), (cuts) => {
        expect(payloadsOf(stream, cuts)).toEqual(whole);
      }),
      { numRuns: 200 },
    );
  });

  it('come back from any texts that were framed', () => {
    const text = fc.string({ unit: 'grapheme' }).filter((value) => !/[\r\n]/.test(value));
    fc.assert(
      fc.property(fc.array(text, { maxLength: 8 }), fc.nat(500), (texts, cut) => {
        const stream = Buffer.from(texts.map((value) => `data: ${value}\n\n`).join(''));
        expect(payloadsOf(stream, cut > 0 && cut < stream.length ? [cut] : [])).toEqual(texts);
      }),
    );
  });
});

describe('a hostile server', () => {
  it('may send an event of 1 MiB and no more', () => {
    const events = new EventPayloads();
    expect(events.push(Buffer.from(`data:${'x'.repeat(MIB - 100)}\n\n`))).toHaveLength(1);
    expect(codeOf(() => new EventPayloads().push(Buffer.from(`data:${'x'.repeat(MIB + 1)}\n\n`)))).toBe(
      'upstream_failed',
    );
  });

  it('cannot grow one event by many fields', () => {
    const line = Buffer.from(`data: ${'x'.repeat(64 * 1024)}\n`);
    const events = new EventPayloads();
    expect(codeOf(() => Array.from({ length: 17 }, () => events.push(line)))).toBe('upstream_failed');
  });

  it('cannot grow one event by fields that hold nothing', () => {
    const lines = Buffer.from('data:\n'.repeat(10_000));
    const events = new EventPayloads();
    expect(codeOf(() => Array.from({ length: 200 }, () => events.push(lines)))).toBe('upstream_failed');
  });

  it('cannot grow a line that never ends', () => {
    const piece = Buffer.alloc(64 * 1024, 'x');
    const events = new EventPayloads();
    expect(codeOf(() => Array.from({ length: 18 }, () => events.push(piece)))).toBe('upstream_failed');
  });

  it('cannot make a long line costly by sending it in small pieces', () => {
    // Each piece is looked at once: 16 MiB of work here, where joining all again would be 16 GiB.
    const events = new EventPayloads();
    const piece = Buffer.alloc(32, 'x');
    events.push(Buffer.from('data: '));
    const began = performance.now();
    for (let sent = 0; sent < MIB / 2; sent += piece.length) events.push(piece);
    expect(performance.now() - began).toBeLessThan(1_000);
    const [payload] = events.push(Buffer.from('\n\n'));
    expect(payload).toHaveLength(MIB / 2);
  });
});
