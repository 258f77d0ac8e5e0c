/** How well the guards do on texts from which nothing was learnt. */
import type { GuardKind } from '@sekisho/contract';
import { GuardChain } from '../../packages/server/src/domains/guards/index.ts';
import {
  injectionLogOdds,
  injectionThreshold,
} from '../../packages/server/src/domains/guards/injection/judge-text.ts';
import { plainView } from '../../packages/server/src/domains/guards/injection/views.ts';
import {
  freshTexts,
  hardFamilies,
  heldOutTexts,
  trainingTexts,
  type LabelledText,
  type Language,
} from './dataset/dataset.ts';
import { spanCases } from './dataset/found-spans.ts';

export interface ScoredText extends LabelledText {
  readonly logOdds: number;
}

export function scoredHeldOut(): readonly ScoredText[] {
  return heldOutTexts().map((text) => ({ ...text, logOdds: injectionLogOdds(text.text) }));
}

export function scoredFresh(): readonly ScoredText[] {
  return freshTexts().map((text) => ({ ...text, logOdds: injectionLogOdds(text.text) }));
}

export interface Rates {
  readonly attacks: number;
  readonly caught: number;
  readonly benign: number;
  readonly falselyCaught: number;
  readonly hard: number;
  readonly hardFalselyCaught: number;
  readonly recall: number;
  readonly precision: number;
  readonly falsePositiveRate: number;
  readonly hardFalsePositiveRate: number;
}

export function ratesOf(texts: readonly ScoredText[], threshold: number = injectionThreshold): Rates {
  const isCaught = ({ logOdds }: ScoredText): boolean => logOdds >= threshold;
  const attacks = texts.filter(({ isAttack }) => isAttack);
  const benign = texts.filter(({ isAttack }) => !isAttack);
  const hard = benign.filter(({ family }) => hardFamilies.has(family));
  const caught = attacks.filter(isCaught).length;
  const falselyCaught = benign.filter(isCaught).length;
  const hardFalselyCaught = hard.filter(isCaught).length;
  return {
    attacks: attacks.length,
    caught,
    benign: benign.length,
    falselyCaught,
    hard: hard.length,
    hardFalselyCaught,
    recall: caught / Math.max(1, attacks.length),
    precision: caught / Math.max(1, caught + falselyCaught),
    falsePositiveRate: falselyCaught / Math.max(1, benign.length),
    hardFalsePositiveRate: hardFalselyCaught / Math.max(1, hard.length),
  };
}

export interface Likeness {
  readonly withinHeldOut: number;
  readonly withTraining: number;
}

/** The greatest likeness of held-out attacks: shared 5-grams by all 5-grams of two texts, as the guard reads them. */
export function greatestLikeness(language: Language): Likeness {
  const gramsOf = (texts: readonly LabelledText[]): readonly ReadonlySet<string>[] =>
    texts.filter((text) => text.isAttack && text.language === language).map(({ text }) => fiveGrams(text));
  const heldOut = gramsOf(heldOutTexts());
  const training = gramsOf(trainingTexts());
  let withinHeldOut = 0;
  let withTraining = 0;
  for (const [at, grams] of heldOut.entries()) {
    for (const other of heldOut.slice(at + 1)) withinHeldOut = Math.max(withinHeldOut, jaccard(grams, other));
    for (const other of training) withTraining = Math.max(withTraining, jaccard(grams, other));
  }
  return { withinHeldOut, withTraining };
}

function fiveGrams(text: string): ReadonlySet<string> {
  const plain = plainView(text);
  const grams = new Set<string>();
  for (let at = 0; at + 5 <= plain.length; at++) grams.add(plain.slice(at, at + 5));
  return grams;
}

function jaccard(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  const [small, large] = a.size < b.size ? [a, b] : [b, a];
  let shared = 0;
  for (const gram of small) if (large.has(gram)) shared++;
  return shared / Math.max(1, a.size + b.size - shared);
}

export interface SpanRates {
  readonly guard: GuardKind;
  readonly found: number;
  readonly toFind: number;
  readonly falselyFound: number;
  readonly toPass: number;
}

export function spanRates(): readonly SpanRates[] {
  return (['my-number', 'secrets', 'personal-data'] as const).map((guard) => {
    const chain = new GuardChain([{ guard, action: 'block', on: ['request'] }]);
    const finds = (text: string): boolean => chain.judgeRequest([text]).isBlocked;
    const toFind = spanCases.filter(({ finds: kind }) => kind === guard);
    const toPass = spanCases.filter(({ passes }) => passes?.includes(guard));
    return {
      guard,
      found: toFind.filter(({ text }) => finds(text)).length,
      toFind: toFind.length,
      falselyFound: toPass.filter(({ text }) => finds(text)).length,
      toPass: toPass.length,
    };
  });
}
