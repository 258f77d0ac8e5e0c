import type { Bilingual } from '@sekisho/contract';
import type { Texts } from './texts/en.ts';

/** What stops the command itself. Codes of the cell are shown as the cell gave them. */
export type FailureCode =
  | 'usage'
  | 'file_unreadable'
  | 'file_unwritable'
  | 'file_too_large'
  | 'yaml_invalid'
  | 'admin_key_missing'
  | 'insecure_url'
  | 'cell_unreachable'
  | 'cell_timeout'
  | 'cell_answer_invalid'
  | 'confirmation_required'
  | 'verifier_key_missing'
  | 'verifier_key_invalid'
  | 'server_missing'
  | 'witness_state_unusable'
  | 'witness_policy_invalid'
  | 'address_unusable'
  | 'log_unreachable'
  | 'auditor_key_unusable'
  | 'unexpected';

/** One thing that is wrong, and where: a path in the document, and its position in the file. */
export interface LocatedFault {
  readonly path: string;
  readonly message: Bilingual;
  readonly position?: { readonly line: number; readonly column: number };
  /** What usually causes it. */
  readonly hint?: Bilingual;
}

/** Ends the command with exit code 2: it could not find out what was asked. */
export class CommandFailure extends Error {
  override readonly name = 'CommandFailure';
  readonly code: string;
  readonly text: (texts: Texts) => string;
  readonly faults: readonly LocatedFault[];
  /** The cell's error id, under which its log has the cause. */
  readonly id: string | undefined;

  constructor(
    code: FailureCode | { readonly cell: string },
    text: (texts: Texts) => string,
    more: {
      readonly faults?: readonly LocatedFault[];
      readonly id?: string | undefined;
      readonly cause?: unknown;
    } = {},
  ) {
    const stableCode = typeof code === 'string' ? code : code.cell;
    super(stableCode, more.cause === undefined ? {} : { cause: more.cause });
    this.code = stableCode;
    this.text = text;
    this.faults = more.faults ?? [];
    this.id = more.id;
  }
}
