import { SekishoError, type ChatCompletionRequest, type GuardVerdict } from '@sekisho/contract';
import { z } from 'zod';
import {
  myNumberDetector,
  type AnswerScreen,
  type GuardChain,
  type GuardedRequest,
  type ScreenedAnswerText,
} from '../domains/guards/index.ts';
import type { ModelAnswer } from '../domains/inference/index.ts';
import type { Decision } from '../domains/residency/index.ts';

/** The guards' look at one crossing: at its request now, at its answer when it comes. */
export class GuardedChat {
  /** What may be carried. */
  readonly completion: ChatCompletionRequest;
  readonly #request: Omit<GuardedRequest, 'texts'>;
  readonly #screen: AnswerScreen;

  constructor(guards: GuardChain, completion: ChatCompletionRequest) {
    const { texts, ...request } = guards.judgeRequest(guards.looksAtRequests ? textsOf(completion) : []);
    const passing = texts.values();
    this.#request = request;
    this.#screen = guards.screenAnswer(request.masking);
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
    if (answer.kind === 'stream') return { ...answer, chunks: screenChunks(this.#screen, answer.chunks) };
    return answer.status >= 400 ? answer : { ...answer, body: screenWhole(this.#screen, answer.body) };
  }
}

/** What stands in the ledger in the clear must hold no My Number, whatever a workspace allows. */
export function requireNoMyNumber(purpose: string): void {
  if (myNumberDetector.find(purpose).length > 0) throw new SekishoError('guard_blocked', 'my-number');
}

function blocking(verdicts: readonly GuardVerdict[]): string[] {
  return verdicts.filter(({ verdict }) => verdict === 'blocked').map(({ guard }) => guard);
}

/** In the order of {@link replaceTexts}, which copies the request and is seldom needed. */
function textsOf({ messages, user, stop }: ChatCompletionRequest): string[] {
  const texts: string[] = [];
  for (const { content, name } of messages) {
    if (typeof content === 'string') texts.push(content);
    else for (const part of content) texts.push(part.text);
    if (name !== undefined) texts.push(name);
  }
  if (typeof user === 'string') texts.push(user);
  if (typeof stop === 'string') texts.push(stop);
  if (Array.isArray(stop)) texts.push(...stop);
  return texts;
}

/** Calls `replace` for each text, always in the same order. */
function replaceTexts(
  completion: ChatCompletionRequest,
  replace: (text: string) => string,
): ChatCompletionRequest {
  const { messages, user, stop } = completion;
  return {
    ...completion,
    messages: messages.map((message) => ({
      ...message,
      content:
        typeof message.content === 'string'
          ? replace(message.content)
          : message.content.map((part) => ({ ...part, text: replace(part.text) })),
      ...(message.name === undefined ? {} : { name: replace(message.name) }),
    })),
    ...(typeof user === 'string' ? { user: replace(user) } : {}),
    ...(typeof stop === 'string' ? { stop: replace(stop) } : {}),
    ...(Array.isArray(stop) ? { stop: stop.map(replace) } : {}),
  };
}

/** Fields of a message or a delta that hold text of the model's. */
const TEXT_FIELDS = ['content', 'reasoning_content', 'reasoning', 'refusal'] as const;

const Message = z.looseObject(
  Object.fromEntries(TEXT_FIELDS.map((field) => [field, z.string().nullish()] as const)),
);
const Whole = z.looseObject({ choices: z.array(z.looseObject({ message: Message })) });
const Chunk = z.looseObject({
  choices: z.array(
    z.looseObject({ index: z.int().min(0), delta: Message, finish_reason: z.string().nullish() }),
  ),
});

/** A whole answer as the client may have it. Throws SekishoError `answer_blocked`. */
function screenWhole(screen: AnswerScreen, body: Buffer): Buffer {
  const whole = parseAs(Whole, body);
  for (const { message } of whole.choices) {
    for (const field of TEXT_FIELDS) {
      const value = message[field];
      if (typeof value !== 'string') continue;
      const text = screen.text();
      message[field] = text.push(value) + text.end();
    }
  }
  requireUnblocked(screen);
  return Buffer.from(JSON.stringify(whole));
}

/**
 * Chunks as the client may have them. Text that might still become a finding is held and comes with a later
 * chunk, at the latest with the one that ends its choice. Throws SekishoError `answer_blocked` in place of the first text
 * that may not be shown.
 */
async function* screenChunks(
  screen: AnswerScreen,
  chunks: AsyncIterable<Buffer>,
): AsyncGenerator<Buffer, void, undefined> {
  const open = new Map<string, ScreenedAnswerText>();
  let last: z.infer<typeof Chunk> | undefined;
  for await (const bytes of chunks) {
    const chunk = parseAs(Chunk, bytes);
    for (const { index, delta, finish_reason: finish } of chunk.choices) {
      for (const field of TEXT_FIELDS) {
        const key = `${index}.${field}`;
        const value = delta[field];
        const isEnd = typeof finish === 'string';
        if (typeof value === 'string' && !open.has(key)) open.set(key, screen.text());
        const text = open.get(key);
        if (text === undefined) continue;
        const shown = (typeof value === 'string' ? text.push(value) : '') + (isEnd ? text.end() : '');
        if (typeof value === 'string' || shown !== '') delta[field] = shown;
        if (isEnd) open.delete(key);
      }
    }
    requireUnblocked(screen);
    if (chunk.choices.length > 0) last = chunk;
    yield Buffer.from(JSON.stringify(chunk));
  }
  // A server that ended without saying so: what was held is still the client's.
  for (const [key, text] of open) {
    const rest = text.end();
    requireUnblocked(screen);
    const [index = '0', field = 'content'] = key.split('.');
    if (rest === '' || last === undefined) continue;
    const choice = { index: Number(index), delta: { [field]: rest }, finish_reason: null };
    yield Buffer.from(JSON.stringify({ ...last, choices: [choice] }));
  }
}

function requireUnblocked(screen: AnswerScreen): void {
  if (screen.isBlocked) throw new SekishoError('answer_blocked', blocking(screen.verdicts()).join(', '));
}

/** What cannot be read cannot be looked at, and so is not handed on. */
function parseAs<Shape extends z.ZodType>(shape: Shape, bytes: Buffer): z.output<Shape> {
  try {
    return shape.parse(JSON.parse(bytes.toString('utf8')));
  } catch (cause) {
    throw new SekishoError('upstream_failed', '', { cause });
  }
}
