import { auditChecks } from './audit-findings.ts';
import type { AuditCheck, AuditFinding } from './audit-findings.ts';
import type { CheckResult, UndecidedReason } from './audit-report.ts';

const checkOfReason: Readonly<Record<UndecidedReason, AuditCheck>> = {
  place: 'boundary',
  certifications: 'boundary',
  revision: 'boundary',
  'data-class': 'decisions',
  hold: 'holds',
  key: 'keys',
};

/** Each check with how often it was applied and what came of it. */
export function describeChecks(
  counts: Readonly<Record<AuditCheck, number>>,
  findings: readonly AuditFinding[],
  undecided: Readonly<Partial<Record<UndecidedReason, number>>>,
): CheckResult[] {
  const open = new Set(
    Object.entries(checkOfReason).flatMap(([reason, check]) => (reason in undecided ? [check] : [])),
  );
  return auditChecks.map((check) => {
    const found = findings.filter((finding) => finding.check === check).length;
    return {
      check,
      count: counts[check],
      findings: found,
      result: resultOf(counts[check], found, open.has(check)),
    };
  });
}

function resultOf(count: number, findings: number, undecided: boolean): CheckResult['result'] {
  if (findings > 0) return 'findings';
  if (undecided) return 'undecided';
  return count === 0 ? 'not-applicable' : 'passed';
}
