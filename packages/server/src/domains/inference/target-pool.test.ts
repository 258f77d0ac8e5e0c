import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { TargetPool } from './target-pool.ts';
import type { PooledTarget, TargetPoolLimits } from './target-pool.ts';

const a: PooledTarget = { endpoint: 'a', weight: 1 };
const b: PooledTarget = { endpoint: 'b', weight: 1 };
const c: PooledTarget = { endpoint: 'c', weight: 3 };

/** Numbers that repeat on every run (mulberry32). */
function seeded(seed = 1): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function pool(limits: Partial<TargetPoolLimits> = {}): TargetPool {
  return new TargetPool(seeded(), limits);
}

function names(targets: readonly PooledTarget[]): string[] {
  return targets.map(({ endpoint }) => endpoint);
}

function fail(subject: TargetPool, endpoint: string, times: number, nowMs = 0): void {
  for (let failure = 0; failure < times; failure++) subject.begin(endpoint, nowMs).failed(nowMs);
}

describe('the order of targets', () => {
  test('never holds a target that was not given, and none twice', () => {
    fc.assert(
      fc.property(
        fc.subarray([a, b, c]),
        fc.array(fc.record({ endpoint: fc.constantFrom('a', 'b', 'c', 'x'), ok: fc.boolean() })),
        fc.option(fc.string(), { nil: undefined }),
        (given, past, key) => {
          const subject = pool();
          for (const { endpoint, ok } of past) {
            const attempt = subject.begin(endpoint, 0);
            if (ok) attempt.answered(5);
            if (ok) attempt.ended();
            else attempt.failed(5);
          }
          const order = names(subject.order(given, 10, key));
          expect(new Set(order).size).toBe(order.length);
          for (const endpoint of order) expect(names(given)).toContain(endpoint);
        },
      ),
    );
  });

  test('shares idle load by weight', () => {
    const subject = pool();
    const first = Array.from({ length: 5000 }, () => subject.order([a, c], 0)[0]?.endpoint);
    const share = first.filter((endpoint) => endpoint === 'c').length / first.length;
    // Two draws of which the heavier wins: 1 - (1/4)^2.
    expect(share).toBeGreaterThan(0.9);
    expect(share).toBeLessThan(0.97);
  });

  test('prefers the target that answers faster', () => {
    const subject = pool();
    for (const [endpoint, latencyMs] of [
      ['a', 400],
      ['b', 20],
    ] as const) {
      const attempt = subject.begin(endpoint, 0);
      attempt.answered(latencyMs);
      attempt.ended();
    }
    const first = Array.from({ length: 1000 }, () => subject.order([a, b], 0)[0]?.endpoint);
    expect(first.filter((endpoint) => endpoint === 'b').length).toBeGreaterThan(700);
  });

  test('prefers the target with less under way', () => {
    const subject = pool();
    for (let request = 0; request < 10; request++) subject.begin('a', 0);
    const first = Array.from({ length: 1000 }, () => subject.order([a, b], 0)[0]?.endpoint);
    expect(first.filter((endpoint) => endpoint === 'b').length).toBeGreaterThan(700);
  });
});

describe('affinity', () => {
  test('the same key goes to the same target, and few keys move when one is gone', () => {
    const subject = pool();
    const keys = Array.from({ length: 300 }, (_, at) => `session-${at}`);
    const before = keys.map((key) => subject.order([a, b, c], 0, key)[0]?.endpoint);
    expect(keys.map((key) => subject.order([c, a, b], 0, key)[0]?.endpoint)).toEqual(before);
    expect(new Set(before)).toEqual(new Set(['a', 'b', 'c']));
    const without = keys.map((key) => subject.order([a, c], 0, key)[0]?.endpoint);
    const moved = keys.filter((_, at) => before[at] !== 'b' && before[at] !== without[at]);
    expect(moved).toEqual([]);
  });

  test('gives way where its target has much more than its share under way', () => {
    const subject = pool();
    const keeper = subject.order([a, b], 0, 'one')[0]?.endpoint ?? '';
    for (let request = 0; request < 20; request++) subject.begin(keeper, 0);
    expect(subject.order([a, b], 0, 'one')[0]?.endpoint).not.toBe(keeper);
  });
});

