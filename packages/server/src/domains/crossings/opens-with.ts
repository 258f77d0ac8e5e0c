import { createHmac } from 'node:crypto';
import type { SealedPayload } from './ports.ts';

/** Whether the payload under this salt is what the crossing committed to: HMAC-SHA256(salt, payload). */
export function opensWith(
  { commitment }: Pick<SealedPayload, 'commitment'>,
  salt: Uint8Array,
  payload: Uint8Array,
): boolean {
  return createHmac('sha256', salt).update(payload).digest().equals(commitment);
}
