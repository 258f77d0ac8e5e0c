import type { Language } from '@sekisho/contract';

/** Japanese when the client prefers it (RFC 9110 section 12.5.4), else English. */
export function preferredLanguage(acceptLanguage: string | undefined): Language {
  return /^\s*ja\b/i.test(acceptLanguage ?? '') ? 'ja' : 'en';
}
