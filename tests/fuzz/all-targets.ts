import { auditTarget } from './audit-target.ts';
import { edgeTargets } from './edge-targets.ts';
import { jsonTargets } from './json-targets.ts';
import { ledgerFileTargets } from './ledger-file-targets.ts';
import { noteTargets } from './note-targets.ts';
import type { ParserTarget } from './parser-target.ts';
import { receiptTargets } from './receipt-targets.ts';
import { treeTargets } from './tree-targets.ts';
import { witnessTargets } from './witness-targets.ts';
import { witnessedTargets } from './witnessed-targets.ts';

/** Every parser of the ledger that reads bytes of somebody else. */
export function allTargets(): ParserTarget[] {
  return [
    ...noteTargets,
    ...jsonTargets,
    ...receiptTargets,
    ...witnessedTargets,
    ...treeTargets,
    ...ledgerFileTargets,
    ...witnessTargets(),
    ...edgeTargets(),
    auditTarget,
  ];
}
