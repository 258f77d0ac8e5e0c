import {
  SekishoError,
  type Bilingual,
  type ChatCompletionRequest,
  type DataClass,
  type EndpointVerdict,
} from '@sekisho/contract';
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import { describeCause } from '../base/log.ts';
import type { CrossingEnd } from '../domains/crossings/index.ts';
import type { Principal } from '../domains/identity/index.ts';
import {
  estimateInputTokens,
  TargetUnavailable,
  type ModelAnswer,
  type ModelServer,
  type ModelServerDirectory,
  type TargetHealth,
  type TokenUsage,
} from '../domains/inference/index.ts';
import type { AllowedTarget, Decision } from '../domains/residency/index.ts';
import type { CrossingKernel, OpenCrossing } from './crossing-kernel.ts';
import type { PlatformInForce, PlatformSnapshot } from './platform-in-force.ts';

export interface ChatRequest {
  readonly principal: Principal;
  readonly completion: ChatCompletionRequest;
  /** The bytes of the request as they came. */
  readonly body: Buffer;
  /** The workspace's first class when absent. */
  readonly dataClass: DataClass | undefined;
  readonly purpose: string;
}

/** An answer on its way to the client. `crossing` is the receipt's id. */
export type ChatAnswer =
  | { readonly kind: 'whole'; readonly crossing: string; readonly status: number; readonly body: Buffer }
  | {
      readonly kind: 'stream';
      readonly crossing: string;
      /**
       * JSON texts of `chat.completion.chunk`. Ends only after the outcome is durable. To be pulled
       * at least once, also when the client is gone: a generator that never began ends nothing.
       */
      readonly chunks: AsyncIterable<Buffer>;
    };

/** A failure after the intent was recorded: the client still learns the crossing's id. */
export class RecordedFailure extends Error {
  override readonly name = 'RecordedFailure';
  readonly crossing: string;
  readonly failure: SekishoError;

  constructor(crossing: string, failure: SekishoError) {
    super(failure.message, { cause: failure });
    this.crossing = crossing;
    this.failure = failure;
  }
}

/** The target failed when it may already have had the data: the outcome must name it. */
class CarriedFailure extends Error {
  override readonly name = 'CarriedFailure';
  readonly target: AllowedTarget;

  constructor(target: AllowedTarget, cause: unknown) {
    super('the target failed', { cause });
    this.target = target;
  }
}

/** One chat completion, by the road of every crossing. */
export class CompleteChat {
  readonly #platform: PlatformInForce;
  readonly #kernel: CrossingKernel;
  readonly #servers: ModelServerDirectory;
  readonly #health: TargetHealth;
  readonly #clock: Clock;
  readonly #log: Log;

  constructor(
    platform: PlatformInForce,
    kernel: CrossingKernel,
    servers: ModelServerDirectory,
    health: TargetHealth,
    clock: Clock,
    log: Log,
  ) {
    this.#platform = platform;
    this.#kernel = kernel;
    this.#servers = servers;
    this.#health = health;
    this.#clock = clock;
    this.#log = log;
  }

