import { LogKeyId, Slug } from '@sekisho/contract';
import { CommandFailure } from './failure.ts';

/** They become parts of a path: nothing but a plain name may. */
export function requireLog(log: string): void {
  if (!Slug.safeParse(log).success) {
    throw new CommandFailure('usage', (texts) => texts.failures.badLogName(log));
  }
}

export function requireKey(log: string, keyId: string): void {
  requireLog(log);
  if (!LogKeyId.safeParse(keyId).success) {
    throw new CommandFailure('usage', (texts) => texts.failures.badKeyId(keyId));
  }
}
