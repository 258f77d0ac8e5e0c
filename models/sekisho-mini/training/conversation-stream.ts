/** Endless stream of encoded conversations, reshuffled at every pass over a category. */
import type { Conversation } from '../data/corpus.ts';
import type { Random } from '../data/random.ts';
import { encodeConversation, type EncodedConversation } from '../tokenizer/chat-format.ts';
import type { Tokenizer } from '../tokenizer/tokenizer.ts';

/** How much more often than its size a category is drawn, by its name; 1 where it is not named. */
export type Shares = ReadonlyMap<string, number>;

/** Some servers do not prepend the begin token; the model should not depend on it. */
const WITHOUT_BEGIN = 0.15;

interface Queue {
  conversations: Conversation[];
  position: number;
  weight: number;
}

export class ConversationStream {
  private readonly queues: Queue[];
  private readonly totalWeight: number;
  private readonly tokenizer: Tokenizer;
  private readonly random: Random;
  private readonly maxTokens: number;
  private readonly returned: EncodedConversation[] = [];

  constructor(
    conversations: readonly Conversation[],
    tokenizer: Tokenizer,
    random: Random,
    maxTokens: number,
    shares: Shares,
  ) {
    const byCategory = Map.groupBy(conversations, ({ category }) => category);
    this.queues = Array.from(byCategory, ([category, members]) => ({
      conversations: random.shuffle([...members]),
      position: 0,
      weight: members.length * (shares.get(category) ?? 1),
    }));
    this.totalWeight = this.queues.reduce((sum, { weight }) => sum + weight, 0);
    this.tokenizer = tokenizer;
    this.random = random;
    this.maxTokens = maxTokens;
  }

  /** The next conversation that is short enough for a training row. */
  next(): EncodedConversation {
    const returned = this.returned.pop();
    if (returned) return returned;
    for (;;) {
      const { messages } = this.draw();
      const begin = !this.random.chance(WITHOUT_BEGIN);
      const encoded = encodeConversation(this.tokenizer, messages, { begin });
      if (encoded.ids.length <= this.maxTokens) return encoded;
    }
  }

  /** Takes back a conversation that did not fit the rest of a row. */
  putBack(conversation: EncodedConversation): void {
    this.returned.push(conversation);
  }

  private draw(): Conversation {
    let rest = this.random.uniform() * this.totalWeight;
    const queue = this.queues.find(({ weight }) => (rest -= weight) < 0) ?? this.queues[0];
    if (queue.position === queue.conversations.length) {
      this.random.shuffle(queue.conversations);
      queue.position = 0;
    }
    return queue.conversations[queue.position++];
  }
}
