/** Packs conversations into fixed rows, so that no compute goes into padding. */
import type { EncodedConversation } from '../tokenizer/chat-format.ts';
import { TOKEN } from '../tokenizer/tokenizer.ts';
import type { BatchShape } from './decoder-graph.ts';

const HIDDEN = -1e9;

/** One training step's feeds, reused from step to step. See `buildDecoderGraph` for the shapes. */
export class Batch {
  readonly ids: BigInt64Array;
  readonly attentionBias: Float32Array;
  readonly answerPositions: BigInt64Array;
  readonly answerSlots: BigInt64Array;
  readonly targets: BigInt64Array;
  readonly weights: Float32Array;
  private readonly shape: BatchShape;
  private usedSlots = 0;

  constructor(shape: BatchShape) {
    const positions = shape.rows * shape.length;
    this.shape = shape;
    this.ids = new BigInt64Array(positions);
    this.attentionBias = new Float32Array(positions * shape.length);
    this.answerPositions = new BigInt64Array(shape.answerSlots);
    this.answerSlots = new BigInt64Array(positions);
    this.targets = new BigInt64Array(shape.answerSlots);
    this.weights = new Float32Array(shape.answerSlots);
  }

  /** Fills every row with conversations drawn from `next`. Returns how many answer tokens count. */
  fill(next: () => EncodedConversation, putBack: (conversation: EncodedConversation) => void): number {
    this.clear();
    for (let row = 0; row < this.shape.rows; row++) {
      let column = 0;
      for (;;) {
        const conversation = next();
        const fits = column + conversation.ids.length <= this.shape.length;
        if (!fits) {
          putBack(conversation);
          break;
        }
        this.place(conversation, row, column);
        column += conversation.ids.length;
      }
    }
    const total = this.weights.reduce((sum, weight) => sum + weight, 0);
    for (let slot = 0; slot < this.usedSlots; slot++) this.weights[slot] /= total;
    return this.usedSlots;
  }

  private clear(): void {
    const { rows, length, answerSlots } = this.shape;
    this.usedSlots = 0;
    this.ids.fill(BigInt(TOKEN.end));
    this.attentionBias.fill(HIDDEN);
    // Every position sees at least itself: a row of -1e9 alone would be a uniform softmax.
    for (let position = 0; position < rows * length; position++) {
      this.attentionBias[position * length + (position % length)] = 0;
    }
    this.answerPositions.fill(0n);
    this.answerSlots.fill(BigInt(answerSlots));
    this.targets.fill(0n);
    this.weights.fill(0);
  }

  /**
   * Conversations of one row don't see each other. An answer of n tokens weighs sqrt(n), not n:
   * otherwise the long explanations, learnt by heart early, drown sums and conversions.
   */
  private place({ ids, isAnswer }: EncodedConversation, row: number, column: number): void {
    const { length, answerSlots } = this.shape;
    const start = row * length + column;
    const answerTokens = isAnswer.reduce((sum, flag) => sum + flag, 0);
    for (let i = 0; i < ids.length; i++) {
      const position = start + i;
      this.ids[position] = BigInt(ids[i]);
      const biasRow = position * length + column;
      this.attentionBias.fill(0, biasRow, biasRow + i + 1);
      const predictsAnswer = i + 1 < ids.length && isAnswer[i + 1] === 1;
      if (!predictsAnswer || this.usedSlots === answerSlots) continue;
      this.answerPositions[this.usedSlots] = BigInt(position);
      this.answerSlots[position] = BigInt(this.usedSlots);
      this.targets[this.usedSlots] = BigInt(ids[i + 1]);
      this.weights[this.usedSlots] = 1 / Math.sqrt(answerTokens);
      this.usedSlots++;
    }
  }
}
