import { rankOf } from './audit-checks.ts';
import { findingOf } from './audit-findings.ts';
import type { AuditCheck, AuditFinding, FindingCode } from './audit-findings.ts';
import type { Listed, Undecided, UndecidedReason } from './audit-report.ts';

/** More are not told: the rest of the log is then hashed, and its rules are not judged. */
const AUDIT_FINDINGS_MAX = 1000;
/** Undecided crossings told of each reason. */
const UNDECIDED_LISTED_MAX = 20;
const LISTED_MAX = 100;

/** What an audit notes while it reads: findings, what it could not decide, and how much of each check was done. */
export class AuditRecord {
  readonly counts = new Map<AuditCheck, number>();
  readonly #found: AuditFinding[] = [];
  readonly #undecided = new Map<UndecidedReason, { total: number; readonly first: Undecided[] }>();

  /** One thing less to trust: `check` was applied once more. */
  did(check: AuditCheck, times = 1): void {
    this.counts.set(check, (this.counts.get(check) ?? 0) + times);
  }

  found(code: FindingCode, index: number | null, detail = ''): void {
    if (!this.full) this.#found.push(findingOf(code, index, detail));
  }

  /** Also past the bound: for the few about the log as a whole, which must not be crowded out. */
  foundWhole(code: FindingCode, index: number | null, detail = ''): void {
    this.#found.push(findingOf(code, index, detail));
  }

  cannotDecide(index: number, reason: UndecidedReason, detail: string): void {
    const list = this.#undecided.get(reason) ?? { total: 0, first: [] };
    this.#undecided.set(reason, list);
    list.total++;
    if (list.first.length < UNDECIDED_LISTED_MAX) list.first.push({ index, reason, detail });
  }

  get full(): boolean {
    return this.#found.length >= AUDIT_FINDINGS_MAX;
  }

  /** By index; those about the log as a whole come last. */
  findings(): readonly AuditFinding[] {
    return this.#found.toSorted((a, b) => rankOf(a) - rankOf(b));
  }

  undecided(): Listed<Undecided> & { readonly byReason: Readonly<Partial<Record<UndecidedReason, number>>> } {
    const lists = [...this.#undecided];
    return {
      total: lists.reduce((sum, [, { total }]) => sum + total, 0),
      byReason: Object.fromEntries(lists.map(([reason, { total }]) => [reason, total])),
      first: lists.flatMap(([, { first }]) => first).toSorted((a, b) => a.index - b.index),
    };
  }
}

/** A list of which only the first hundred are kept. */
export class FirstOf<Item> {
  total = 0;
  readonly first: Item[] = [];

  add(item: Item): void {
    this.total++;
    if (this.first.length < LISTED_MAX) this.first.push(item);
  }
}
