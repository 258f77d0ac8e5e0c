/**
 * `npm run evaluate`: scores the committed GGUF, category by category, on three kinds of prompts:
 * training templates, training templates with combinations kept out of training, and templates
 * never seen in training. An answer is right when it contains the fact that was asked for; for
 * conversions, sums, counting and repeating it must equal the expected answer.
 */
import { MiniModel } from './answer.ts';
import type { Category, Split } from './data/category.ts';
import { CATEGORIES, evaluationConversation, type Conversation } from './data/corpus.ts';
import { Random } from './data/random.ts';
import { MINI_LABEL } from './model-shape.ts';
import { MODEL_PATH } from './work-folder.ts';

const SEED = 503;
const PER_CELL = 100;
const SHOWN_MISSES = process.argv.includes('--misses') ? 1000 : 0;
const SPLITS: readonly { split: Split; title: string }[] = [
  { split: 'train', title: 'trained templates' },
  { split: 'new-combination', title: 'new combinations' },
  { split: 'new-template', title: 'HELD-OUT templates' },
];

const mini = await MiniModel.load(MODEL_PATH);
let tokens = 0;
let milliseconds = 0;
const misses: string[] = [];
console.log(`sekisho-mini (${MINI_LABEL}), greedy`);
console.log(
  row(
    'category',
    SPLITS.map(({ title }) => title),
  ),
);
for (const category of CATEGORIES) {
  const cells: string[] = [];
  for (const { split } of SPLITS) cells.push(await score(category, split));
  console.log(row(category.name, cells));
}
console.log(`${((tokens / milliseconds) * 1000).toFixed(0)} tokens/s on one thread, prompts included`);
for (const miss of misses.slice(0, SHOWN_MISSES)) console.log(miss);
await mini.dispose();

async function score(category: Category, split: Split): Promise<string> {
  if (split === 'new-combination' && !category.hasCombinations) return '-';
  const conversations = distinctConversations(category, split);
  let right = 0;
  for (const conversation of conversations) {
    const answer = await mini.answer(conversation.messages.slice(0, -1));
    tokens += answer.tokens;
    milliseconds += answer.milliseconds;
    if (isRight(conversation, answer.text)) right++;
    else misses.push(describeMiss(conversation, answer.text));
  }
  return `${right}/${conversations.length} (${Math.round((right / conversations.length) * 100)}%)`;
}

function isRight({ facts, messages }: Conversation, text: string): boolean {
  const expected = messages.at(-1)?.content;
  // Where the whole answer is the fact, nothing may follow it either.
  if (facts.length === 1 && facts[0] === expected) return text === expected;
  return facts.every((fact) => text.includes(fact));
}

/** Some categories have fewer distinct prompts than a cell has room for. */
function distinctConversations(category: Category, split: Split): Conversation[] {
  const random = new Random(SEED);
  const byPrompt = new Map<string, Conversation>();
  for (let draw = 0; draw < PER_CELL * 20 && byPrompt.size < PER_CELL; draw++) {
    const conversation = evaluationConversation(random, category, split);
    const prompt = conversation.messages.findLast((message) => message.role === 'user')?.content ?? '';
    if (!byPrompt.has(prompt)) byPrompt.set(prompt, conversation);
  }
  return [...byPrompt.values()];
}

function describeMiss({ category, split, messages }: Conversation, text: string): string {
  const [expected, prompt] = messages.toReversed();
  return `MISS ${category} ${split}\n  asked    ${prompt.content}\n  expected ${expected.content}\n  answered ${text}`;
}

function row(name: string, cells: readonly string[]): string {
  return [name.padEnd(18), ...cells.map((cell) => cell.padEnd(20))].join(' ');
}
