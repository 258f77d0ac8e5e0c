/** Loads the GGUF with node-llama-cpp and answers conversations, as a server would. */
import {
  getLlama,
  LlamaCompletion,
  type Llama,
  type LlamaContextSequence,
  type LlamaModel,
  type Token,
} from 'node-llama-cpp';
import { MINI_SHAPE } from './model-shape.ts';
import type { Message } from './tokenizer/chat-format.ts';

/** A tiny model is fastest on one thread: with two, waiting costs more than computing. */
const THREADS = 1;

export interface Answer {
  text: string;
  tokens: number;
  /** Time to the end of the answer, prompt included. */
  milliseconds: number;
}

export interface AnswerOptions {
  /** Called with each piece of text as it is generated. */
  onText?: (chunk: string) => void;
  /** Aborting rejects the answer with the signal's reason. */
  signal?: AbortSignal;
}

export class MiniModel {
  readonly model: LlamaModel;
  private readonly llama: Llama;
  private readonly sequence: LlamaContextSequence;

  private constructor(llama: Llama, model: LlamaModel, sequence: LlamaContextSequence) {
    this.llama = llama;
    this.model = model;
    this.sequence = sequence;
  }

  static async load(modelPath: string): Promise<MiniModel> {
    const llama = await getLlama({ gpu: false, build: 'never', maxThreads: THREADS });
    const model = await llama.loadModel({ modelPath });
    const context = await model.createContext({
      contextSize: Math.min(MINI_SHAPE.context, model.trainContextSize),
      threads: THREADS,
    });
    return new MiniModel(llama, model, context.getSequence());
  }

  /** Greedy, so that a score means the same on every run. */
  async answer(messages: readonly Message[], options: AnswerOptions = {}): Promise<Answer> {
    await this.sequence.clearHistory();
    const completion = new LlamaCompletion({ contextSequence: this.sequence });
    const prompt = this.promptTokens(messages);
    const startedAt = performance.now();
    let tokens = 0;
    try {
      const text = await completion.generateCompletion(prompt, {
        temperature: 0,
        maxTokens: MINI_SHAPE.context - prompt.length - 1,
        onToken: (generated) => {
          tokens += generated.length;
        },
        onTextChunk: options.onText,
        signal: options.signal,
      });
      return { text, tokens, milliseconds: performance.now() - startedAt };
    } finally {
      completion.dispose({ disposeSequence: false });
    }
  }

  /**
   * ChatML, token by token. Message text is tokenized as plain text, so that a user who types
   * `<|im_end|>` cannot end a message.
   */
  promptTokens(messages: readonly Message[]): Token[] {
    const special = (text: string): Token[] => this.model.tokenize(text, true);
    const begin = this.model.tokens.bos;
    const tokens: Token[] = begin === null ? [] : [begin];
    for (const { role, content } of messages) {
      tokens.push(...special(`<|im_start|>${role}\n`));
      tokens.push(...this.model.tokenize(content, false));
      tokens.push(...special('<|im_end|>\n'));
    }
    tokens.push(...special('<|im_start|>assistant\n'));
    return tokens;
  }

  /** For tests that look at raw logits. */
  sequenceForInspection(): LlamaContextSequence {
    return this.sequence;
  }

  async dispose(): Promise<void> {
    await this.llama.dispose();
  }
}
