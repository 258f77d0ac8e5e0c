import { SekishoError, type ChatCompletionRequest } from '@sekisho/contract';
import type { CrossingEnd } from '../domains/crossings/index.ts';
import { estimateInputTokens, type ModelAnswer, type TokenUsage } from '../domains/inference/index.ts';
import type { Decision } from '../domains/residency/index.ts';
import { CarriedFailure, type CarriedAnswer, type ChatCarrier } from './carry-chat.ts';
import { RecordedFailure, type ChatAnswer, type ChatRequest } from './chat-exchange.ts';
import type { CrossingKernel, OpenCrossing } from './crossing-kernel.ts';
import { GuardedChat, requireNoMyNumber } from './guard-chat.ts';
import { affinityKeyOf, identifyChat } from './identify-chat.ts';
import { isUnkeepable, type CrossingPayloads, type PayloadKeeper } from './keep-payloads.ts';
import type { PlatformInForce, PlatformSnapshot } from './platform-in-force.ts';
import { residencyDenial } from './residency-denial.ts';

/** One chat completion, by the road of every crossing. */
export class CompleteChat {
  readonly #platform: PlatformInForce;
  readonly #kernel: CrossingKernel;
  readonly #carrier: ChatCarrier;
  readonly #keeper: PayloadKeeper;

  constructor(
    platform: PlatformInForce,
    kernel: CrossingKernel,
    carrier: ChatCarrier,
    keeper: PayloadKeeper,
  ) {
    this.#platform = platform;
    this.#kernel = kernel;
    this.#carrier = carrier;
    this.#keeper = keeper;
  }

  async run(request: ChatRequest, signal: AbortSignal): Promise<ChatAnswer> {
    const snapshot = this.#platform.current;
    const { tenant, workspace, dataClass, rule, guards } = identifyChat(snapshot, request);
    const model = request.completion.model;
    if (!snapshot.upstreamModels.has(model)) throw new SekishoError('model_not_found', model);

    requireNoMyNumber(request.purpose);
    const guarded = new GuardedChat(guards, request.completion);
    const use = { tenant, workspace, action: 'process', dataClass, purpose: request.purpose } as const;
    const decision = guarded.decide(snapshot.policy.decide({ ...use, model }));
    if (decision.decision === 'allow')
      this.#carrier.refuseUnsupported(snapshot, decision.targets, request.completion);

    const crossing = await this.#kernel.recordIntent(
      {
        ...use,
        principal: request.principal.name,
        subject: model,
        guards: guarded.verdicts,
        payload: request.body,
        keepsPayloads: rule !== undefined && decision.decision === 'allow',
      },
      decision,
    );
    const payloads =
      rule === undefined || decision.decision === 'deny' ? undefined : this.#keeper.of(crossing, rule);
    const underWay = { crossing, payloads, guarded };
    try {
      guarded.requirePassed();
      if (decision.decision === 'deny') throw residencyDenial(decision.refused);
      await payloads?.keepRequest(request.body);
      const carried = await this.#carrier.carry(
        snapshot,
        decision.targets,
        guarded.completion,
        signal,
        affinityKeyOf(tenant, workspace, request.completion),
      );
      return await this.#deliver(snapshot, underWay, carried, model, signal);
    } catch (cause) {
      throw await this.#recordFailure(snapshot, underWay, request, decision, cause, signal);
    }
  }

  async #deliver(
    snapshot: PlatformSnapshot,
    underWay: CrossingUnderWay,
    carried: CarriedAnswer,
    model: string,
    signal: AbortSignal,
  ): Promise<ChatAnswer> {
    const { target } = carried;
    const { crossing, payloads, guarded } = underWay;
    const meter = (usage: TokenUsage): CrossingEnd['usage'] => meterTokens(snapshot, model, usage);
    const answer = screenedAnswer(guarded, carried);
    if (answer.kind === 'stream') {
      return {
        kind: 'stream',
        crossing: crossing.id,
        chunks: this.#recordedStream(underWay, carried, answer, meter, signal),
      };
    }
    try {
      await payloads?.writeAnswer(answer.body);
      await payloads?.finishAnswer();
    } catch (cause) {
      throw new CarriedFailure(target, cause);
    }
    // The outcome is durable before the answer is acknowledged: usage that a client saw is never lost.
    await crossing.recordOutcome(
      {
        result: answer.status < 400 ? 'completed' : 'failed',
        status: answer.status,
        carried: target,
        answer: crossing.commitAnswer(answer.body),
        guards: guarded.answerVerdicts,
        usage: meter(answer.usage),
      },
      payloads?.kept,
      answer.status < 400 ? undefined : 'target_answered_error',
    );
    return { kind: 'whole', crossing: crossing.id, status: answer.status, body: answer.body };
  }

  /**
   * Hands on each chunk and records the outcome before the stream ends. The committed answer of a
   * stream is its JSON texts, each followed by a line feed.
   */
  async *#recordedStream(
    { crossing, payloads, guarded }: CrossingUnderWay,
    carried: CarriedAnswer,
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
        commitment.update(LINE_FEED);
        if (!produced) crossing.answerBegins({ carried: carried.target });
        produced = true;
        await payloads?.writeAnswer(chunk, LINE_FEED);
        yield chunk;
      }
      result = signal.aborted ? 'aborted' : 'completed';
    } catch (cause) {
      result = signal.aborted ? 'aborted' : 'failed';
      failure = cause;
    } finally {
      carried.end(result === 'failed' && !isCellsOwn(failure) ? failure : undefined);
      // Reached as well when the consumer stops pulling: then `result` is still `aborted`.
      try {
        await payloads?.finishAnswer();
      } catch (cause) {
        result = 'failed';
        failure = cause;
      }
      await crossing.recordOutcome(
        {
          result,
          status: result === 'aborted' ? 499 : result === 'failed' ? failedStatus(failure) : 200,
          carried: carried.target,
          ...(produced ? { answer: commitment.finish() } : {}),
          guards: guarded.answerVerdicts,
          usage: meter(answer.usage()),
        },
        payloads?.kept,
        result === 'completed'
          ? undefined
          : result === 'aborted'
            ? 'client_closed_request'
            : asSekishoError(failure).code,
      );
    }
    if (result === 'failed') {
      throw new RecordedFailure(crossing.id, asSekishoError(failure));
    }
  }

  /** Closes the crossing of a failed request; returns what the client is told. */
  async #recordFailure(
    snapshot: PlatformSnapshot,
    { crossing, payloads, guarded }: CrossingUnderWay,
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
    // Where nothing was carried no copy is listed, so none may stay.
    if (carriedTo === undefined) await payloads?.discard();
    await crossing.recordOutcome(
      {
        result: isDenied ? 'denied' : hasLeft ? 'aborted' : 'failed',
        status: failure.status,
        ...(carriedTo === undefined ? {} : { carried: carriedTo }),
        guards: guarded.answerVerdicts,
        usage: meterTokens(snapshot, request.completion.model, usageOf(cause, request.completion, hasLeft)),
      },
      payloads?.kept,
      failure.code,
    );
    return new RecordedFailure(crossing.id, failure);
  }
}

