import { contentTexts, SekishoError, type ChatMessage } from '@sekisho/contract';
import {
  getLlama,
  LlamaChat,
  LlamaLogLevel,
  resolveChatWrapper,
  type ChatHistoryItem,
  type ChatWrapper,
  type Llama,
  type LlamaContext,
  type LlamaContextSequence,
  type LlamaModel,
} from 'node-llama-cpp';

/** Conversations evaluated side by side. */
const SEQUENCES = 4;
/** Requests that may wait for a sequence; more are told to go elsewhere. */
const WAITING_MAX = 256;
/** Tokens of context that one conversation gets, at most. */
const CONTEXT_TOKENS_MAX = 4096;
/**
 * A model of a few million parameters is faster on one thread: handing work between threads costs
 * more than the work (measured 1,433 against 64 tokens/s). Larger files get more.
 */
const TINY_MODEL_BYTES = 200 * 1024 * 1024;

export interface GenerateOptions {
  readonly messages: readonly ChatMessage[];
  readonly maxTokens: number | undefined;
  readonly temperature: number | undefined;
  readonly topP: number | undefined;
  readonly seed: number | undefined;
  readonly stop: readonly string[];
  readonly signal: AbortSignal;
  /** Called with each piece of text as it is produced. */
  readonly onText: (text: string) => void;
  /** Called with the running count of tokens produced. */
  readonly onTokens: (count: number) => void;
}

export interface Generated {
  readonly finishReason: 'stop' | 'length';
}

/** Every place is taken and the queue is full. */
export class ModelBusy extends Error {
  override readonly name = 'ModelBusy';
}

/** A GGUF model in this process, by llama.cpp on the CPU. */
export class LlamaCppModel {
  readonly #llama: Llama;
  readonly #model: LlamaModel;
  readonly #context: LlamaContext;
  readonly #chatWrapper: ChatWrapper;
  readonly #free: LlamaContextSequence[];
  readonly #waiting: ((sequence: LlamaContextSequence) => void)[] = [];

  private constructor(llama: Llama, model: LlamaModel, context: LlamaContext) {
    this.#llama = llama;
    this.#model = model;
    this.#context = context;
    this.#chatWrapper = resolveChatWrapper(model);
    this.#free = Array.from({ length: SEQUENCES }, () => context.getSequence());
  }

  static async load(file: string, fileBytes: number): Promise<LlamaCppModel> {
    const threads = fileBytes < TINY_MODEL_BYTES ? 1 : 0;
    const llama = await getLlama({
      gpu: false,
      build: 'never',
      logLevel: LlamaLogLevel.error,
      maxThreads: threads,
    });
    const model = await llama.loadModel({ modelPath: file });
    const contextSize = Math.min(model.trainContextSize ?? CONTEXT_TOKENS_MAX, CONTEXT_TOKENS_MAX);
    const context = await model.createContext({ contextSize, threads, sequences: SEQUENCES });
    return new LlamaCppModel(llama, model, context);
  }

  /** Tokens of the conversation under the model's own chat template. */
  countInputTokens(messages: readonly ChatMessage[]): number {
    const { contextText } = this.#chatWrapper.generateContextState({ chatHistory: historyOf(messages) });
    return contextText.tokenize(this.#model.tokenizer).length;
  }

  /**
   * Generates one answer. Rejects with `ModelBusy` when the queue is full, with `invalid_request`
   * when the conversation is longer than the context, and with the signal's reason when aborted.
   */
  async generate(options: GenerateOptions): Promise<Generated> {
    const inputTokens = this.countInputTokens(options.messages);
    const room = this.#context.contextSize - inputTokens;
    if (room < 1) throw contextExceeded(inputTokens, this.#context.contextSize);
    const maxTokens = Math.min(options.maxTokens ?? room, room);
    options.signal.throwIfAborted();
    const sequence = await this.#take(options.signal);
    try {
      return await this.#evaluate(sequence, options, maxTokens);
    } finally {
      this.#give(sequence);
    }
  }

  async #evaluate(
    sequence: LlamaContextSequence,
    options: GenerateOptions,
    maxTokens: number,
  ): Promise<Generated> {
    const { onText, onTokens, stop, signal, temperature, topP, seed } = options;
    // Nothing of one workspace's conversation may serve another's.
    await sequence.clearHistory();
    const chat = new LlamaChat({ contextSequence: sequence, chatWrapper: this.#chatWrapper });
    let tokens = 0;
    try {
      const { metadata } = await chat.generateResponse([...historyOf(options.messages)], {
        maxTokens,
        temperature: temperature ?? 0,
        ...(topP === undefined ? {} : { topP }),
        ...(seed === undefined ? {} : { seed }),
        ...(stop.length === 0 ? {} : { customStopTriggers: stop.map((text) => [text]) }),
        repeatPenalty: false,
        signal,
        onTextChunk: onText,
        onToken: (produced) => onTokens((tokens += produced.length)),
      });
      return { finishReason: metadata.stopReason === 'maxTokens' ? 'length' : 'stop' };
    } finally {
      chat.dispose({ disposeSequence: false });
    }
  }

  #take(signal: AbortSignal): Promise<LlamaContextSequence> {
    const free = this.#free.pop();
    if (free !== undefined) return Promise.resolve(free);
    if (this.#waiting.length >= WAITING_MAX) return Promise.reject(new ModelBusy('the queue is full'));
    return new Promise((resolve, reject) => {
      const receive = (sequence: LlamaContextSequence): void => {
        signal.removeEventListener('abort', leave);
        resolve(sequence);
      };
      const leave = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(receive), 1);
        reject(signal.reason);
      };
      signal.addEventListener('abort', leave, { once: true });
      this.#waiting.push(receive);
    });
  }

  #give(sequence: LlamaContextSequence): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free.push(sequence);
    else next(sequence);
  }

  async close(): Promise<void> {
    await this.#llama.dispose();
  }
}

function historyOf(messages: readonly ChatMessage[]): ChatHistoryItem[] {
  const history = messages.map((message): ChatHistoryItem => {
    const text = contentTexts(message).join('');
    switch (message.role) {
      case 'system':
      case 'developer':
        return { type: 'system', text };
      case 'user':
        return { type: 'user', text };
      case 'assistant':
        return { type: 'model', response: [text + (message.refusal ?? '')] };
      case 'tool':
        // Refused by name before it comes here.
        throw new SekishoError('unsupported_parameter', 'messages.role');
    }
  });
  return [...history, { type: 'model', response: [] }];
}

function contextExceeded(inputTokens: number, contextTokens: number): SekishoError {
  return new SekishoError(
    'invalid_request',
    {
      ja: `会話は ${inputTokens} トークンで、このモデルの上限 ${contextTokens} を超えます。`,
      en: `The conversation has ${inputTokens} tokens; this model takes ${contextTokens}.`,
    },
    {
      faults: [
        {
          path: 'messages',
          message: { ja: '会話が長すぎます。', en: 'The conversation is too long.' },
        },
      ],
    },
  );
}
