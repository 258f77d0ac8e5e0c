import type { ChatCompletionRequest } from '@sekisho/contract';

/** Tokens that a chat template adds around each message. */
const TOKENS_PER_MESSAGE = 4;

/**
 * Input tokens of a request that no server counted: one token per character outside ASCII (kanji
 * and kana), one per four ASCII characters, and the template. Always marked as an estimate.
 */
export function estimateInputTokens(completion: Pick<ChatCompletionRequest, 'messages'>): number {
  let tokens = 0;
  for (const { content } of completion.messages) {
    const texts = typeof content === 'string' ? [content] : content.map((part) => part.text);
    tokens += TOKENS_PER_MESSAGE + texts.reduce((sum, text) => sum + estimateTextTokens(text), 0);
  }
  return tokens;
}

function estimateTextTokens(text: string): number {
  let ascii = 0;
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) < 0x80) ascii++;
  return text.length - ascii + Math.ceil(ascii / 4);
}