  async run(request: ChatRequest, signal: AbortSignal): Promise<ChatAnswer> {
    const snapshot = this.#platform.current;
    const { tenant, workspace, dataClass } = identify(snapshot, request);
    const model = request.completion.model;
    if (!snapshot.upstreamModels.has(model)) throw new SekishoError('model_not_found', model);

    const use = { tenant, workspace, action: 'process', dataClass, purpose: request.purpose } as const;
    const decision = snapshot.policy.decide({ ...use, model });
    if (decision.decision === 'allow')
      this.#refuseUnsupported(snapshot, decision.targets, request.completion);

    const crossing = await this.#kernel.recordIntent(
      { ...use, principal: request.principal.name, subject: model, payload: request.body },
      decision,
    );
    try {
      if (decision.decision === 'deny') throw denial(decision.refused);
      const { target, answer } = await this.#carry(snapshot, decision.targets, request, signal);
      return await this.#deliver(snapshot, crossing, target, answer, model, signal);
    } catch (cause) {
      throw await this.#recordFailure(snapshot, crossing, request, decision, cause, signal);
    }
  }

  /**
   * A parameter that no allowed target supports is refused by name before anything is recorded as
   * carried; targets that do not support it are not tried for this request.
   */
  #refuseUnsupported(
    snapshot: PlatformSnapshot,
    targets: readonly AllowedTarget[],
    completion: ChatCompletionRequest,
  ): void {
    const unsupported = targets.map(
      (target) => this.#serverOf(snapshot, target)?.unsupportedParameters(completion) ?? [],
    );
    const [first] = unsupported;
    if (first === undefined || unsupported.some((names) => names.length === 0)) return;
    throw new SekishoError('unsupported_parameter', first.join(', '), {
      faults: first.map((path) => ({
        path,
        message: {
          ja: '許可された提供先はこのパラメーターに対応していません。',
          en: 'No allowed target supports this parameter.',
        },
      })),
    });
  }

  /** Tries allowed targets, and only those, until one takes the request. */
  async #carry(
    snapshot: PlatformSnapshot,
    targets: readonly AllowedTarget[],
    request: ChatRequest,
    signal: AbortSignal,
  ): Promise<{ readonly target: AllowedTarget; readonly answer: ModelAnswer }> {
    const { completion, body } = request;
    const names = snapshot.upstreamModels.get(completion.model);
    for (const target of this.#health.order(targets, this.#clock.monotonicMs())) {
      const server = this.#serverOf(snapshot, target);
      if (server === undefined || server.unsupportedParameters(completion).length > 0) continue;
      const upstreamModel = names?.get(target.endpoint) ?? completion.model;
      // Who has left is not carried anywhere, and the outcome names no target.
      if (signal.aborted) throw new SekishoError('client_closed_request');
      const answer = await this.#attempt(target, server, { upstreamModel, completion, body }, signal);
      if (answer !== undefined) return { target, answer };
    }
    throw new SekishoError('no_target_available');
  }

  /** The server that the decision was about: also after the platform changed in the meantime. */
  #serverOf(snapshot: PlatformSnapshot, { endpoint }: AllowedTarget): ModelServer | undefined {
    const declared = snapshot.endpoints.get(endpoint);
    return declared && this.#servers.get(declared);
  }

  /** Undefined when the target certainly did nothing, so that the next allowed one may be tried. */
  async #attempt(
    target: AllowedTarget,
    server: ModelServer,
    request: Parameters<ModelServer['complete']>[0],
    signal: AbortSignal,
  ): Promise<ModelAnswer | undefined> {
    try {
      const answer = await server.complete(request, signal);
      this.#health.succeeded(target.endpoint);
      return answer;
    } catch (cause) {
      const didNothing = cause instanceof TargetUnavailable;
      // The client left, or is to blame: neither says anything about the target.
      const clientsFault = cause instanceof SekishoError && cause.status < 500;
      if ((signal.aborted && !didNothing) || clientsFault) throw new CarriedFailure(target, cause);
      this.#health.failed(target.endpoint, this.#clock.monotonicMs());
      this.#log.warn('target_failed', { endpoint: target.endpoint, cause: describeCause(cause) });
      if (didNothing) return undefined;
      throw new CarriedFailure(target, cause);
    }
  }

  async #deliver(
    snapshot: PlatformSnapshot,
    crossing: OpenCrossing,
    target: AllowedTarget,
    answer: ModelAnswer,
    model: string,
    signal: AbortSignal,
  ): Promise<ChatAnswer> {
    const meter = (usage: TokenUsage): CrossingEnd['usage'] => meterTokens(snapshot, model, usage);
    if (answer.kind === 'stream') {
      return {
        kind: 'stream',
        crossing: crossing.id,
        chunks: this.#recordedStream(crossing, target, answer, meter, signal),
      };
    }
    // The outcome is durable before the answer is acknowledged: usage that a client saw is never lost.
    await crossing.recordOutcome({
      result: answer.status < 400 ? 'completed' : 'failed',
      status: answer.status,
      carried: target,
      answer: crossing.commitAnswer(answer.body),
      usage: meter(answer.usage),
    });
    return { kind: 'whole', crossing: crossing.id, status: answer.status, body: answer.body };
  }

  /**
   * Hands on each chunk and records the outcome before the stream ends. The committed answer of a
   * stream is its JSON texts, each followed by a line feed.
   */
  async *#recordedStream(
    crossing: OpenCrossing,
    target: AllowedTarget,
    answer: Extract<ModelAnswer, { kind: 'stream' }>,
    meter: (usage: TokenUsage) => CrossingEnd['usage'],
    signal: AbortSignal,
  ): AsyncGenerator<Buffer, void, undefined> {
    const commitment = crossing.answerCommitment();
    let produced = false;
    let result: 'completed' | 'aborted' | 'failed' = 'aborted';
    let failure: unknown;
    try {
      for await (const chunk of answer.chunks) {
        commitment.update(chunk);
        commitment.update('\n');
        produced = true;
        yield chunk;
      }
      result = signal.aborted ? 'aborted' : 'completed';
    } catch (cause) {
      result = signal.aborted ? 'aborted' : 'failed';
      failure = cause;
    } finally {
      // Reached as well when the consumer stops pulling: then `result` is still `aborted`.
      await crossing.recordOutcome({
        result,
        status: result === 'aborted' ? 499 : result === 'failed' ? 502 : 200,
        carried: target,
        ...(produced ? { answer: commitment.finish() } : {}),
        usage: meter(answer.usage()),
      });
    }
    if (result === 'failed') {
      this.#health.failed(target.endpoint, this.#clock.monotonicMs());
      this.#log.warn('stream_failed', { endpoint: target.endpoint, cause: describeCause(failure) });
      throw new RecordedFailure(crossing.id, asSekishoError(failure));
    }
  }

  /** Closes the crossing of a failed request; returns what the client is told. */
  async #recordFailure(
    snapshot: PlatformSnapshot,
    crossing: OpenCrossing,
    request: ChatRequest,
    decision: Decision,
    cause: unknown,
    signal: AbortSignal,
  ): Promise<RecordedFailure> {
    const carriedTo = cause instanceof CarriedFailure ? cause.target : undefined;
    const thrown = asSekishoError(cause instanceof CarriedFailure ? cause.cause : cause);
    // A failed ledger cannot record; the next start closes the crossing as interrupted.
    if (thrown.code === 'ledger_unavailable') return new RecordedFailure(crossing.id, thrown);
    // A denial stays one, whether or not somebody is there to hear it.
    const isDenied = decision.decision === 'deny';
    const hasLeft = signal.aborted && !isDenied;
    const failure = hasLeft ? new SekishoError('client_closed_request') : thrown;
    await crossing.recordOutcome({
      result: isDenied ? 'denied' : hasLeft ? 'aborted' : 'failed',
      status: failure.status,
      ...(carriedTo === undefined ? {} : { carried: carriedTo }),
      usage: meterTokens(
        snapshot,
        request.completion.model,
        // Who leaves pays for what was begun; a failure of the target's costs nothing.
        carriedTo !== undefined && hasLeft ? estimatedInput(request.completion) : nothingUsed,
      ),
    });
    return new RecordedFailure(crossing.id, failure);
  }
}