/** A crossing, what guards see of it, and what is kept of it where a rule wants that. */
interface CrossingUnderWay {
  readonly crossing: OpenCrossing;
  readonly guarded: GuardedChat;
  readonly payloads: CrossingPayloads | undefined;
}

const LINE_FEED = Buffer.from('\n');

/** What the cell cannot keep, or may not show, is no fault of the target's. */
function isCellsOwn(failure: unknown): failure is SekishoError {
  return isUnkeepable(failure) || (failure instanceof SekishoError && failure.code === 'answer_blocked');
}

function failedStatus(failure: unknown): number {
  return isCellsOwn(failure) ? failure.status : 502;
}

/** An answer that may not be shown was made all the same: its target is named, and its tokens count. */
function screenedAnswer(guarded: GuardedChat, { target, answer }: CarriedAnswer): ModelAnswer {
  try {
    return guarded.screened(answer);
  } catch (cause) {
    throw new CarriedFailure(target, cause, answer.kind === 'whole' ? answer.usage : undefined);
  }
}

/** Who leaves pays for what was begun; a failure of the target's costs nothing. */
function usageOf(cause: unknown, completion: ChatCompletionRequest, hasLeft: boolean): TokenUsage {
  if (!(cause instanceof CarriedFailure)) return nothingUsed;
  return cause.usage ?? (hasLeft ? estimatedInput(completion) : nothingUsed);
}

const nothingUsed: TokenUsage = { inputTokens: 0, outputTokens: 0, estimated: false };

/** The target had the request and gave no count. */
function estimatedInput(completion: ChatCompletionRequest): TokenUsage {
  return { inputTokens: estimateInputTokens(completion), outputTokens: 0, estimated: true };
}

function meterTokens(snapshot: PlatformSnapshot, model: string, usage: TokenUsage): CrossingEnd['usage'] {
  const amountYen = snapshot.prices.amount(model, usage);
  if (amountYen === undefined) {
    throw new SekishoError('internal_error', '', { cause: `no price for ${model}` });
  }
  return { ...usage, amountYen };
}

function asSekishoError(cause: unknown): SekishoError {
  return cause instanceof SekishoError ? cause : new SekishoError('internal_error', '', { cause });
}
