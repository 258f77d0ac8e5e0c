import { z } from 'zod';
import { Slug } from './identifiers.ts';

/** What a guard looks for in the texts of a crossing. */
export const GuardKind = z.enum([
  /** 個人番号 with a right check digit. */
  'my-number',
  /** API keys, access tokens, private keys. */
  'secrets',
  /** Payment cards, telephone numbers, e-mail and postal addresses, passports. */
  'personal-data',
  /** A request that sets the model against those who run it; also in a document that it quotes. */
  'prompt-injection',
  /** An answer that repeats the system or developer message. */
  'instruction-leak',
  /** Phrases of topics that the workspace lists. */
  'denied-topics',
]);
export type GuardKind = z.infer<typeof GuardKind>;

/**
 * - `block`: the crossing is refused; of a stream, the rest.
 * - `mask`: a placeholder goes instead; in the answer the placeholders become again what the client sent.
 *   What an answer holds on its own account is masked for good.
 * - `record`: nothing changes but the record.
 */
export const GuardAction = z.enum(['block', 'mask', 'record']);
export type GuardAction = z.infer<typeof GuardAction>;

const Direction = z.enum(['request', 'answer']);
const bothWays = z.array(Direction).min(1).max(2).default(['request', 'answer']);

/** For guards that judge a text as a whole: there is no part of it that a placeholder could stand for. */
const BlockOrRecord = GuardAction.exclude(['mask'], {
  error: ({ input }) => (input === 'mask' ? 'this guard cannot mask: block or record' : undefined),
});

export const guardLimits = { topics: 64, phrasesOfATopic: 64, phraseCharacters: 64 } as const;

/** A topic is there where one of its phrases is, however it is spelled in width, case, kana and spacing. */
export const DeniedTopic = z.strictObject({
  id: Slug,
  anyOf: z
    .array(
      z
        .string()
        .max(guardLimits.phraseCharacters)
        .regex(/[\p{L}\p{N}][^\p{L}\p{N}]*[\p{L}\p{N}]/u, 'at least two letters or digits'),
    )
    .min(1)
    .max(guardLimits.phrasesOfATopic),
});
export type DeniedTopic = z.infer<typeof DeniedTopic>;

export const GuardRule = z.discriminatedUnion('guard', [
  z.strictObject({
    guard: GuardKind.extract(['my-number', 'secrets', 'personal-data']),
    action: GuardAction,
    on: bothWays,
  }),
  z.strictObject({
    guard: z.literal('prompt-injection'),
    action: BlockOrRecord,
    on: z.tuple([z.literal('request')]).default(['request']),
  }),
  z.strictObject({
    guard: z.literal('instruction-leak'),
    action: GuardAction,
    on: z.tuple([z.literal('answer')]).default(['answer']),
  }),
  z.strictObject({
    guard: z.literal('denied-topics'),
    action: BlockOrRecord,
    on: bothWays,
    topics: z.array(DeniedTopic).min(1).max(guardLimits.topics),
  }),
]);
export type GuardRule = z.infer<typeof GuardRule>;

/** What one guard did: recorded with the crossing, without anything of what it found. */
export const GuardVerdict = z.strictObject({
  guard: GuardKind,
  verdict: z.enum(['passed', 'recorded', 'masked', 'blocked']),
  /** Matches; of `prompt-injection`, messages. */
  findings: z.int().min(0),
});
export type GuardVerdict = z.infer<typeof GuardVerdict>;
