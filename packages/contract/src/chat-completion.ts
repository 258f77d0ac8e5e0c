import { z } from 'zod';
import { ModelName } from './identifiers.ts';

/** Bounds of one inference request. */
export const inferenceLimits = {
  bodyBytes: 4 * 1024 * 1024,
  messages: 2048,
  stopSequences: 4,
  outputTokens: 1_000_000,
} as const;

const text = z.string().max(inferenceLimits.bodyBytes);
const textPart = z.strictObject({ type: z.literal('text'), text });
const textContent = z.union([text, z.array(textPart).min(1).max(256)]);
const name = z.string().max(64).optional();

const Message = z.discriminatedUnion('role', [
  z.strictObject({ role: z.literal('system'), content: textContent, name }),
  z.strictObject({ role: z.literal('developer'), content: textContent, name }),
  z.strictObject({ role: z.literal('user'), content: textContent, name }),
  z.strictObject({ role: z.literal('assistant'), content: textContent, name }),
]);
export type ChatMessage = z.infer<typeof Message>;

/**
 * `POST /v1/chat/completions`: the part of OpenAI's request that the cell carries. Strict: a
 * field outside this list is refused by name, since a parameter that is silently dropped changes
 * the answer.
 */
export const ChatCompletionRequest = z.strictObject({
  model: ModelName,
  messages: z.array(Message).min(1).max(inferenceLimits.messages),
  stream: z.boolean().nullish(),
  stream_options: z.strictObject({ include_usage: z.boolean().optional() }).nullish(),
  max_tokens: z.int().min(1).max(inferenceLimits.outputTokens).nullish(),
  max_completion_tokens: z.int().min(1).max(inferenceLimits.outputTokens).nullish(),
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().min(0).max(1).nullish(),
  n: z.literal(1).nullish(),
  seed: z.int().nullish(),
  stop: z.union([z.string(), z.array(z.string()).max(inferenceLimits.stopSequences)]).nullish(),
  presence_penalty: z.number().min(-2).max(2).nullish(),
  frequency_penalty: z.number().min(-2).max(2).nullish(),
  user: z.string().max(512).nullish(),
});
export type ChatCompletionRequest = z.infer<typeof ChatCompletionRequest>;

/** Headers of ours on the inference edge. */
export const inferenceHeaders = {
  /** Request: the class of the data in this request; the workspace's first class when absent. */
  dataClass: 'x-sekisho-data-class',
  /** Request: why the data is used, at most 100 characters; `inference` when absent. */
  purpose: 'x-sekisho-purpose',
  /** Answer: the crossing's id, under which `GET /v1/receipts/{id}` gives the receipt. */
  receipt: 'x-sekisho-receipt',
} as const;
