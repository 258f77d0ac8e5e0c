import type { Boundary, DataClass, IntentEntry, OutcomeEntry, RevisionEntry } from '@sekisho/contract';
import type { AuditRecord } from './audit-record.ts';
import type { LastRevision } from './audit-report.ts';

const REVISIONS_MAX = 256;
/**
 * A request is decided under the revision that it found, and its intent is appended a moment later; a new
 * revision is appended before requests find it, and until every replica has it. So an intent may stand after a
 * revision that it does not know, if it was decided at most so long after that revision was recorded.
 */
const REVISION_TOLERANCE_MS = 60_000;

/** What the log says at one index about the rules of a crossing. */
export type InForce =
  | {
      readonly kind: 'rules';
      readonly boundary: Boundary;
      readonly dataClasses: readonly DataClass[] | undefined;
    }
  /** There was no such revision, or it does not know the workspace. */
  | { readonly kind: 'missing' }
  /** It may have been there, but so long ago that it is no longer held. */
  | { readonly kind: 'forgotten' };

interface Held {
  readonly entry: RevisionEntry;
  readonly index: number;
  /** When this number was recorded first. */
  readonly sinceMs: number;
  /** Policies of the same revision before a restart changed them, and when that was. */
  readonly before: { readonly policyDigest: string; readonly untilMs: number } | undefined;
}

/** The platform revisions of one log, judged in its order. */
export class AuditedRevisions {
  readonly #record: AuditRecord;
  /** By number, oldest first. */
  readonly #held = new Map<number, Held>();
  #newest: Held | undefined;
  #forgotten = 0;

  constructor(record: AuditRecord) {
    this.#record = record;
  }

  take(entry: RevisionEntry, index: number): void {
    const { platformRevision: number, platformDigest } = entry;
    const newest = this.#newest?.entry.platformRevision ?? 0;
    const same = this.#held.get(number);
    if (number < newest || (same !== undefined && same.entry.platformDigest !== platformDigest)) {
      this.#record.found('revision_backwards', index, `${number} / ${newest}`);
    }
    const timeMs = Date.parse(entry.time);
    const changed = same !== undefined && same.entry.policyDigest !== entry.policyDigest;
    const held: Held = {
      entry,
      index,
      sinceMs: same?.sinceMs ?? timeMs,
      before: changed ? { policyDigest: same.entry.policyDigest, untilMs: timeMs } : same?.before,
    };
    this.#held.delete(number);
    this.#held.set(number, held);
    if (number >= newest) this.#newest = held;
    const [oldest] = this.#held.keys();
    if (this.#held.size > REVISIONS_MAX && oldest !== undefined) {
      this.#held.delete(oldest);
      this.#forgotten = Math.max(this.#forgotten, oldest);
    }
  }

  inForceFor({ platformRevision, workspace }: IntentEntry | OutcomeEntry): InForce {
    const entry = this.#held.get(platformRevision)?.entry;
    if (entry === undefined && platformRevision <= this.#forgotten) return { kind: 'forgotten' };
    const boundary = ownOf(entry?.boundaries, workspace);
    if (boundary === undefined) return { kind: 'missing' };
    return { kind: 'rules', boundary, dataClasses: ownOf(entry?.dataClasses, workspace) };
  }

  /** By which rules an intent was decided. */
  judge(intent: IntentEntry, timeMs: number, inForce: InForce, index: number): void {
    this.#record.did('decisions');
    if (intent.decision === 'deny') {
      if (intent.targets.length > 0) {
        this.#record.found('denied_with_targets', index, intent.targets.join(' '));
      }
      return;
    }
    this.#judgeRevision(intent, timeMs, index);
    if (inForce.kind !== 'rules') return;
    const { dataClasses } = inForce;
    const detail = `${intent.workspace}: ${intent.dataClass}`;
    if (dataClasses === undefined) this.#record.cannotDecide(index, 'data-class', detail);
    else if (!dataClasses.includes(intent.dataClass)) {
      this.#record.found('data_class_not_allowed', index, `${detail} / ${dataClasses.join(' ')}`);
    }
  }

  last(): LastRevision | null {
    if (this.#newest === undefined) return null;
    const { entry, index } = this.#newest;
    return {
      index,
      platformRevision: entry.platformRevision,
      policyDigest: entry.policyDigest,
      workspaces: Object.entries(entry.boundaries).map(([workspace, boundary]) => ({
        workspace,
        boundary,
        dataClasses: ownOf(entry.dataClasses, workspace) ?? null,
        presets: ownOf(entry.presets, workspace) ?? null,
      })),
    };
  }

  #judgeRevision({ platformRevision, policyDigest }: IntentEntry, timeMs: number, index: number): void {
    const newest = this.#newest;
    if (
      newest !== undefined &&
      platformRevision < newest.entry.platformRevision &&
      !(timeMs <= newest.sinceMs + REVISION_TOLERANCE_MS)
    ) {
      const detail = `${platformRevision} / ${newest.entry.platformRevision} (${newest.index})`;
      this.#record.found('revision_not_newest', index, detail);
    }
    const held = this.#held.get(platformRevision);
    if (held === undefined || policyDigest === held.entry.policyDigest) return;
    const { before } = held;
    if (before?.policyDigest === policyDigest && timeMs <= before.untilMs + REVISION_TOLERANCE_MS) return;
    this.#record.found('policy_digest_differs', index, `revision ${platformRevision} (${held.index})`);
  }
}

/** A name such as `constructor` is a workspace's only where the revision lists it. */
function ownOf<Value>(record: Readonly<Record<string, Value>> | undefined, name: string): Value | undefined {
  return record !== undefined && Object.hasOwn(record, name) ? record[name] : undefined;
}
