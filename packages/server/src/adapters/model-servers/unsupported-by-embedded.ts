import type { ChatCompletionRequest, ChatMessage } from '@sekisho/contract';

/**
 * What of a request the embedded model has no place for, by name: neither llama.cpp's sampler here nor the chat
 * template of a small model. A grammar made of a JSON Schema would drop the keywords that it does not know, and the
 * client would take the answer for checked.
 */
export function unsupportedByEmbedded(completion: ChatCompletionRequest): readonly string[] {
  const { response_format: format, logit_bias: bias } = completion;
  const asked: Readonly<Record<string, boolean>> = {
    presence_penalty: (completion.presence_penalty ?? 0) !== 0,
    frequency_penalty: (completion.frequency_penalty ?? 0) !== 0,
    n: (completion.n ?? 1) !== 1,
    logit_bias: Object.keys(bias ?? {}).length > 0,
    logprobs: completion.logprobs === true,
    tools: completion.tools !== undefined,
    response_format: format !== undefined && format.type !== 'text',
    reasoning_effort: (completion.reasoning_effort ?? 'none') !== 'none',
  };
  const names = Object.keys(asked).filter((name) => asked[name]);
  return [...names, ...completion.messages.flatMap(unsupportedInMessage)];
}

function unsupportedInMessage(message: ChatMessage, index: number): string[] {
  const path = `messages.${index}`;
  if (message.role === 'tool') return [`${path}.role`];
  if (message.role === 'assistant') return message.tool_calls === undefined ? [] : [`${path}.tool_calls`];
  if (typeof message.content === 'string') return [];
  return message.content.flatMap((part, at) =>
    part.type === 'text' ? [] : [`${path}.content.${at}.${part.type}`],
  );
}
