import type { Bilingual } from '@sekisho/contract';
import type { Checkpoint } from './checkpoint.ts';
import { policySatisfied } from './policy-verdict.ts';
import type { WitnessStatement } from './policy-verdict.ts';
import type { StatementVerdict } from './proven-statement.ts';
import { refusals } from './refusal.ts';
import type { RefusalCode } from './refusal.ts';
import type { WitnessPolicy } from './witness-policy.ts';

/**
 * - `satisfied`: the quorum of the policy cosigned the tree that anchors the receipt's.
 * - `invalid`: the receipt is, or `not_witnessed`, `quorum_not_met`, a bad cosignature, or a policy that
 *   names logs and not this one (`note_unsigned`).
 */
export type WitnessesVerdict =
  | {
      readonly verdict: 'satisfied';
      /** Of the cell's log: what the witnesses cosigned. */
      readonly checkpoint: Checkpoint;
      readonly witnesses: readonly WitnessStatement[];
    }
  | {
      readonly verdict: 'invalid';
      readonly code: RefusalCode;
      readonly where: string;
      readonly message: Bilingual;
      /** Those of the policy that did cosign, though too few. */
      readonly witnesses: readonly WitnessStatement[];
    };

/**
 * Whether the witnesses that the policy demands have cosigned, for a verdict of `verifyReceipt`,
 * `verifyTlogProof` or `verifyAnyReceipt`. The policy is the verifier's own choice, never the cell's.
 * The keys of its `log` lines count, if it has any; else those that the receipt was verified with.
 */
export function requireWitnesses(receipt: StatementVerdict, policy: WitnessPolicy): WitnessesVerdict {
  if (receipt.verdict === 'invalid') {
    const { code, where, message } = receipt;
    return { verdict: 'invalid', code, where, message, witnesses: [] };
  }
  const { witnessed } = receipt;
  if (witnessed === undefined) return refused('not_witnessed', 'witnessed');
  const policyLogs = policy.logs.map(({ key }) => key);
  const judged = policySatisfied(
    policy,
    witnessed.note,
    policyLogs.length > 0 ? policyLogs : witnessed.checkpoint.signedBy,
  );
  if (judged.verdict === 'invalid') {
    const { code, where } = judged;
    return refused(code, where === '' ? 'witnessed.checkpoint' : `witnessed.checkpoint.${where}`);
  }
  const { checkpoint, witnesses } = judged;
  if (judged.verdict === 'satisfied') return { verdict: 'satisfied', checkpoint, witnesses };
  return refused('quorum_not_met', 'witnessed.checkpoint', witnesses);
}

function refused(
  code: RefusalCode,
  where: string,
  witnesses: readonly WitnessStatement[] = [],
): WitnessesVerdict {
  return { verdict: 'invalid', code, where, message: refusals[code], witnesses };
}
