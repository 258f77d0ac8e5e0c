import { IntentEntry, OutcomeEntry } from '@sekisho/contract';
import { commit } from '@sekisho/proof';
import { describe, expect, it } from 'vitest';
import { intentEntry, outcomeEntry, type CrossingEnd } from './index.ts';

const salt = Buffer.alloc(32, 7);
const request = commit(Buffer.from('{}'), salt);
const facts = {
  crossing: '01990000-0000-7000-8000-000000000000',
  tenant: 'city',
  workspace: 'welfare',
  principal: 'key:abc',
  action: 'process',
  subject: 'mini',
  dataClass: 'special-care',
  purpose: 'inference',
  platformRevision: 3,
  policyDigest: `sha256:${'0'.repeat(64)}`,
  policies: ['boundary/process'],
} as const;
const copy = {
  kind: 'processing',
  site: 'tokyo',
  place: 'JP-13',
  operator: 'o',
  operatorCountry: 'JP',
} as const;
const usage = { inputTokens: 1, outputTokens: 2, estimated: false, amountYen: '0.5' };
const reference = { index: 9, leafHash: Buffer.alloc(32, 1) };
const time = '2026-04-01T00:00:00.000Z';
const intent = intentEntry(facts, time, { decision: 'allow', targets: ['one'] }, request);

describe('the entries of a crossing', () => {
  it('are what the contract allows', () => {
    expect(IntentEntry.safeParse(intent).success).toBe(true);
    const end: CrossingEnd = {
      result: 'completed',
      status: 200,
      carried: { endpoint: 'one', copies: [copy], assurance: 'declared' },
      answer: request,
      usage,
    };
    expect(OutcomeEntry.safeParse(outcomeEntry(intent, reference, time, end)).success).toBe(true);
  });

  it('repeat every fact of the intent in the outcome, and nothing of its decision', () => {
    const outcome = outcomeEntry(intent, reference, time, { result: 'denied', status: 403, usage });
    expect(outcome).toMatchObject({
      ...facts,
      request,
      intent: { index: 9, leafHash: `sha256:${'01'.repeat(32)}` },
    });
    for (const field of ['decision', 'targets', 'carried', 'answer'])
      expect(outcome).not.toHaveProperty(field);
  });

  it('have their keys in canonical order, at every depth', () => {
    const carried = { endpoint: 'one', copies: [copy], assurance: 'declared' } as const;
    const end: CrossingEnd = { result: 'completed', status: 200, carried, answer: request, usage };
    const sorted = (value: unknown): boolean => {
      if (typeof value !== 'object' || value === null) return true;
      const keys = Array.isArray(value) ? [] : Object.keys(value);
      return (
        keys.every((key, i) => i === 0 || keys[i - 1]! < key) &&
        Object.values(value).every((inner) => sorted(inner))
      );
    };
    // The commitment is made elsewhere and keeps its own order.
    expect(sorted({ ...intent, request: {} })).toBe(true);
    expect(sorted({ ...outcomeEntry(intent, reference, time, end), request: {}, answer: {} })).toBe(true);
  });

  it('hold no field that came along with a decision’s target', () => {
    const carried = {
      endpoint: 'one',
      copies: [copy],
      assurance: 'declared',
      url: 'http://10.0.0.1',
    } as const;
    const outcome = outcomeEntry(intent, reference, time, { result: 'failed', status: 502, carried, usage });
    expect(outcome.carried).toEqual({ endpoint: 'one', copies: [copy], assurance: 'declared' });
  });
});
