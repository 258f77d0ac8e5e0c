import { SekishoError, type ChatCompletionRequest } from '@sekisho/contract';
import type { Clock } from '../base/clock.ts';
import { describeCause, type Log } from '../base/log.ts';
import {
  TargetUnavailable,
  type ModelAnswer,
  type ModelRequest,
  type ModelServer,
  type ModelServerDirectory,
  type TargetHealth,
} from '../domains/inference/index.ts';
import type { AllowedTarget } from '../domains/residency/index.ts';
import type { PlatformSnapshot } from './platform-in-force.ts';

/** The target failed when it may already have had the data: the outcome must name it. */
export class CarriedFailure extends Error {
  override readonly name = 'CarriedFailure';
  readonly target: AllowedTarget;

  constructor(target: AllowedTarget, cause: unknown) {
    super('the target failed', { cause });
    this.target = target;
  }
}

/** Carries a completion to one of the targets that a decision allowed, and to no other. */
export class ChatCarrier {
  readonly #servers: ModelServerDirectory;
  readonly #health: TargetHealth;
  readonly #clock: Clock;
  readonly #log: Log;

  constructor(servers: ModelServerDirectory, health: TargetHealth, clock: Clock, log: Log) {
    this.#servers = servers;
    this.#health = health;
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

  /** Tries allowed targets, and only those, until one takes the request. */
  async carry(
    snapshot: PlatformSnapshot,
    targets: readonly AllowedTarget[],
    completion: ChatCompletionRequest,
    signal: AbortSignal,
  ): Promise<{ readonly target: AllowedTarget; readonly answer: ModelAnswer }> {
    const names = snapshot.upstreamModels.get(completion.model);
    for (const target of this.#health.order(targets, this.#clock.monotonicMs())) {
      const server = this.#serverOf(snapshot, target);
      if (server === undefined || server.unsupportedParameters(completion).length > 0) continue;
      const upstreamModel = names?.get(target.endpoint) ?? completion.model;
      // Who has left is not carried anywhere, and the outcome names no target.
      if (signal.aborted) throw new SekishoError('client_closed_request');
      const answer = await this.#attempt(target, server, { upstreamModel, completion }, signal);
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
    request: ModelRequest,
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

  /** A target that failed after it had begun to answer. */
  streamFailed(target: AllowedTarget, cause: unknown): void {
    this.#health.failed(target.endpoint, this.#clock.monotonicMs());
    this.#log.warn('stream_failed', { endpoint: target.endpoint, cause: describeCause(cause) });
  }
}
