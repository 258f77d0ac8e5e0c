import { describe, expect, test } from 'vitest';
import { GuardRule, GuardVerdict, guardLimits } from './guards.ts';

const topics = [{ id: 'rivals', anyOf: ['他社の製品'] }];

describe('a rule', () => {
  test.each([
    [{ guard: 'my-number', action: 'mask' }, ['request', 'answer']],
    [{ guard: 'personal-data', action: 'record', on: ['answer'] }, ['answer']],
    [{ guard: 'prompt-injection', action: 'block' }, ['request']],
    [{ guard: 'instruction-leak', action: 'mask' }, ['answer']],
    [{ guard: 'denied-topics', action: 'record', topics }, ['request', 'answer']],
  ])('such as %j looks at %j', (rule, on) => {
    expect(GuardRule.parse(rule)).toMatchObject({ ...rule, on });
  });

  test.each([
    [{ guard: 'prompt-injection', action: 'mask' }, ['action']],
    [{ guard: 'denied-topics', action: 'mask', topics }, ['action']],
    [{ guard: 'prompt-injection', action: 'block', on: ['answer'] }, ['on', 0]],
    [{ guard: 'instruction-leak', action: 'block', on: ['request'] }, ['on', 0]],
    [{ guard: 'denied-topics', action: 'block' }, ['topics']],
    [{ guard: 'denied-topics', action: 'block', topics: [] }, ['topics']],
    [{ guard: 'my-number', action: 'block', topics }, []],
    [
      { guard: 'denied-topics', action: 'block', topics: [{ id: 'a', anyOf: ['…。'] }] },
      ['topics', 0, 'anyOf', 0],
    ],
    [
      { guard: 'denied-topics', action: 'block', topics: [{ id: 'a', anyOf: ['x'] }] },
      ['topics', 0, 'anyOf', 0],
    ],
    [
      {
        guard: 'denied-topics',
        action: 'block',
        topics: [{ id: 'a', anyOf: ['あ'.repeat(guardLimits.phraseCharacters + 1)] }],
      },
      ['topics', 0, 'anyOf', 0],
    ],
    [{ guard: 'unknown', action: 'block' }, ['guard']],
  ])('such as %j is refused at %j', (rule, path) => {
    const parsed = GuardRule.safeParse(rule);
    expect(parsed.error?.issues.map((issue) => issue.path)).toContainEqual(path);
  });

  test('that would mask a whole text is told what it may do', () => {
    const { error } = GuardRule.safeParse({ guard: 'prompt-injection', action: 'mask' });
    expect(error?.issues[0]?.message).toContain('mask');
  });
});

test('a verdict names each guard, and nothing of what it found', () => {
  const verdict = { guard: 'denied-topics', verdict: 'blocked', findings: 1 };
  expect(GuardVerdict.parse(verdict)).toEqual(verdict);
  expect(GuardVerdict.safeParse({ ...verdict, text: 'x' }).success).toBe(false);
});
