import type { ChatCompletionRequest, Endpoint } from '@sekisho/contract';

/** Tokens that a model server counted. */
export interface TokenUsage {
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** True where the server did not say and the cell counted. */
  readonly estimated: boolean;
}

/** What goes to a model server: the validated request under the name the server knows. */
export interface ModelRequest {
  readonly upstreamModel: string;
  readonly completion: ChatCompletionRequest;
}

/** OpenAI-shaped answers as bytes, so that nothing between server and client need parse them twice. */
export type ModelAnswer =
  | {
      readonly kind: 'whole';
      readonly status: number;
      /** Body of a `chat.completion`, or of the server's own 4xx refusal. */
      readonly body: Buffer;
      readonly usage: TokenUsage;
    }
  | {
      readonly kind: 'stream';
      /**
       * One `chat.completion.chunk` JSON text per item, without SSE framing and without `[DONE]`.
       * Pulling is backpressure: what is not pulled is not read from the server.
       */
      readonly chunks: AsyncIterable<Buffer>;
      /** Tokens so far; final once `chunks` has ended. */
      usage(): TokenUsage;
    };

/**
 * A model server at an endpoint. `complete` throws:
 * - TargetUnavailable when the server certainly did nothing (refused connection, 429, 503): the
 *   flow may turn to another target that the same decision allowed;
 * - SekishoError `upstream_failed` when it may have done something: never repeated elsewhere.
 * Aborting the signal stops the work at the server. When `chunks` is abandoned the work stops too.
 */
export interface ModelServer {
  complete(request: ModelRequest, signal: AbortSignal): Promise<ModelAnswer>;
  /** Parameters of the request that this server would ignore or misread; empty when it can serve. */
  unsupportedParameters(completion: ChatCompletionRequest): readonly string[];
  /** Whether it would take a request now. No data of anybody goes with the question. Ends within seconds, never rejects. */
  probe(): Promise<boolean>;
  close(): Promise<void>;
}

/** The server did nothing with the request. */
export class TargetUnavailable extends Error {
  override readonly name = 'TargetUnavailable';
}

/** The model servers that are connected. */
export interface ModelServerDirectory {
  /**
   * The server of this endpoint exactly as declared. Undefined when it is declared otherwise by now,
   * or not at all: a decision about one declaration must never carry data to where another points.
   */
  get(endpoint: Endpoint): ModelServer | undefined;
}
