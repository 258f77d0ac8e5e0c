import { Refusal } from './refusal.ts';
import type { RefusalCode } from './refusal.ts';

/** Refusals inside `read` are told with the part of the receipt that it reads. */
export function within<T>(part: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    throw new Refusal(error.code, error.where === '' ? part : `${part}.${error.where}`);
  }
}

export function refuse(code: RefusalCode, where: string): never {
  throw new Refusal(code, where);
}
