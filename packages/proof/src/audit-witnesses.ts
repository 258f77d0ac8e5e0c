import type { ReadNote } from './audit-checkpoints.ts';
import type { AuditRecord } from './audit-record.ts';
import type { WitnessReport } from './audit-report.ts';
import { policySatisfied } from './policy-verdict.ts';
import type { VerifierKey } from './verifier-key.ts';
import type { WitnessPolicy } from './witness-policy.ts';

/** Witnesses cosign the log of a cell, which anchors all others. */
export function isCellLog(origin: string): boolean {
  return origin.endsWith('/ledger/cell');
}

/** Latest second that a date can hold (ECMA-262 section 21.4.1.1). */
const SECONDS_MAX = 8_640_000_000_000;

/**
 * Judges the cosigned checkpoint of a log by a policy. That it is of this log's history is compared elsewhere.
 * `to` is the time of the last entry.
 */
export function judgeWitnesses(
  policy: WitnessPolicy,
  origin: string,
  notes: { readonly newest: ReadNote | undefined; readonly witnessed: ReadNote | undefined },
  /** Whether there was anything to read, and whether a trusted key of the log signed it. */
  { present, trusted: logSigned }: { readonly present: boolean; readonly trusted: boolean },
  logKeys: readonly VerifierKey[],
  to: string | null,
  record: AuditRecord,
): WitnessReport | null {
  const { newest, witnessed } = notes;
  if (!present && !isCellLog(origin)) return null;
  const witnesses = policy.witnesses.length;
  const none = { size: null, lagEntries: null, lagMs: null, cosignatures: [], witnesses } as const;
  if (!present) {
    record.foundWhole('witnessed_missing', null);
    return { verdict: 'missing', ...none };
  }
  // Whatever is wrong with its form or with the log's own signature was found where it was read.
  const verdict = witnessed && policySatisfied(policy, witnessed.note, logKeys);
  if (witnessed === undefined || verdict === undefined || verdict.verdict === 'invalid') {
    if (logSigned && verdict?.verdict === 'invalid') {
      record.foundWhole('witnessed_invalid', null, `${verdict.code} ${verdict.where}`);
    }
    return { verdict: 'invalid', ...none };
  }
  record.did('witnesses', verdict.witnesses.length);
  if (verdict.verdict === 'unsatisfied') {
    const names = verdict.witnesses.map(({ witness }) => witness).join(' ');
    record.foundWhole('quorum_missing', null, `${verdict.witnesses.length} / ${witnesses}: ${names || '-'}`);
  }
  const { size } = witnessed.checkpoint;
  const times = verdict.witnesses
    .map(({ timeSeconds }) => timeSeconds)
    .filter((seconds) => seconds > 0 && seconds <= SECONDS_MAX);
  const lastMs = Date.parse(to ?? '');
  return {
    verdict: verdict.verdict,
    size,
    lagEntries: newest === undefined ? null : newest.checkpoint.size - size,
    lagMs: times.length === 0 || Number.isNaN(lastMs) ? null : lastMs - Math.min(...times) * 1000,
    cosignatures: verdict.witnesses.map(({ witness, timeSeconds }) => ({
      witness,
      time: timeSeconds > 0 && timeSeconds <= SECONDS_MAX ? new Date(timeSeconds * 1000).toISOString() : null,
    })),
    witnesses,
  };
}
