import { SekishoError, type ChatCompletionRequest } from '@sekisho/contract';
import { stat } from 'node:fs/promises';
import type { Clock } from '../../base/clock.ts';
import type { Random } from '../../base/random.ts';
import {
  TargetUnavailable,
  type ModelAnswer,
  type ModelRequest,
  type ModelServer,
  type TokenUsage,
} from '../../domains/inference/index.ts';
import { LlamaCppModel, ModelBusy, type Generated } from './llama-model.ts';
import { TextQueue } from './text-queue.ts';
import { unsupportedByEmbedded } from './unsupported-by-embedded.ts';

/**
 * A GGUF model inside the cell's own process, with OpenAI's answers. The file is loaded once, by
 * the first request or `load`.
 */
export class EmbeddedModelServer implements ModelServer {
  readonly #file: string;
  readonly #clock: Clock;
  readonly #random: Random;
  #loading: Promise<LlamaCppModel> | undefined;

  constructor(file: string, clock: Clock, random: Random) {
    this.#file = file;
    this.#clock = clock;
    this.#random = random;
  }

  /** Rejects with `TargetUnavailable` when the file is missing or no build of llama.cpp runs here. */
  load(): Promise<LlamaCppModel> {
    this.#loading ??= this.#open();
    return this.#loading;
  }

  async #open(): Promise<LlamaCppModel> {
    try {
      const { size } = await stat(this.#file);
      return await LlamaCppModel.load(this.#file, size);
    } catch (cause) {
      this.#loading = undefined;
      throw new TargetUnavailable('the embedded model cannot be loaded', { cause });
    }
  }

  unsupportedParameters(completion: ChatCompletionRequest): readonly string[] {
    return unsupportedByEmbedded(completion);
  }

  async probe(): Promise<boolean> {
    return this.load().then(
      () => true,
      () => false,
    );
  }

  async complete(request: ModelRequest, signal: AbortSignal): Promise<ModelAnswer> {
    const model = await this.load();
    const generation = new Generation(model, request.completion, signal);
    const head = {
      id: `chatcmpl-${this.#random.bytes(12).toString('hex')}`,
      created: Math.floor(this.#clock.nowMs() / 1000),
      model: request.completion.model,
    };
    if (request.completion.stream !== true) return wholeAnswer(head, generation);
    // A conversation that is refused must be refused before the stream begins.
    await generation.started();
    return {
      kind: 'stream',
      chunks: streamedChunks(head, generation, request.completion),
      usage: () => generation.usage(),
    };
  }

  async close(): Promise<void> {
    // A model that could not be loaded holds nothing.
    const model = await this.#loading?.catch(() => undefined);
    await model?.close();
  }
}

interface AnswerHead {
  readonly id: string;
  readonly created: number;
  readonly model: string;
}

/** One generation under way. */
class Generation {
  readonly text = new TextQueue();
  readonly #stop = new AbortController();
  readonly #done: Promise<Generated>;
  readonly #inputTokens: number;
  #outputTokens = 0;

  constructor(model: LlamaCppModel, completion: ChatCompletionRequest, signal: AbortSignal) {
    this.#inputTokens = model.countInputTokens(completion.messages);
    this.#done = this.#generate(model, completion, signal);
    this.#done.then(
      () => this.text.end(),
      (cause: unknown) => this.text.fail(cause),
    );
  }

  async #generate(
    model: LlamaCppModel,
    completion: ChatCompletionRequest,
    signal: AbortSignal,
  ): Promise<Generated> {
    const generated = model.generate({
      messages: completion.messages,
      maxTokens: completion.max_completion_tokens ?? completion.max_tokens ?? undefined,
      temperature: completion.temperature ?? undefined,
      topP: completion.top_p ?? undefined,
      seed: completion.seed ?? undefined,
      stop: typeof completion.stop === 'string' ? [completion.stop] : (completion.stop ?? []),
      signal: AbortSignal.any([signal, this.#stop.signal]),
      onText: (text) => this.text.push(text),
      onTokens: (count) => (this.#outputTokens = count),
    });
    return generated.catch((cause: unknown) => {
      if (cause instanceof ModelBusy) throw new TargetUnavailable(cause.message, { cause });
      throw cause instanceof SekishoError ? cause : new SekishoError('upstream_failed', '', { cause });
    });
  }

  /** Rejects when the model refused before it produced anything. */
  async started(): Promise<void> {
    await Promise.race([this.text.ready(), this.#done]);
  }

  finished(): Promise<Generated> {
    return this.#done;
  }

  stop(): void {
    this.#stop.abort(new Error('nobody reads the answer'));
  }

  usage(): TokenUsage {
    return { inputTokens: this.#inputTokens, outputTokens: this.#outputTokens, estimated: false };
  }
}

async function wholeAnswer(head: AnswerHead, generation: Generation): Promise<ModelAnswer> {
  let content = '';
  const { finishReason } = await generation.finished();
  for await (const text of generation.text) content += text;
  const usage = generation.usage();
  const body = {
    ...head,
    object: 'chat.completion',
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content, refusal: null },
        logprobs: null,
        finish_reason: finishReason,
      },
    ],
    usage: openAiUsage(usage),
  };
  return { kind: 'whole', status: 200, body: Buffer.from(JSON.stringify(body)), usage };
}

async function* streamedChunks(
  head: AnswerHead,
  generation: Generation,
  completion: ChatCompletionRequest,
): AsyncGenerator<Buffer, void, undefined> {
  const chunk = (delta: object, finishReason: string | null): Buffer =>
    Buffer.from(
      JSON.stringify({
        ...head,
        object: 'chat.completion.chunk',
        choices: [{ index: 0, delta, logprobs: null, finish_reason: finishReason }],
      }),
    );
  try {
    yield chunk({ role: 'assistant', content: '' }, null);
    for await (const text of generation.text) yield chunk({ content: text }, null);
    const { finishReason } = await generation.finished();
    yield chunk({}, finishReason);
    if (completion.stream_options?.include_usage === true) {
      const usage = openAiUsage(generation.usage());
      yield Buffer.from(JSON.stringify({ ...head, object: 'chat.completion.chunk', choices: [], usage }));
    }
  } finally {
    generation.stop();
  }
}

function openAiUsage(usage: TokenUsage): object {
  return {
    prompt_tokens: usage.inputTokens,
    completion_tokens: usage.outputTokens,
    total_tokens: usage.inputTokens + usage.outputTokens,
  };
}
