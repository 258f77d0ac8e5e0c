import { contentTexts, type ChatCompletionRequest, type ChatMessage } from '@sekisho/contract';

/** Tokens that a chat template adds around each message. */
const TOKENS_PER_MESSAGE = 4;

/** Of one image of about 1,000 by 1,000 pixels, by OpenAI's count of tiles; small where the client says so. */
const IMAGE_TOKENS = 765;
const SMALL_IMAGE_TOKENS = 85;

/**
 * Input tokens of a request that no server counted: one token per character outside ASCII (kanji
 * and kana), one per four ASCII characters, the template, and so much for each image. Always marked as an estimate.
 */
export function estimateInputTokens(
  completion: Pick<ChatCompletionRequest, 'messages' | 'tools' | 'response_format'>,
): number {
  const { messages, tools, response_format: format } = completion;
  let tokens = 0;
  for (const message of messages) tokens += TOKENS_PER_MESSAGE + estimateMessageTokens(message);
  // Templates write both as JSON into the prompt.
  if (tools !== undefined) tokens += estimateTextTokens(JSON.stringify(tools));
  if (format?.type === 'json_schema') tokens += estimateTextTokens(JSON.stringify(format.json_schema));
  return tokens;
}

function estimateMessageTokens(message: ChatMessage): number {
  let tokens = 0;
  for (const text of contentTexts(message)) tokens += estimateTextTokens(text);
  if (message.role === 'user' && Array.isArray(message.content)) {
    for (const part of message.content) {
      if (part.type === 'image_url')
        tokens += part.image_url.detail === 'low' ? SMALL_IMAGE_TOKENS : IMAGE_TOKENS;
    }
  }
  if (message.role === 'assistant') {
    tokens += estimateTextTokens(message.refusal ?? '');
    for (const { function: called } of message.tool_calls ?? [])
      tokens += estimateTextTokens(called.name) + estimateTextTokens(called.arguments);
  }
  return tokens;
}

function estimateTextTokens(text: string): number {
  let ascii = 0;
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) < 0x80) ascii++;
  return text.length - ascii + Math.ceil(ascii / 4);
}
