import type { Random } from './random.ts';

/**
 * `train`: training templates. `new-combination`: training templates, filled with combinations
 * (verb and object, numbers) kept out of training. `new-template`: phrasings kept out of training.
 */
export type Split = 'train' | 'new-combination' | 'new-template';

export type Language = 'ja' | 'en';

/** One question and its answer. */
export interface Exchange {
  category: string;
  language: Language;
  prompt: string;
  answer: string;
  /** What an answer must contain to count as right; the whole answer itself where nothing may follow it. */
  facts: readonly string[];
  /** The same question can be put again in the other language, or in more depth. */
  followUps?: readonly FollowUp[];
  /** Built from random characters: good against overconfidence, useless to a tokenizer. */
  isNoise?: boolean;
}

export interface FollowUp {
  prompt: string;
  answer: string;
}

export interface Category {
  name: string;
  /** How often the corpus draws from it, relative to the others. */
  weight: number;
  templates: { train: readonly string[]; heldOut: readonly string[] };
  /** Whether `new-combination` differs from `train` here. */
  hasCombinations: boolean;
  sample(random: Random, split: Split): Exchange;
}

export function templatesOf(
  templates: { train: readonly string[]; heldOut: readonly string[] },
  split: Split,
): readonly string[] {
  return split === 'new-template' ? templates.heldOut : templates.train;
}

/** A stable coin: about one combination in ten is kept out of training. */
export function isHeldOutCombination(...parts: readonly (string | number)[]): boolean {
  let hash = 2166136261;
  for (const character of parts.join('\u0000')) {
    hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 16777619);
  }
  return (hash >>> 8) % 10 === 0;
}
