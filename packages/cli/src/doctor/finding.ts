import type { Texts } from '../texts/en.ts';

type Check = keyof Texts['doctor']['checks'];

export interface Finding {
  readonly check: Check;
  readonly level: 'ok' | 'warn' | 'fail';
  readonly say: (texts: Texts) => string;
  /** What to do about it. */
  readonly advise?: (texts: Texts) => string;
}
