import type { GuardRule } from '@sekisho/contract';
import { describe, expect, test } from 'vitest';
import { GuardChain } from './guard-chain.ts';
import { guardsOfWorkspace } from './workspace-guards.ts';

const NUMBER = '123456789018';
const both = ['request', 'answer'] as ('request' | 'answer')[];

type SpanGuard = 'my-number' | 'secrets' | 'personal-data';

function rule(guard: SpanGuard, action: GuardRule['action'], on = both): GuardRule {
  return { guard, action, on };
}

function through(chain: GuardChain, request: string, pieces: readonly string[]) {
  const { masking } = chain.judgeRequest([request]);
  const screen = chain.screenAnswer(masking);
  const text = screen.text();
  let shown = '';
  for (const piece of pieces) {
    shown += text.push(piece);
    if (screen.isBlocked) return { shown, screen };
  }
  return { shown: shown + text.end(), screen };
}

describe('a request', () => {
  test('is blocked, masked or only recorded, by its rule', () => {
    for (const [action, verdict, text] of [
      ['block', 'blocked', NUMBER],
      ['mask', 'masked', '[[my-number-1]]'],
      ['record', 'recorded', NUMBER],
    ] as const) {
      const judged = new GuardChain([rule('my-number', action)]).judgeRequest(['前', `番号${NUMBER}`]);
      expect(judged.verdicts).toEqual([{ guard: 'my-number', verdict, findings: 1 }]);
      expect(judged.isBlocked).toBe(action === 'block');
      expect(judged.texts).toEqual(['前', `番号${text}`]);
    }
  });

  test('passes each guard, which says so', () => {
    const judged = new GuardChain([rule('secrets', 'block'), rule('personal-data', 'mask')]).judgeRequest([
      'こんにちは',
    ]);
    expect(judged.verdicts.map(({ verdict }) => verdict)).toEqual(['passed', 'passed']);
  });

  test('a later guard sees what an earlier one masked, and finds nothing in the placeholder', () => {
    const chain = new GuardChain([rule('my-number', 'mask'), rule('personal-data', 'block')]);
    expect(chain.judgeRequest([NUMBER]).isBlocked).toBe(false);
  });
});

describe('an answer', () => {
  test('gets back what the request had masked, whatever guards look at it', () => {
    const chain = new GuardChain([rule('my-number', 'mask')]);
    const { shown, screen } = through(chain, `番号は${NUMBER}`, ['あなたの番号は[[my-', 'number-1]]です']);
    expect(shown).toBe(`あなたの番号は${NUMBER}です`);
    expect(screen.verdicts()).toEqual([{ guard: 'my-number', verdict: 'passed', findings: 0 }]);
  });

  test('shows nothing of what the model says by itself', () => {
    const { shown } = through(new GuardChain([rule('my-number', 'mask')]), '', [
      '番号は1234-56',
      '78-9018です',
    ]);
    expect(shown).toBe('番号は[my-number]です');
  });

  test('is blocked before the first character of what was found', () => {
    const { shown, screen } = through(new GuardChain([rule('my-number', 'block')]), '', [
      '番号は1234',
      '5678',
      '9018です',
    ]);
    expect(screen.isBlocked).toBe(true);
    expect(shown).toBe('番号は');
  });

  test('is blocked also where the number ends the answer', () => {
    const { shown, screen } = through(new GuardChain([rule('my-number', 'block')]), '', ['番号は', NUMBER]);
    expect(screen.isBlocked).toBe(true);
    expect(shown).toBe('番号は');
  });

  test('needs no look where no rule says so and nothing was masked', () => {
    const chain = new GuardChain([rule('my-number', 'mask', ['request'])]);
    expect(chain.screenAnswer(chain.judgeRequest(['x']).masking).isNeeded).toBe(false);
    expect(chain.screenAnswer(chain.judgeRequest([NUMBER]).masking).isNeeded).toBe(true);
  });
});

describe('a workspace', () => {
  const name = { ja: '名', en: 'name' };
  const boundary = { allow: {}, requiredCertifications: [], minimumAssurance: 'declared' as const };
  const workspace = { id: 'w', name, boundary, presets: [] };

  test('without the class blocks My Numbers in requests', () => {
    const chain = guardsOfWorkspace({ ...workspace, dataClasses: ['confidentiality-2'] });
    expect(chain.judgeRequest([NUMBER]).isBlocked).toBe(true);
    expect(chain.looksAtAnswers).toBe(false);
  });

  test('with the class, or with a rule of its own, does as it says', () => {
    const withClass = guardsOfWorkspace({ ...workspace, dataClasses: ['my-number'] });
    expect(withClass.looksAtRequests).toBe(false);
    const withRule = guardsOfWorkspace({
      ...workspace,
      dataClasses: ['confidentiality-2'],
      guards: [rule('my-number', 'mask')],
    });
    expect(withRule.judgeRequest([NUMBER])).toMatchObject({ isBlocked: false, texts: ['[[my-number-1]]'] });
  });
});
