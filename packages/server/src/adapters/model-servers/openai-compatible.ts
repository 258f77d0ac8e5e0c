import { SekishoError, type ChatCompletionRequest } from '@sekisho/contract';
import { Pool } from 'undici';
import { z } from 'zod';
import {
  estimateInputTokens,
  TargetUnavailable,
  type ModelAnswer,
  type ModelRequest,
  type ModelServer,
  type TokenUsage,
} from '../../domains/inference/index.ts';
import { postJson, type HttpAnswer, type PulledBody } from './http-exchange.ts';
import { EventPayloads } from './server-sent-events.ts';

export interface OpenAiCompatibleOptions {
  /** Base URL with the version, such as `http://10.0.0.5:8000/v1`. */
  readonly url: string;
  /** The server's own bearer key. The client's key never leaves the cell. */
  readonly apiKey: string | undefined;
  readonly firstByteTimeoutMs: number;
}

const CONNECT_TIMEOUT_MS = 2_000;
const PROBE_TIMEOUT_MS = 2_000;
const CONNECTIONS_MAX = 256;
/** Longest silence inside a stream. */
const BODY_TIMEOUT_MS = 120_000;
const ANSWER_BYTES_MAX = 32 * 1024 * 1024;

/** Errors after which the server certainly saw nothing of the request. */
const NOTHING_SENT = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** Statuses by which a server says that it did nothing and another may be asked. */
const DID_NOTHING = new Set([429, 503]);

/** Refusals that the client can mend. A 401 or 404 is the operator's to mend and shows the client nothing. */
const CLIENTS_FAULT = new Set([400, 413, 422]);

const DONE = Buffer.from('[DONE]');
const USAGE_FIELD = Buffer.from('"usage"');
const ERROR_FIELD = Buffer.from('"error"');
const [OPENING_BRACE, CLOSING_BRACE, LINE_FEED, CARRIAGE_RETURN] = [0x7b, 0x7d, 0x0a, 0x0d];

const UpstreamUsage = z.object({
  prompt_tokens: z.int().min(0).max(1e9),
  completion_tokens: z.int().min(0).max(1e9),
});
const WithUsage = z.object({ usage: UpstreamUsage.nullish() });
const Chunk = WithUsage.extend({ choices: z.array(z.unknown()) });
/** A server that fails after its headers says so in an event, which is no part of an answer. */
const WithoutError = z.looseObject({ error: z.null().optional() });

/** Any server that speaks OpenAI's HTTP API: vLLM, llama.cpp, SGLang, TGI and the like. */
export class OpenAiCompatibleServer implements ModelServer {
  readonly #pool: Pool;
  readonly #base: string;
  readonly #path: string;
  readonly #headers: Readonly<Record<string, string>>;

  constructor(options: OpenAiCompatibleOptions) {
    const url = new URL(options.url);
    this.#base = url.pathname.replace(/\/$/, '');
    this.#path = `${this.#base}/chat/completions`;
    this.#pool = new Pool(url.origin, {
      connections: CONNECTIONS_MAX,
      connect: { timeout: CONNECT_TIMEOUT_MS },
      headersTimeout: options.firstByteTimeoutMs,
      bodyTimeout: BODY_TIMEOUT_MS,
    });
    this.#headers = {
      'content-type': 'application/json',
      ...(options.apiKey === undefined ? {} : { authorization: `Bearer ${options.apiKey}` }),
    };
  }

  unsupportedParameters(): readonly string[] {
    return [];
  }

  async complete(request: ModelRequest, signal: AbortSignal): Promise<ModelAnswer> {
    const answer = await this.#post(upstreamBody(request), signal);
    if (DID_NOTHING.has(answer.status)) {
      // Its body may never end, and the next target is waiting.
      answer.body.abort(new Error('not wanted'));
      throw new TargetUnavailable(`status ${answer.status}`);
    }
    if (answer.status !== 200 && !CLIENTS_FAULT.has(answer.status)) {
      answer.body.abort(new Error('not wanted'));
      throw upstreamFailed(`status ${answer.status}`);
    }
    if (request.completion.stream === true && answer.status === 200) {
      if (!answer.contentType.startsWith('text/event-stream')) {
        answer.body.abort(new Error('not an event stream'));
        throw upstreamFailed(`content type ${answer.contentType}`);
      }
      return streamOf(answer.body, request.completion);
    }
    return wholeOf(answer);
  }

  async probe(): Promise<boolean> {
    try {
      const { statusCode, body } = await this.#pool.request({
        path: `${this.#base}/models`,
        method: 'GET',
        headers: this.#headers,
        signal: AbortSignal.timeout(PROBE_TIMEOUT_MS),
      });
      await body.dump();
      // A server without that route is up as well; one that cannot serve says 5xx, as llama.cpp does while it loads.
      return statusCode < 500;
    } catch {
      return false;
    }
  }

  async #post(body: Buffer, signal: AbortSignal): Promise<HttpAnswer> {
    try {
      return await postJson(this.#pool, this.#path, this.#headers, body, signal);
    } catch (cause) {
      if (NOTHING_SENT.has(errorCode(cause))) throw new TargetUnavailable('no connection', { cause });
      throw upstreamFailed(cause);
    }
  }

  async close(): Promise<void> {
    await this.#pool.close();
  }
}

