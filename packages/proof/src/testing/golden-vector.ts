import type { RefusalCode } from '../refusal.ts';

export interface GoldenVector {
  /** `receipts/valid/completed.json`: the first folder is the kind. */
  readonly file: string;
  readonly bytes: Uint8Array;
  readonly expected: 'valid' | { readonly code: RefusalCode; readonly where: string };
}
