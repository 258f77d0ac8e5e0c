/** Small sums, spelled in digits or words, in both languages. */
import {
  isHeldOutCombination,
  templatesOf,
  type Category,
  type Exchange,
  type Language,
  type Split,
} from './category.ts';
import { phrase } from './phrasing.ts';
import type { Random } from './random.ts';

type Operator = '+' | '-' | '×' | '÷';

const TRAIN_JA = [
  '$sum{は|は？|は|を計算してください|はいくつですか|の答えは|はいくつ|を計算して|の答えを教えてください|＝|=|=?|は何ですか}{。|}',
  '{計算してください|計算して|次を計算|計算}{：|: |、|。}$sum',
  '{質問です。|すみません、|では、}$sum{は？|はいくつですか。|は何}',
  '{次の式|この式|問題|宿題}{：|は、|。}$sum{の答えは何ですか|を計算してもらえますか|、答えは}{？|。|}',
  '$sum{を|の}{求めてください|答えを求めて|合計は|値は|結果は|いくら|、いくつになる}{？|。|}',
  '{暗算して|足し算|電卓|すぐ答えて}{：|。|、}$sum',
  '$spoken{は|は？|はいくつ|はいくつですか|を計算してください|の答えは}{。|}',
];
const HELD_OUT_JA = [
  '$sumを解いていただけますか。',
  '$sum の計算結果を示してください。',
  '算数の問題です。$spokenではいくらになりますか。',
];
const TRAIN_EN = [
  "{What is|What's|Calculate|Compute|Work out|How much is|what is|Please calculate} $sum{?|.|}",
  "{What is|How much is|What's|Calculate} $spoken{?|}",
  '$sum{ = ?|?|=|}',
  '{Give me|Tell me} {the answer to|the result of} $sum{.|}',
  '{Quick|Math|Maths} {question|problem}: {what is |}$sum{?|}',
  '{I want to know|Please tell me|Do you know|Can you tell me} {what |the value of |}$sum{ is|}{?|.|}',
  '{My homework is|The question is|Here is a sum|The problem:} $sum{.|. What is the answer?|?}',
  '{What do I get for|What is the value of|What does|Solve|Answer this:} {$sum|$spoken}{?|.| give?| equal?}',
  '$spoken{?| is what?| is?|, please|}',
  'Can you {calculate|add up|do|solve} $sum{?|}',
];
const HELD_OUT_EN = [
  'I need help with arithmetic, $sum gives how much?',
  'Evaluate $sum for me.',
  'If you take $spoken, what do you end up with?',
];

const OPERATOR_NAMES: Record<Operator, { en: string[]; ja: string[]; enSigns: string[] }> = {
  '+': { en: ['plus', 'and', 'added to'], ja: ['たす', '足す', 'プラス'], enSigns: ['+'] },
  '-': { en: ['minus'], ja: ['ひく', '引く', 'マイナス'], enSigns: ['-'] },
  '×': { en: ['times', 'multiplied by'], ja: ['かける', '掛ける'], enSigns: ['*', '×', 'x'] },
  '÷': { en: ['divided by', 'over'], ja: ['わる', '割る'], enSigns: ['/', '÷'] },
};
const NUMBER_WORDS = 'zero one two three four five six seven eight nine ten eleven twelve'.split(' ');

export const sums: Category = {
  name: 'sums',
  weight: 14,
  templates: { train: [...TRAIN_JA, ...TRAIN_EN], heldOut: [...HELD_OUT_JA, ...HELD_OUT_EN] },
  hasCombinations: true,
  sample(random, split) {
    const language: Language = random.chance(0.5) ? 'ja' : 'en';
    const templates = templatesOf(
      language === 'ja'
        ? { train: TRAIN_JA, heldOut: HELD_OUT_JA }
        : { train: TRAIN_EN, heldOut: HELD_OUT_EN },
      split,
    );
    const [a, operator, b] = operands(random, split);
    const prompt = phrase(random, random.pick(templates), {
      sum: written(random, a, operator, b, language),
      spoken: spoken(random, a, operator, b, language),
    });
    const value = RESULTS[operator](a, b);
    return {
      ...exchange(language, prompt, a, operator, b),
      followUps: [addMore(random, language, value)],
    };
  },
};

function exchange(language: Language, prompt: string, a: number, operator: Operator, b: number): Exchange {
  const equation = `${a} ${operator} ${b} = ${RESULTS[operator](a, b)}`;
  const answer = language === 'ja' ? `${equation} です。` : `${equation}.`;
  return { category: 'sums', language, prompt, answer, facts: [answer] };
}

/** a and b stay within 0..20 (tables of nine for × and ÷); the result is never negative or broken. */
function operands(random: Random, split: Split): [number, Operator, number] {
  for (;;) {
    const operator = random.pick<Operator>(['+', '+', '-', '-', '×', '÷']);
    let a = random.between(0, 20);
    let b = random.between(0, 20);
    if (operator === '-' && a < b) [a, b] = [b, a];
    if (operator === '×') [a, b] = [random.between(0, 9), random.between(0, 9)];
    if (operator === '÷') {
      b = random.between(1, 9);
      a = b * random.between(0, 9);
    }
    if (isHeldOutCombination(a, operator, b) === (split === 'new-combination')) return [a, operator, b];
  }
}

const RESULTS: Record<Operator, (a: number, b: number) => number> = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '×': (a, b) => a * b,
  '÷': (a, b) => a / b,
};

function written(random: Random, a: number, operator: Operator, b: number, language: Language): string {
  const sign =
    language === 'ja'
      ? random.pick([operator, operator, ...OPERATOR_NAMES[operator].enSigns])
      : random.pick(OPERATOR_NAMES[operator].enSigns);
  if (language === 'ja' && random.chance(0.1))
    return `${fullWidth(a)}${sign === '+' ? '＋' : sign === '-' ? '－' : operator}${fullWidth(b)}`;
  return random.chance(0.5) ? `${a} ${sign} ${b}` : `${a}${sign}${b}`;
}

function spoken(random: Random, a: number, operator: Operator, b: number, language: Language): string {
  const name = random.pick(OPERATOR_NAMES[operator][language]);
  if (language === 'ja') return `${a}${name}${b}`;
  const inWords = random.chance(0.5) && a <= 12 && b <= 12;
  return inWords ? `${NUMBER_WORDS[a]} ${name} ${NUMBER_WORDS[b]}` : `${a} ${name} ${b}`;
}

function fullWidth(value: number): string {
  return String(value).replace(/\d/g, (digit) => String.fromCharCode(digit.charCodeAt(0) + 0xfee0));
}

/** "and three more": the second turn works on the first turn's result. */
function addMore(random: Random, language: Language, value: number): { prompt: string; answer: string } {
  const more = random.between(1, 9);
  const template =
    language === 'ja'
      ? '{それに|では、それに|さらに}{$moreを足すと|$moreを足してください|$moreを足したら}{？|。|}'
      : '{Now add|Add|And add|Plus} $more{ to that|}{.|?|}';
  const equation = `${value} + ${more} = ${value + more}`;
  return {
    prompt: phrase(random, template, { more: String(more) }),
    answer: language === 'ja' ? `${equation} です。` : `${equation}.`,
  };
}
