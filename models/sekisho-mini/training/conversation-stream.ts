/** Endless stream of encoded conversations, reshuffled at every pass over the corpus. */
import type { Conversation } from '../data/corpus.ts';
import type { Random } from '../data/random.ts';
import { encodeConversation, type EncodedConversation } from '../tokenizer/chat-format.ts';
import type { Tokenizer } from '../tokenizer/tokenizer.ts';

/** Some servers do not prepend the begin token; the model should not depend on it. */
const WITHOUT_BEGIN = 0.15;

export class ConversationStream {
  private readonly conversations: Conversation[];
  private readonly tokenizer: Tokenizer;
  private readonly random: Random;
  private readonly maxTokens: number;
  private readonly returned: EncodedConversation[] = [];
  private position = 0;

  constructor(
    conversations: readonly Conversation[],
    tokenizer: Tokenizer,
    random: Random,
    maxTokens: number,
  ) {
    this.conversations = random.shuffle([...conversations]);
    this.tokenizer = tokenizer;
    this.random = random;
    this.maxTokens = maxTokens;
  }

  /** The next conversation that is short enough for a training row. */
  next(): EncodedConversation {
    const returned = this.returned.pop();
    if (returned) return returned;
    for (;;) {
      if (this.position === this.conversations.length) {
        this.random.shuffle(this.conversations);
        this.position = 0;
      }
      const { messages } = this.conversations[this.position++];
      const begin = !this.random.chance(WITHOUT_BEGIN);
      const encoded = encodeConversation(this.tokenizer, messages, { begin });
      if (encoded.ids.length <= this.maxTokens) return encoded;
    }
  }

  /** Takes back a conversation that did not fit the rest of a row. */
  putBack(conversation: EncodedConversation): void {
    this.returned.push(conversation);
  }
}
