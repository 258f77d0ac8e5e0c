import type { ChatCompletionRequest, ChatMessage } from '@sekisho/contract';
import type { SaidInMessages } from '../domains/guards/index.ts';

/** Who says what in a request. Parts of one message are one text: an attack may be spread over them. */
export function saidIn({ messages }: Pick<ChatCompletionRequest, 'messages'>): SaidInMessages {
  const isInstruction = ({ role }: ChatMessage): boolean => role === 'system' || role === 'developer';
  return {
    instructions: messages.filter(isInstruction).map(wholeText),
    conversation: messages.filter((message) => !isInstruction(message)).map(wholeText),
  };
}

function wholeText({ content }: ChatMessage): string {
  if (typeof content === 'string') return content;
  return (content ?? []).map((part) => (part.type === 'text' ? part.text : '')).join('');
}
