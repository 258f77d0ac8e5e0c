import { z } from 'zod';

/** What a guard looks for in the texts of a crossing. */
export const GuardKind = z.enum([
  /** 個人番号 with a right check digit. */
  'my-number',
  /** API keys, access tokens, private keys. */
  'secrets',
  /** Payment cards, telephone numbers, e-mail and postal addresses, passports. */
  'personal-data',
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

export const GuardRule = z.strictObject({
  guard: GuardKind,
  action: GuardAction,
  on: z
    .array(z.enum(['request', 'answer']))
    .min(1)
    .max(2)
    .default(['request', 'answer']),
});
export type GuardRule = z.infer<typeof GuardRule>;

/** What one guard did: recorded with the crossing, without anything of what it found. */
export const GuardVerdict = z.strictObject({
  guard: GuardKind,
  verdict: z.enum(['passed', 'recorded', 'masked', 'blocked']),
  findings: z.int().min(0),
});
export type GuardVerdict = z.infer<typeof GuardVerdict>;