const nothingUsed: TokenUsage = { inputTokens: 0, outputTokens: 0, estimated: false };

/** The target had the request and gave no count. */
function estimatedInput(completion: ChatCompletionRequest): TokenUsage {
  return { inputTokens: estimateInputTokens(completion), outputTokens: 0, estimated: true };
}

function identify(
  snapshot: PlatformSnapshot,
  request: ChatRequest,
): { readonly tenant: string; readonly workspace: string; readonly dataClass: DataClass } {
  const { principal } = request;
  if (principal.kind !== 'workspace-key') {
    throw new SekishoError('not_permitted', {
      ja: '管理キーではデータを扱えません。ワークスペースのキーを使ってください。',
      en: 'The admin key cannot use data. Use a key of a workspace.',
    });
  }
  const workspace = snapshot.workspaces.get(`${principal.tenant}/${principal.workspace}`);
  if (workspace === undefined) throw new SekishoError('invalid_api_key');
  const dataClass = request.dataClass ?? workspace.dataClasses[0];
  if (dataClass === undefined) throw new SekishoError('not_permitted');
  return { tenant: principal.tenant, workspace: principal.workspace, dataClass };
}

function meterTokens(snapshot: PlatformSnapshot, model: string, usage: TokenUsage): CrossingEnd['usage'] {
  const amountYen = snapshot.prices.amount(model, usage);
  if (amountYen === undefined) {
    throw new SekishoError('internal_error', '', { cause: `no price for ${model}` });
  }
  return { ...usage, amountYen };
}

/** Says per endpoint which copy strayed where, why, and by which policies: `sekisho explain` says more. */
function denial(refused: readonly EndpointVerdict[]): SekishoError {
  const reasons = (language: keyof Bilingual): string =>
    refused
      .map(
        (verdict) => `${verdict.endpoint}: ${verdict.summary[language]} [${policiesOf(verdict).join(', ')}]`,
      )
      .join('; ');
  return new SekishoError(
    'residency_denied',
    { ja: reasons('ja'), en: reasons('en') },
    { faults: refused.map((verdict) => ({ path: verdict.endpoint, message: verdict.summary })) },
  );
}

function policiesOf(verdict: EndpointVerdict): string[] {
  const refusedCopies = verdict.copies.filter((copy) => !copy.allowed);
  return [...new Set(refusedCopies.flatMap((copy) => copy.reasons.map((reason) => reason.policy)))];
}

function asSekishoError(cause: unknown): SekishoError {
  return cause instanceof SekishoError ? cause : new SekishoError('internal_error', '', { cause });
}
