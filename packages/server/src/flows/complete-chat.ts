import {
  SekishoError,
  type ChatCompletionRequest,
  type DataClass,
  type PayloadRule,
} from '@sekisho/contract';
import type { CrossingEnd } from '../domains/crossings/index.ts';
import type { Principal } from '../domains/identity/index.ts';
import { estimateInputTokens, type ModelAnswer, type TokenUsage } from '../domains/inference/index.ts';
import { payloadRule } from '../domains/payloads/index.ts';
import type { Decision } from '../domains/residency/index.ts';
import { CarriedFailure, type CarriedAnswer, type ChatCarrier } from './carry-chat.ts';
import type { CrossingKernel, OpenCrossing } from './crossing-kernel.ts';
import { isUnkeepable, type CrossingPayloads, type PayloadKeeper } from './keep-payloads.ts';
import type { PlatformInForce, PlatformSnapshot } from './platform-in-force.ts';
import { residencyDenial } from './residency-denial.ts';

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
    const { tenant, workspace, dataClass, rule } = identify(snapshot, request);
    const model = request.completion.model;
    if (!snapshot.upstreamModels.has(model)) throw new SekishoError('model_not_found', model);

    const use = { tenant, workspace, action: 'process', dataClass, purpose: request.purpose } as const;
    const decision = snapshot.policy.decide({ ...use, model });
    if (decision.decision === 'allow')
      this.#carrier.refuseUnsupported(snapshot, decision.targets, request.completion);

    const crossing = await this.#kernel.recordIntent(
      {
        ...use,
        principal: request.principal.name,
        subject: model,
        payload: request.body,
        keepsPayloads: rule !== undefined && decision.decision === 'allow',
      },
      decision,
    );
    const payloads =
      rule === undefined || decision.decision === 'deny' ? undefined : this.#keeper.of(crossing, rule);
    try {
      if (decision.decision === 'deny') throw residencyDenial(decision.refused);
      await payloads?.keepRequest(request.body);
      const carried = await this.#carrier.carry(
        snapshot,
        decision.targets,
        request.completion,
        signal,
        affinityKeyOf(tenant, workspace, request.completion),
      );
      return await this.#deliver(snapshot, { crossing, payloads }, carried, model, signal);
    } catch (cause) {
      throw await this.#recordFailure(snapshot, { crossing, payloads }, request, decision, cause, signal);
    }
  }

  async #deliver(
    snapshot: PlatformSnapshot,
    { crossing, payloads }: KeptCrossing,
    carried: CarriedAnswer,
    model: string,
    signal: AbortSignal,
  ): Promise<ChatAnswer> {
    const { target, answer } = carried;
    const meter = (usage: TokenUsage): CrossingEnd['usage'] => meterTokens(snapshot, model, usage);
    if (answer.kind === 'stream') {
      return {
        kind: 'stream',
        crossing: crossing.id,
        chunks: this.#recordedStream({ crossing, payloads }, carried, answer, meter, signal),
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
        usage: meter(answer.usage),
      },
      payloads?.kept,
    );
    return { kind: 'whole', crossing: crossing.id, status: answer.status, body: answer.body };
  }

  /**
   * Hands on each chunk and records the outcome before the stream ends. The committed answer of a
   * stream is its JSON texts, each followed by a line feed.
   */
  async *#recordedStream(
    { crossing, payloads }: KeptCrossing,
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
        produced = true;
        await payloads?.writeAnswer(chunk, LINE_FEED);
        yield chunk;
      }
      result = signal.aborted ? 'aborted' : 'completed';
    } catch (cause) {
      result = signal.aborted ? 'aborted' : 'failed';
      failure = cause;
    } finally {
      // What the cell cannot keep is no fault of the target's.
      carried.end(result === 'failed' && !isUnkeepable(failure) ? failure : undefined);
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
          usage: meter(answer.usage()),
        },
        payloads?.kept,
      );
    }
    if (result === 'failed') {
      throw new RecordedFailure(crossing.id, asSekishoError(failure));
    }
  }

  /** Closes the crossing of a failed request; returns what the client is told. */
  async #recordFailure(
    snapshot: PlatformSnapshot,
    { crossing, payloads }: KeptCrossing,
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
        usage: meterTokens(
          snapshot,
          request.completion.model,
          // Who leaves pays for what was begun; a failure of the target's costs nothing.
          carriedTo !== undefined && hasLeft ? estimatedInput(request.completion) : nothingUsed,
        ),
      },
      payloads?.kept,
    );
    return new RecordedFailure(crossing.id, failure);
  }
}

/** Characters of the first message that tell conversations apart. */
const AFFINITY_PREFIX = 256;

/** The same for the turns of one conversation, so that they reach the server whose cache knows its beginning. */
function affinityKeyOf(tenant: string, workspace: string, completion: ChatCompletionRequest): string {
  const [first] = completion.messages;
  const content = typeof first?.content === 'string' ? first.content : first?.content[0]?.text;
  return `${tenant}/${workspace}/${completion.model}/${completion.user ?? ''}/${content?.slice(0, AFFINITY_PREFIX) ?? ''}`;
}

/** A crossing, and what is kept of it where a rule wants that. */
interface KeptCrossing {
  readonly crossing: OpenCrossing;
  readonly payloads: CrossingPayloads | undefined;
}

const LINE_FEED = Buffer.from('\n');

/** The target failed, or the cell could not keep what it must keep. */
function failedStatus(failure: unknown): number {
  return isUnkeepable(failure) ? failure.status : 502;
}

const nothingUsed: TokenUsage = { inputTokens: 0, outputTokens: 0, estimated: false };

/** The target had the request and gave no count. */
function estimatedInput(completion: ChatCompletionRequest): TokenUsage {
  return { inputTokens: estimateInputTokens(completion), outputTokens: 0, estimated: true };
}

function identify(
  snapshot: PlatformSnapshot,
  request: ChatRequest,
): {
  readonly tenant: string;
  readonly workspace: string;
  readonly dataClass: DataClass;
  readonly rule: PayloadRule | undefined;
} {
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
  const rule = payloadRule(workspace.retention, dataClass);
  return { tenant: principal.tenant, workspace: principal.workspace, dataClass, rule };
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
