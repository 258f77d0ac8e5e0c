/** ChatML, as the model is trained on it and as the GGUF's template renders it. */
import { TOKEN, type Tokenizer } from './tokenizer.ts';

export interface Message {
  role: 'system' | 'user' | 'assistant';
  content: string;
}

/** The Jinja template stored in the GGUF. */
export const CHAT_TEMPLATE =
  "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n' }}{% endfor %}" +
  "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}";

export interface EncodedConversation {
  ids: number[];
  /** 1 where the token is one that the assistant must produce. */
  isAnswer: number[];
}

/** Encodes a whole conversation for training. */
export function encodeConversation(
  tokenizer: Tokenizer,
  messages: readonly Message[],
  options: { begin: boolean },
): EncodedConversation {
  const encoded: EncodedConversation = { ids: [], isAnswer: [] };
  const push = (ids: readonly number[], isAnswer: 0 | 1): void => {
    for (const id of ids) {
      encoded.ids.push(id);
      encoded.isAnswer.push(isAnswer);
    }
  };
  if (options.begin) push([TOKEN.begin], 0);
  for (const message of messages) {
    push([TOKEN.messageStart, ...tokenizer.encode(`${message.role}\n`)], 0);
    const body = [...tokenizer.encode(message.content), TOKEN.messageEnd];
    push(body, message.role === 'assistant' ? 1 : 0);
    push(tokenizer.encode('\n'), 0);
  }
  return encoded;
}

/** Encodes what the model is given when it should answer. */
export function encodePrompt(tokenizer: Tokenizer, messages: readonly Message[]): number[] {
  return [
    ...encodeConversation(tokenizer, messages, { begin: true }).ids,
    TOKEN.messageStart,
    ...tokenizer.encode('assistant\n'),
  ];
}
