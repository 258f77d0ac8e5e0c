import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { deniedTopicsDetector } from './denied-topics.ts';
import { GuardChain } from './guard-chain.ts';
import { TextScreen } from './text-screen.ts';

const topics = [
  { id: 'rivals', anyOf: ['他社の製品', 'ライバル社', 'Acme AI'] },
  { id: 'investments', anyOf: ['仮想通貨', '通貨の売買', 'FX'] },
];
const detector = deniedTopicsDetector(topics);
const found = (text: string): string[] => detector.find(text).map(({ start, end }) => text.slice(start, end));

describe('a phrase', () => {
  test.each([
    ['仮想通貨について', ['仮想通貨']],
    ['ﾗｲﾊﾞﾙ社は', ['ﾗｲﾊﾞﾙ社']],
    ['らいばる社とライバル社', ['らいばる社', 'ライバル社']],
    ['仮 想\u200b通・貨', ['仮 想\u200b通・貨']],
    ['ACME　ＡＩ と acme-ai', ['ACME　ＡＩ', 'acme-ai']],
    ['fxを始める', ['fx']],
    ['仮想通貨の売買', ['仮想通貨']],
  ])('is found in %j', (text, phrases) => {
    expect(found(text)).toEqual(phrases);
  });

  test.each(['仮想', '通貨', 'effxit', 'FX2', 'prefx', '他社製品', ''])('is not in %j', (text) => {
    expect(found(text)).toEqual([]);
  });

  test('is found in every cut of a text', () => {
    const text = fc.array(
      fc.constantFrom(
        '仮想',
        '通貨',
        'の売買',
        'F',
        'X',
        ' ',
        'Acme',
        ' AI',
        'に',
        '\u200b',
        '他社の',
        '製品',
      ),
      {
        maxLength: 14,
      },
    );
    fc.assert(
      fc.property(text, fc.nat(40), (parts, cut) => {
        const whole = parts.join('');
        const screen = new TextScreen([detector]);
        const pieces = [screen.push(whole.slice(0, cut)), screen.push(whole.slice(cut)), screen.end()];
        expect(pieces.map(({ text: passed }) => passed).join('')).toBe(whole);
        expect(pieces.flatMap(({ findings }) => findings).length).toBe(detector.find(whole).length);
      }),
      { numRuns: 300 },
    );
  });
});

test.each(['ﾗｲﾊﾞﾙ社は', 'あの仮想\u200b通貨とFX'])('%j is found whole, cut at any place', (whole) => {
  for (let cut = 0; cut <= whole.length; cut++) {
    const screen = new TextScreen([detector]);
    const pieces = [screen.push(whole.slice(0, cut)), screen.push(whole.slice(cut)), screen.end()];
    expect(pieces.flatMap(({ findings }) => findings).length, `cut at ${cut}`).toBe(
      detector.find(whole).length,
    );
  }
});

test('two rules of one kind are told apart', () => {
  const chain = new GuardChain([
    { guard: 'denied-topics', action: 'block', on: ['request'], topics: topics.slice(0, 1) },
    { guard: 'denied-topics', action: 'record', on: ['request'], topics: topics.slice(1) },
  ]);
  expect(chain.judgeRequest(['仮想通貨とは'])).toMatchObject({
    isBlocked: false,
    verdicts: [{ verdict: 'passed' }, { verdict: 'recorded', findings: 1 }],
  });
  expect(chain.judgeRequest(['他社の製品とは']).isBlocked).toBe(true);
});
