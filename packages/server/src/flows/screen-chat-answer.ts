import { SekishoError, type GuardVerdict } from '@sekisho/contract';
import { z } from 'zod';
import type { AnswerScreen } from '../domains/guards/index.ts';
import { ScreenedChoice, type Choice } from './screened-choice.ts';

/** Choices and tool calls of one answer: each may hold text back. */
const INDEX_MAX = 127;

const ToolCall = z.looseObject({
  index: z.int().min(0).max(INDEX_MAX).optional(),
  function: z.looseObject({ name: z.string().nullish(), arguments: z.string().nullish() }).optional(),
});
const Message = z.looseObject({
  content: z.string().nullish(),
  reasoning_content: z.string().nullish(),
  reasoning: z.string().nullish(),
  refusal: z.string().nullish(),
  tool_calls: z
    .array(ToolCall)
    .max(INDEX_MAX + 1)
    .nullish(),
});
const Logprobs = z
  .looseObject({ content: z.array(z.unknown()).nullish(), refusal: z.array(z.unknown()).nullish() })
  .nullish();
const Whole = z.looseObject({
  choices: z.array(z.looseObject({ message: Message, logprobs: Logprobs })).max(INDEX_MAX + 1),
});
const Chunk = z.looseObject({
  choices: z.array(
    z.looseObject({
      index: z.int().min(0).max(INDEX_MAX),
      delta: Message,
      logprobs: Logprobs,
      finish_reason: z.string().nullish(),
    }),
  ),
});

/** A whole answer as the client may have it. Throws SekishoError `answer_blocked`. */
export function screenedBody(screen: AnswerScreen, body: Buffer): Buffer {
  const whole = parseAs(Whole, body);
  for (const choice of whole.choices) new ScreenedChoice(screen).whole(choice.message, choice);
  requireUnblocked(screen);
  return Buffer.from(JSON.stringify(whole));
}

/**
 * Chunks as the client may have them. Text that might still become a finding is held and comes with a later
 * chunk, at the latest with the one that ends its choice. Throws SekishoError `answer_blocked` in place of the first text
 * that may not be shown.
 */
export async function* screenedChunks(
  screen: AnswerScreen,
  chunks: AsyncIterable<Buffer>,
): AsyncGenerator<Buffer, void, undefined> {
  const open = new Map<number, ScreenedChoice>();
  let last: z.infer<typeof Chunk> | undefined;
  for await (const bytes of chunks) {
    const chunk = parseAs(Chunk, bytes);
    for (const choice of chunk.choices) {
      const screened = open.get(choice.index) ?? new ScreenedChoice(screen);
      open.set(choice.index, screened);
      screened.piece(choice.delta, choice);
      if (typeof choice.finish_reason === 'string') screened.end(choice.delta, choice);
    }
    requireUnblocked(screen);
    if (chunk.choices.length > 0) last = chunk;
    yield Buffer.from(JSON.stringify(chunk));
  }
  // A server that ended without saying so: what was held is still the client's.
  for (const [index, screened] of open) {
    const choice: Choice & { delta: z.infer<typeof Message> } = { delta: {} };
    screened.end(choice.delta, choice);
    requireUnblocked(screen);
    if (Object.keys(choice.delta).length === 0 || last === undefined) continue;
    yield Buffer.from(JSON.stringify({ ...last, choices: [{ index, ...choice, finish_reason: null }] }));
  }
}

export function blocking(verdicts: readonly GuardVerdict[]): string[] {
  return verdicts.filter(({ verdict }) => verdict === 'blocked').map(({ guard }) => guard);
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