/**
 * What was parsed and decided about, written anew: of the client's own bytes a server might read
 * something else, such as the first of two `model` fields where we read the last.
 */
function upstreamBody({ completion, upstreamModel }: ModelRequest): Buffer {
  const streamsWithoutUsage = completion.stream === true && completion.stream_options?.include_usage !== true;
  return Buffer.from(
    JSON.stringify({
      ...completion,
      model: upstreamModel,
      // Metering needs the server's count even where the client did not ask for it.
      ...(streamsWithoutUsage ? { stream_options: { include_usage: true } } : {}),
    }),
  );
}

async function wholeOf(answer: HttpAnswer): Promise<ModelAnswer> {
  let body: Buffer;
  let usage: TokenUsage = { inputTokens: 0, outputTokens: 0, estimated: false };
  try {
    body = await answer.body.collect(ANSWER_BYTES_MAX);
    const parsed = WithUsage.parse(JSON.parse(body.toString('utf8')));
    if (answer.status === 200) usage = tokenUsage(parsed.usage) ?? fail('no usage in the answer');
  } catch (cause) {
    throw upstreamFailed(cause);
  }
  return { kind: 'whole', status: answer.status, body, usage };
}

function streamOf(body: PulledBody, completion: ChatCompletionRequest): ModelAnswer {
  const clientAskedForUsage = completion.stream_options?.include_usage === true;
  let counted: TokenUsage | undefined;
  let chunksSent = 0;

  async function* chunks(): AsyncGenerator<Buffer, void, undefined> {
    const events = new EventPayloads();
    let done = false;
    for await (const bytes of body) {
      for (const payload of events.push(bytes)) {
        if (payload.equals(DONE)) done = true;
        else {
          const chunk = chunkOf(payload);
          const usageOnly = chunk.includes(USAGE_FIELD) && readUsage(chunk);
          if (usageOnly && !clientAskedForUsage) continue;
          if (!usageOnly) chunksSent++;
          yield chunk;
        }
      }
    }
    if (!done) throw upstreamFailed('the stream ended without [DONE]');
  }

  /** Remembers the usage of a chunk; true when the chunk holds nothing else. */
  function readUsage(payload: Buffer): boolean {
    const parsed = Chunk.safeParse(parseJson(payload));
    if (!parsed.success) throw upstreamFailed(parsed.error);
    counted = tokenUsage(parsed.data.usage) ?? counted;
    return Boolean(parsed.data.usage) && parsed.data.choices.length === 0;
  }

  return {
    kind: 'stream',
    chunks: chunks(),
    // Without the server's count: one token a chunk, which is how these servers stream.
    usage: () =>
      counted ?? { inputTokens: estimateInputTokens(completion), outputTokens: chunksSent, estimated: true },
  };
}

/**
 * One JSON object on one line. The edge frames it as an event again, so a line break inside would
 * let the server write events of its own, such as a receipt that does not exist.
 */
function chunkOf(payload: Buffer): Buffer {
  const isPlain =
    payload[0] === OPENING_BRACE &&
    payload.at(-1) === CLOSING_BRACE &&
    !payload.includes(LINE_FEED) &&
    !payload.includes(CARRIAGE_RETURN);
  if (isPlain && !payload.includes(ERROR_FIELD)) return payload;
  const json = parseJson(payload);
  const parsed = WithoutError.safeParse(json);
  if (!parsed.success) throw upstreamFailed(parsed.error);
  return isPlain ? payload : Buffer.from(JSON.stringify(json));
}

function tokenUsage(usage: z.infer<typeof UpstreamUsage> | null | undefined): TokenUsage | undefined {
  if (!usage) return undefined;
  return { inputTokens: usage.prompt_tokens, outputTokens: usage.completion_tokens, estimated: false };
}

function parseJson(payload: Buffer): unknown {
  try {
    return JSON.parse(payload.toString('utf8'));
  } catch (cause) {
    throw upstreamFailed(cause);
  }
}

function fail(reason: string): never {
  throw new Error(reason);
}

function upstreamFailed(cause: unknown): SekishoError {
  return cause instanceof SekishoError ? cause : new SekishoError('upstream_failed', '', { cause });
}

function errorCode(cause: unknown): string {
  if (typeof cause !== 'object' || cause === null) return '';
  if ('code' in cause && typeof cause.code === 'string') return cause.code;
  // A host with several addresses fails with all their errors.
  return cause instanceof AggregateError ? errorCode(cause.errors[0]) : '';
}
