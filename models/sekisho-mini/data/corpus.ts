/** Assembles exchanges into the conversations that clients really send. */
import type { Message } from '../tokenizer/chat-format.ts';
import type { Category, Exchange, FollowUp, Split } from './category.ts';
import { keigoConversion } from './keigo.ts';
import { keigoKinds } from './keigo-kinds.ts';
import { platform } from './platform.ts';
import type { Random } from './random.ts';
import { refusals } from './refusals.ts';
import { smallTalk } from './small-talk.ts';
import { sums } from './sums.ts';
import { systemPrompt } from './system-prompts.ts';
import { withCourtesies } from './courtesies.ts';

export const CATEGORIES: readonly Category[] = [
  keigoConversion,
  keigoKinds,
  platform,
  smallTalk,
  sums,
  refusals,
];

export interface Conversation {
  category: string;
  split: Split;
  messages: Message[];
  facts: readonly string[];
  isNoise: boolean;
}

/** A training conversation: a system prompt in a third of them, a second turn in a quarter. */
export function trainingConversation(random: Random): Conversation {
  const exchange = drawCategory(random).sample(random, 'train');
  const messages = turn({ ...exchange, prompt: withCourtesies(random, exchange) });
  let isNoise = exchange.isNoise ?? false;
  if (random.chance(0.25)) {
    const second = secondTurn(random, exchange);
    messages.push(...turn(second));
    isNoise ||= second.isNoise ?? false;
  }
  if (random.chance(0.33)) messages.unshift({ role: 'system', content: systemPrompt(random) });
  return {
    category: exchange.category,
    split: 'train',
    messages,
    facts: exchange.facts,
    isNoise,
  };
}

/** An evaluation conversation ends with the user's turn's answer, like a training one. */
export function evaluationConversation(random: Random, category: Category, split: Split): Conversation {
  const exchange = category.sample(random, split);
  const messages = turn(exchange);
  if (random.chance(0.33)) messages.unshift({ role: 'system', content: systemPrompt(random) });
  return { category: exchange.category, split, messages, facts: exchange.facts, isNoise: false };
}

function drawCategory(random: Random): Category {
  const total = CATEGORIES.reduce((sum, category) => sum + category.weight, 0);
  let rest = random.uniform() * total;
  for (const category of CATEGORIES) {
    rest -= category.weight;
    if (rest < 0) return category;
  }
  return CATEGORIES[0];
}

function turn({ prompt, answer }: { prompt: string; answer: string }): Message[] {
  return [
    { role: 'user', content: prompt },
    { role: 'assistant', content: answer },
  ];
}

/** Either a follow-up that depends on the first turn, or a new question. */
function secondTurn(random: Random, first: Exchange): FollowUp & { isNoise?: boolean } {
  const followUps = first.followUps ?? [];
  if (followUps.length > 0 && random.chance(0.5)) return random.pick(followUps);
  const next = drawCategory(random).sample(random, 'train');
  return { ...next, prompt: withCourtesies(random, next) };
}
