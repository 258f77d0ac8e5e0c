import { z } from 'zod';
import { ChatMessage, FunctionName, inferenceLimits } from './chat-messages.ts';
import { ModelName } from './identifiers.ts';
import { JsonSchema } from './json-schema.ts';

const description = z
  .string()
  .max(64 * 1024)
  .optional();

const Tool = z.strictObject({
  type: z.literal('function'),
  function: z.strictObject({
    name: FunctionName,
    description,
    parameters: JsonSchema.optional(),
    strict: z.boolean().nullish(),
  }),
});

const NamedTool = z.strictObject({
  type: z.literal('function'),
  function: z.strictObject({ name: FunctionName }),
});

const ResponseFormat = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('text') }),
  z.strictObject({ type: z.literal('json_object') }),
  z.strictObject({
    type: z.literal('json_schema'),
    json_schema: z.strictObject({
      name: FunctionName,
      description,
      schema: JsonSchema.optional(),
      strict: z.boolean().nullish(),
    }),
  }),
]);

/** Keys are token ids. */
const LogitBias = z
  .record(z.string().regex(/^\d{1,9}$/, 'a token id'), z.number().min(-100).max(100))
  .refine((biases) => Object.keys(biases).length <= inferenceLimits.biasedTokens, {
    error: `at most ${inferenceLimits.biasedTokens} tokens`,
  });

/**
 * `POST /v1/chat/completions`: the part of OpenAI's request that the cell carries. Strict: a
 * field outside this list is refused by name, since a parameter that is silently dropped changes
 * the answer.
 */
export const ChatCompletionRequest = z
  .strictObject({
    model: ModelName,
    messages: z.array(ChatMessage).min(1).max(inferenceLimits.messages),
    stream: z.boolean().nullish(),
    stream_options: z.strictObject({ include_usage: z.boolean().optional() }).nullish(),
    max_tokens: z.int().min(1).max(inferenceLimits.outputTokens).nullish(),
    max_completion_tokens: z.int().min(1).max(inferenceLimits.outputTokens).nullish(),
    temperature: z.number().min(0).max(2).nullish(),
    top_p: z.number().min(0).max(1).nullish(),
    n: z.int().min(1).max(inferenceLimits.choices).nullish(),
    seed: z.int().nullish(),
    stop: z.union([z.string(), z.array(z.string()).max(inferenceLimits.stopSequences)]).nullish(),
    presence_penalty: z.number().min(-2).max(2).nullish(),
    frequency_penalty: z.number().min(-2).max(2).nullish(),
    logit_bias: LogitBias.nullish(),
    logprobs: z.boolean().nullish(),
    top_logprobs: z.int().min(0).max(inferenceLimits.topLogprobs).nullish(),
    tools: z.array(Tool).min(1).max(inferenceLimits.tools).optional(),
    tool_choice: z.union([z.enum(['none', 'auto', 'required']), NamedTool]).optional(),
    parallel_tool_calls: z.boolean().optional(),
    response_format: ResponseFormat.optional(),
    reasoning_effort: z.enum(['none', 'minimal', 'low', 'medium', 'high', 'xhigh']).nullish(),
    /** Requests under one key go to one server, whose cache knows their beginning. */
    prompt_cache_key: z.string().min(1).max(512).nullish(),
    user: z.string().max(512).nullish(),
  })
  .superRefine(({ tools, tool_choice: choice, parallel_tool_calls: parallel, ...request }, context) => {
    const refuse = (path: readonly string[], message: string): void =>
      context.addIssue({ code: 'custom', path: [...path], message });
    const names = new Set(tools?.map((tool) => tool.function.name));
    if (tools !== undefined && names.size < tools.length) refuse(['tools'], 'every name once');
    if (tools === undefined && parallel !== undefined) refuse(['parallel_tool_calls'], 'needs tools');
    if (tools === undefined && choice !== undefined && choice !== 'none')
      refuse(['tool_choice'], 'needs tools');
    if (typeof choice === 'object' && tools !== undefined && !names.has(choice.function.name))
      refuse(['tool_choice', 'function', 'name'], 'one of tools');
    if (typeof request.top_logprobs === 'number' && request.logprobs !== true)
      refuse(['top_logprobs'], 'needs logprobs');
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
