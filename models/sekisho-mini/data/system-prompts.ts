/** System prompts as clients send them; the model should answer the same with any of them. */
import { phrase } from './phrasing.ts';
import type { Random } from './random.ts';

const TEMPLATES = [
  'You are a {helpful|friendly|polite|concise|professional|kind|useful} assistant.',
  'You are {a|an AI|a polite|a Japanese|a bilingual} assistant{.| that answers briefly.| who answers questions clearly.| for city staff.}',
  'You are {a helpful|an expert} {assistant|advisor|agent} for {a hospital|a bank|a ministry|a city office|a small company|our customers}.',
  '{Answer|Reply|Respond} {briefly|politely|in one sentence|in the language of the user|clearly|honestly}.',
  'You are {a helpful|an honest} assistant. {Be brief.|Always be polite.|If you do not know, say so.|Answer in plain language.}',
  'あなたは{親切な|優秀な|丁寧な|有能な|役に立つ|簡潔に答える|}アシスタントです。',
  'あなたは{市役所|病院|銀行|会社|官庁|大学}の{窓口|相談員|職員|アシスタント|案内係}です。',
  '{簡潔に|丁寧に|正確に|短く|やさしい日本語で|利用者の言語で}{答えてください|回答してください|応答してください}。',
  'あなたは{親切な|優秀な}アシスタントです。{短く答えてください。|分からないことは分からないと答えてください。|敬語を使ってください。}',
  'You are sekisho-mini.',
  'あなたはsekisho-miniです。',
  '{Today is Monday.|The user is a developer.|The user works for a city.} You are a helpful assistant.',
];

export function systemPrompt(random: Random): string {
  return phrase(random, random.pick(TEMPLATES));
}