describe('the circuit', () => {
  test('opens after failures in a row, lets one trial through, and closes when it answers', () => {
    const subject = pool({ failuresMax: 3, openMs: 1000 });
    fail(subject, 'a', 2);
    expect(names(subject.order([a], 0))).toEqual(['a']);
    fail(subject, 'a', 1);
    expect(names(subject.order([a, b], 999))).toEqual(['b']);
    expect(subject.retryAfterMs([a], 400)).toBe(600);
    expect(names(subject.order([a], 1000))).toEqual(['a']);
    const trial = subject.begin('a', 1000);
    expect(subject.order([a], 1001)).toEqual([]);
    trial.answered(1050);
    trial.ended();
    expect(names(subject.order([a], 1051))).toEqual(['a']);
    fail(subject, 'a', 2, 1060);
    expect(names(subject.order([a], 1061))).toEqual(['a']);
  });

  test('stays open twice as long after each failed trial, up to its bound', () => {
    const subject = pool({ failuresMax: 1, openMs: 1000, openMsMax: 3000 });
    fail(subject, 'a', 1, 0);
    const opened: number[] = [];
    let nowMs = 1000;
    for (let trial = 0; trial < 3; trial++) {
      fail(subject, 'a', 1, nowMs);
      opened.push(subject.retryAfterMs([a], nowMs));
      nowMs += opened.at(-1) ?? 0;
    }
    expect(opened).toEqual([2000, 3000, 3000]);
  });

  test('an attempt that says nothing about the target frees the trial', () => {
    const subject = pool({ failuresMax: 1 });
    fail(subject, 'a', 1, 0);
    const trial = subject.begin('a', 1000);
    trial.ended();
    trial.failed(1000);
    expect(names(subject.order([a], 1000))).toEqual(['a']);
  });

  test('a probe opens it and ends its wait', () => {
    const subject = pool({ failuresMax: 2, openMs: 5000 });
    subject.probed('a', false, 0);
    subject.probed('a', false, 0);
    expect(subject.order([a], 100)).toEqual([]);
    expect(subject.down()).toEqual(['a']);
    subject.probed('a', true, 100);
    expect(names(subject.order([a], 100))).toEqual(['a']);
  });
});

test('retries are a share of requests', () => {
  const subject = pool({ retryShare: 0.1, retriesSavedMax: 2 });
  expect([subject.mayRetry(), subject.mayRetry(), subject.mayRetry()]).toEqual([true, true, false]);
  let allowed = 0;
  for (let request = 0; request < 1000; request++) {
    subject.order([a], 0);
    if (subject.mayRetry()) allowed++;
  }
  expect(allowed).toBeGreaterThanOrEqual(99);
  expect(allowed).toBeLessThanOrEqual(101);
});

test('what is no longer declared is forgotten', () => {
  const subject = pool({ failuresMax: 1 });
  fail(subject, 'a', 1);
  subject.keepOnly(new Set(['b']));
  expect(names(subject.order([a], 0))).toEqual(['a']);
});

test('says how each target stands', () => {
  const subject = pool({ failuresMax: 1, openMs: 1000 });
  const stand = (nowMs: number) =>
    subject.standings(nowMs).map(({ inFlight, circuit }) => [inFlight, circuit]);
  const attempt = subject.begin('a', 0);
  expect(stand(0)).toEqual([[1, 'closed']]);
  attempt.failed(0);
  expect(stand(999)).toEqual([[0, 'open']]);
  expect(stand(1000)).toEqual([[0, 'trial']]);
  expect(subject.retriesLeft).toBe(20);
  subject.mayRetry();
  expect(subject.retriesLeft).toBe(19);
});
