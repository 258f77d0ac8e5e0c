import { auditChecks } from './audit-findings.ts';
import type { AuditCheck, AuditFinding } from './audit-findings.ts';
import type { AuditReport, CheckResult, UndecidedReason } from './audit-report.ts';

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
  counts: ReadonlyMap<AuditCheck, number>,
  findings: readonly AuditFinding[],
  undecided: Readonly<Partial<Record<UndecidedReason, number>>>,
): CheckResult[] {
  const open = new Set(
    Object.entries(checkOfReason).flatMap(([reason, check]) => (reason in undecided ? [check] : [])),
  );
  return auditChecks.map((check) => {
    const found = findings.filter((finding) => finding.check === check).length;
    const count = counts.get(check) ?? 0;
    return { check, count, findings: found, result: resultOf(count, found, open.has(check)) };
  });
}

function resultOf(count: number, findings: number, undecided: boolean): CheckResult['result'] {
  if (findings > 0) return 'findings';
  if (undecided) return 'undecided';
  return count === 0 ? 'not-applicable' : 'passed';
}

/** The report of a log with what only a view of several logs shows. */
export function addFindings(report: AuditReport, more: readonly AuditFinding[]): AuditReport {
  if (more.length === 0) return report;
  const findings = [...report.findings, ...more].toSorted((a, b) => rankOf(a) - rankOf(b));
  const counts = countsOf(report.checks);
  return {
    ...report,
    verdict: 'findings',
    findings,
    firstBadIndex: findings[0]?.index ?? null,
    checks: describeChecks(counts, findings, report.undecided.byReason),
  };
}

/** Those about the log as a whole come last. */
export function rankOf({ index }: AuditFinding): number {
  return index ?? Number.MAX_SAFE_INTEGER;
}

function countsOf(checks: readonly CheckResult[]): ReadonlyMap<AuditCheck, number> {
  return new Map(checks.map(({ check, count }) => [check, count]));
}
