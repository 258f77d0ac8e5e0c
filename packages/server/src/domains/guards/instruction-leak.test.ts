import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { GuardChain } from './guard-chain.ts';
import { LEAK_LENGTH } from './instruction-leak.ts';

const INSTRUCTIONS =
  'あなたは海原市の子育て相談の窓口です。回答は三百字以内とし、医療の判断はせず、必ず担当課の電話番号を案内してください。合言葉は「青い灯台」です。';
/** A part of the instructions that is just long enough, and no letter longer. */
const LONG_ENOUGH = '市の子育て相談の窓口です。回答は三百字以内とし、医療の判断はせず、必ず担当';

type Action = 'block' | 'mask' | 'record';

function through(
  action: Action,
  pieces: readonly string[],
  instructions: readonly string[] = [INSTRUCTIONS],
) {
  const chain = new GuardChain([{ guard: 'instruction-leak', action, on: ['answer'] }]);
  const screen = chain.screenAnswer(chain.judgeRequest([]).masking, instructions);
  const text = screen.text();
  let shown = '';
  for (const piece of pieces) {
    shown += text.push(piece);
    if (screen.isBlocked) return { shown, verdicts: screen.verdicts() };
  }
  return { shown: shown + text.end(), verdicts: screen.verdicts() };
}

function letters(text: string): number {
  return text.replaceAll(/[^\p{L}\p{N}]/gu, '').length;
}

describe('an answer', () => {
  test('that repeats its instructions is blocked before their first letter', () => {
    const { shown, verdicts } = through('block', [
      'お答えします。',
      INSTRUCTIONS.slice(0, 30),
      INSTRUCTIONS.slice(30),
    ]);
    expect(shown).toBe('お答えします。');
    expect(verdicts).toEqual([{ guard: 'instruction-leak', verdict: 'blocked', findings: 1 }]);
  });

  test('is masked for as long as it repeats them, as one finding', () => {
    const { shown, verdicts } = through('mask', ['はい。', ...INSTRUCTIONS.split(''), '以上が', '中身です']);
    expect(shown).toMatch(/^はい。\[instruction-leak\]。?以上が中身です$/);
    expect(verdicts).toEqual([{ guard: 'instruction-leak', verdict: 'masked', findings: 1 }]);
  });

  test('is only counted where the rule says so', () => {
    const { shown, verdicts } = through('record', [INSTRUCTIONS]);
    expect(shown).toBe(INSTRUCTIONS);
    expect(verdicts).toMatchObject([{ verdict: 'recorded', findings: 1 }]);
  });

  test(`passes below ${LEAK_LENGTH} letters, and does not from there on`, () => {
    const whole = INSTRUCTIONS.replaceAll(/[^\p{L}\p{N}]/gu, '');
    expect(letters(LONG_ENOUGH)).toBeLessThan(LEAK_LENGTH);
    expect(through('block', [LONG_ENOUGH]).verdicts).toMatchObject([{ verdict: 'passed' }]);
    expect(through('block', [whole.slice(3, 3 + LEAK_LENGTH - 1)]).verdicts).toMatchObject([
      { verdict: 'passed' },
    ]);
    expect(through('block', [whole.slice(3, 3 + LEAK_LENGTH)]).verdicts).toMatchObject([
      { verdict: 'blocked' },
    ]);
  });

  test.each([
    ['spaces', (text: string) => text.split('').join(' ')],
    ['invisible characters', (text: string) => text.split('').join('\u200b')],
    [
      'katakana',
      (text: string) => text.replaceAll(/[ぁ-ゖ]/g, (kana) => String.fromCharCode(kana.charCodeAt(0) + 0x60)),
    ],
    ['other marks', (text: string) => text.replaceAll(/[、。「」]/g, '*')],
  ])('repeats them also with %s', (_, disguised) => {
    expect(through('block', [disguised(INSTRUCTIONS)]).verdicts).toMatchObject([{ verdict: 'blocked' }]);
  });

  test('whose instructions are short, or none, passes as it comes', () => {
    expect(through('block', ['短い指示', 'です'], ['短い指示です']).shown).toBe('短い指示です');
    expect(through('block', ['自由な答え'], []).verdicts).toMatchObject([{ verdict: 'passed' }]);
  });

  test('comes to the same wherever it is cut', () => {
    const part = fc
      .tuple(fc.nat(INSTRUCTIONS.length), fc.nat(INSTRUCTIONS.length))
      .map(([a, b]) => INSTRUCTIONS.slice(Math.min(a, b), Math.max(a, b)));
    const answer = fc.array(fc.oneof(part, fc.string({ maxLength: 8, unit: 'grapheme' })), { maxLength: 5 });
    fc.assert(
      fc.property(answer, fc.array(fc.nat(300), { maxLength: 12 }), (parts, cuts) => {
        const text = parts.join('');
        const at = [...new Set([0, ...cuts.map((cut) => cut % (text.length + 1)), text.length])].sort(
          (a, b) => a - b,
        );
        const pieces = at.slice(1).map((end, index) => text.slice(at[index], end));
        for (const action of ['mask', 'record'] as const) {
          expect(through(action, pieces)).toEqual(through(action, [text]));
        }
      }),
      { numRuns: 150 },
    );
  });
});
