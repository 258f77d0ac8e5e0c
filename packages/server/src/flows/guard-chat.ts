import { SekishoError, type ChatCompletionRequest, type GuardVerdict } from '@sekisho/contract';
import {
  myNumberDetector,
  type AnswerScreen,
  type GuardChain,
  type GuardedRequest,
} from '../domains/guards/index.ts';
import type { ModelAnswer } from '../domains/inference/index.ts';
import type { Decision } from '../domains/residency/index.ts';
import { saidIn } from './said-in-chat.ts';
import { replaceTexts, textsOf } from './chat-texts.ts';
import { blocking, screenedBody, screenedChunks } from './screen-chat-answer.ts';

/** The guards' look at one crossing: at its request now, at its answer when it comes. */
export class GuardedChat {
  /** What may be carried. */
  readonly completion: ChatCompletionRequest;
  readonly #request: Omit<GuardedRequest, 'texts'>;
  readonly #screen: AnswerScreen;

  constructor(guards: GuardChain, completion: ChatCompletionRequest) {
    const said = saidIn(completion);
    const { texts, ...request } = guards.judgeRequest(
      guards.looksAtRequests ? textsOf(completion) : [],
      said,
    );
    const passing = texts.values();
    this.#request = request;
    this.#screen = guards.screenAnswer(request.masking, said.instructions);
    this.completion = request.masking.isEmpty
      ? completion
      : replaceTexts(completion, () => passing.next().value ?? '');
  }

  /** What guards found in the request. */
  get verdicts(): readonly GuardVerdict[] {
    return this.#request.verdicts;
  }

  /** What they found in the answer so far. */
  get answerVerdicts(): readonly GuardVerdict[] {
    return this.#screen.verdicts();
  }

  get isBlocked(): boolean {
    return this.#request.isBlocked;
  }

  /** What residency decided; where guards refuse the request, a denial in its place. */
  decide(residency: Decision): Decision {
    if (!this.isBlocked) return residency;
    const { policyDigest, platformRevision } = residency;
    const policies = blocking(this.verdicts).map((guard) => `guard/${guard}`);
    return { decision: 'deny', policyDigest, platformRevision, policies, refused: [] };
  }

  /** Throws SekishoError `guard_blocked`. */
  requirePassed(): void {
    if (this.isBlocked) throw new SekishoError('guard_blocked', blocking(this.verdicts).join(', '));
  }

  /** The answer as the client may have it. Throws SekishoError `answer_blocked`, of a stream while it runs. */
  screened(answer: ModelAnswer): ModelAnswer {
    if (!this.#screen.isNeeded) return answer;
    if (answer.kind === 'stream') return { ...answer, chunks: screenedChunks(this.#screen, answer.chunks) };
    return answer.status >= 400 ? answer : { ...answer, body: screenedBody(this.#screen, answer.body) };
  }
}

/** What stands in the ledger in the clear must hold no My Number, whatever a workspace allows. */
export function requireNoMyNumber(purpose: string): void {
  if (myNumberDetector.find(purpose).length > 0) throw new SekishoError('guard_blocked', 'my-number');
}
