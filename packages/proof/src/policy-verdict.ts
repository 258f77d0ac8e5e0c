import type { Bilingual } from '@sekisho/contract';
import { parseCheckpoint } from './checkpoint-body.ts';
import type { Checkpoint } from './checkpoint-body.ts';
import { parseTimedSignature } from './cosigned-message.ts';
import { Refusal } from './refusal.ts';
import type { RefusalCode } from './refusal.ts';
import { verifiedSignatures } from './signed-note.ts';
import type { VerifierKey } from './verifier-key.ts';
import type { Quorum, WitnessPolicy } from './witness-policy.ts';

/** A witness of the policy that cosigned. */
export interface WitnessStatement {
  /** As the policy names it. */
  readonly witness: string;
  readonly key: VerifierKey;
  /** Seconds since 1970, by the witness's clock; 0 where it states none (ML-DSA-44 only). */
  readonly timeSeconds: number;
}

interface JudgedCheckpoint {
  readonly checkpoint: Checkpoint;
  /** In the order of the note. */
  readonly witnesses: readonly WitnessStatement[];
}

/**
 * - `satisfied`: a known log signed, and the quorum of witnesses cosigned.
 * - `unsatisfied`: the log signed; too few witnesses did.
 * - `invalid`: no checkpoint of a known log, or a signature of a known key that does not verify.
 */
export type PolicyVerdict =
  | ({ readonly verdict: 'satisfied' | 'unsatisfied' } & JudgedCheckpoint)
  | {
      readonly verdict: 'invalid';
      readonly code: RefusalCode;
      readonly where: string;
      readonly message: Bilingual;
    };

/**
 * Judges the signed note of a checkpoint by a policy. `logs` are the keys of the logs that count:
 * those of the policy, unless the caller knows them from elsewhere. Never throws for the note.
 */
export function policySatisfied(
  policy: WitnessPolicy,
  note: string,
  logs: readonly VerifierKey[] = policy.logs.map(({ key }) => key),
): PolicyVerdict {
  try {
    const judged = judge(policy, note, logs);
    const signed = new Set(judged.witnesses.map(({ witness }) => witness));
    return { verdict: holds(policy.quorum, signed) ? 'satisfied' : 'unsatisfied', ...judged };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { verdict: 'invalid', code: error.code, where: error.where, message: error.bilingual };
  }
}

function judge(policy: WitnessPolicy, note: string, logs: readonly VerifierKey[]): JudgedCheckpoint {
  const keys = [...logs, ...policy.witnesses.map(({ key }) => key)];
  const { body, signatures } = verifiedSignatures(note, keys);
  const checkpoint = parseCheckpoint(body);
  const byLog = signatures.some(
    ({ key }) => logs.includes(key) && key.role === 'log' && key.name === checkpoint.origin,
  );
  if (!byLog) throw new Refusal('note_unsigned');
  const witnesses = signatures.flatMap(({ key, signature }) => {
    const witness = policy.witnesses.find((each) => each.key === key);
    const timed = parseTimedSignature(signature);
    return witness === undefined || timed === undefined
      ? []
      : [{ witness: witness.name, key, timeSeconds: timed.timeSeconds }];
  });
  return { checkpoint, witnesses };
}

/** Each name is a member once at most, so this visits each group once. */
function holds(quorum: Quorum, signed: ReadonlySet<string>): boolean {
  if (quorum.kind === 'none') return true;
  if (quorum.kind === 'witness') return signed.has(quorum.name);
  return quorum.members.filter((member) => holds(member, signed)).length >= quorum.threshold;
}
