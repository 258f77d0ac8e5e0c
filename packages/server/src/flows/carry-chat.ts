import { SekishoError, type ChatCompletionRequest } from '@sekisho/contract';
import type { Clock } from '../base/clock.ts';
import { describeCause, type Log } from '../base/log.ts';
import {
  TargetUnavailable,
  type ModelAnswer,
  type ModelRequest,
  type ModelServer,
  type ModelServerDirectory,
  type TargetAttempt,
  type TargetPool,
  type TokenUsage,
} from '../domains/inference/index.ts';
import type { AllowedTarget } from '../domains/residency/index.ts';
import type { PlatformSnapshot } from './platform-in-force.ts';

/** The target failed when it may already have had the data: the outcome must name it. */
export class CarriedFailure extends Error {
  override readonly name = 'CarriedFailure';
  readonly target: AllowedTarget;

  /** Tokens of an answer that was made and is not handed on. */
  readonly usage: TokenUsage | undefined;

  constructor(target: AllowedTarget, cause: unknown, usage?: TokenUsage) {
    super('the target failed', { cause });
    this.target = target;
    this.usage = usage;
  }
}

/** An answer, and where it comes from. */
export interface CarriedAnswer {
  readonly target: AllowedTarget;
  readonly answer: ModelAnswer;
  /** A stream is over: with what the target failed, or undefined for a good end and for a client who left. */
  end(failure: unknown): void;
}

/** Carries a completion to one of the targets that a decision allowed, and to no other. */
export class ChatCarrier {
  readonly #servers: ModelServerDirectory;
  readonly #pool: TargetPool;
  readonly #clock: Clock;
  readonly #log: Log;

  constructor(servers: ModelServerDirectory, pool: TargetPool, clock: Clock, log: Log) {
    this.#servers = servers;
    this.#pool = pool;
    this.#clock = clock;
    this.#log = log;
  }

  /**
   * A parameter that no allowed target supports is refused by name before anything is recorded as
   * carried; targets that do not support it are not tried for this request.
   */
  refuseUnsupported(
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

  /**
   * Tries allowed targets, and only those, until one takes the request. Ends the attempt's count of what is
   * under way when the answer is whole; a stream's goes on until {@link CarriedAnswer.end}.
   */
  async carry(
    snapshot: PlatformSnapshot,
    targets: readonly AllowedTarget[],
    completion: ChatCompletionRequest,
    signal: AbortSignal,
    affinityKey: string,
  ): Promise<CarriedAnswer> {
    const names = snapshot.upstreamModels.get(completion.model);
    const usable = targets.flatMap((target) => {
      const server = this.#serverOf(snapshot, target);
      if (server === undefined || server.unsupportedParameters(completion).length > 0) return [];
      const weight = snapshot.endpoints.get(target.endpoint)?.weight ?? 1;
      return [{ endpoint: target.endpoint, weight, target, server }];
    });
    const order = this.#pool.order(usable, this.#clock.monotonicMs(), affinityKey);
    for (const [attempt, { target, server }] of order.entries()) {
      if (attempt > 0 && !this.#pool.mayRetry()) break;
      const upstreamModel = names?.get(target.endpoint) ?? completion.model;
      // Who has left is not carried anywhere, and the outcome names no target.
      if (signal.aborted) throw new SekishoError('client_closed_request');
      const carried = await this.#attempt(target, server, { upstreamModel, completion }, signal);
      if (carried !== undefined) return carried;
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
    request: ModelRequest,
    signal: AbortSignal,
  ): Promise<CarriedAnswer | undefined> {
    const attempt = this.#pool.begin(target.endpoint, this.#clock.monotonicMs());
    try {
      const answer = await server.complete(request, signal);
      attempt.answered(this.#clock.monotonicMs());
      if (answer.kind === 'whole') attempt.ended();
      return { target, answer, end: (failure) => this.#streamEnded(target, attempt, failure) };
    } catch (cause) {
      const didNothing = cause instanceof TargetUnavailable;
      // The client left, or is to blame: neither says anything about the target.
      const clientsFault = cause instanceof SekishoError && cause.status < 500;
      if ((signal.aborted && !didNothing) || clientsFault) {
        attempt.ended();
        throw new CarriedFailure(target, cause);
      }
      attempt.failed(this.#clock.monotonicMs());
      this.#log.warn('target_failed', { endpoint: target.endpoint, cause: describeCause(cause) });
      if (didNothing) return undefined;
      throw new CarriedFailure(target, cause);
    }
  }

  #streamEnded(target: AllowedTarget, attempt: TargetAttempt, failure: unknown): void {
    if (failure === undefined) return attempt.ended();
    attempt.failed(this.#clock.monotonicMs());
    this.#log.warn('stream_failed', { endpoint: target.endpoint, cause: describeCause(failure) });
  }
}
