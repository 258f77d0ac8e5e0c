import type { LedgerEntry } from '@sekisho/contract';
import { AnchorEntries } from './audit-anchors.ts';
import { AuditedCrossings } from './audit-crossings.ts';
import type { IsIntent } from './audit-crossings.ts';
import { AuditedHolds } from './audit-holds.ts';
import type { FindCrossing } from './audit-holds.ts';
import type { KeyTimeline } from './audit-keys.ts';
import type { FirstOf } from './audit-record.ts';
import type { AuditRecord } from './audit-record.ts';
import type { OpenIntent } from './audit-report.ts';
import { AuditedRevisions } from './audit-revisions.ts';
import type { Anchor } from './audit-source.ts';
import { AuditTally } from './audit-tally.ts';

const TIME_TOLERANCE_MS = 60_000;

/** What the rules ask of the rest of an audit. */
export interface EntrySurroundings {
  readonly isIntent: IsIntent;
  readonly findCrossing: FindCrossing;
  readonly onAnchor: ((anchor: Anchor) => void | Promise<void>) | undefined;
}

/** The rules that entries of one log keep among each other, judged in the order of the log. */
export class EntryRules {
  readonly kinds: Record<LedgerEntry['kind'], number> = {
    genesis: 0,
    revision: 0,
    'key-created': 0,
    'key-revoked': 0,
    'log-key': 0,
    erasure: 0,
    'hold-placed': 0,
    'hold-released': 0,
    anchor: 0,
    intent: 0,
    outcome: 0,
  };
  readonly tally = new AuditTally();
  readonly revisions: AuditedRevisions;
  from: string | null = null;
  to: string | null = null;
  latestMs = 0;
  readonly #origin: string;
  /** Of the last tenant that was seen, whether its log has this origin. */
  #tenant = '';
  readonly #record: AuditRecord;
  readonly #keys: KeyTimeline;
  readonly #crossings: AuditedCrossings;
  readonly #holds: AuditedHolds;
  readonly #anchors: AnchorEntries;
  readonly #onAnchor: EntrySurroundings['onAnchor'];

  constructor(origin: string, keys: KeyTimeline, record: AuditRecord, surroundings: EntrySurroundings) {
    this.#origin = origin;
    this.#record = record;
    this.#keys = keys;
    this.revisions = new AuditedRevisions(record);
    this.#crossings = new AuditedCrossings(record, this.revisions, surroundings.isIntent);
    this.#holds = new AuditedHolds(record, surroundings.findCrossing);
    this.#anchors = new AnchorEntries(origin, record);
    this.#onAnchor = surroundings.onAnchor;
  }

  /** False once too much was found, or too much is open, to judge on. */
  get judging(): boolean {
    return !this.#crossings.overflowed && !this.#record.full;
  }

  /** The promise is for the few entries that need more than themselves and what is held. */
  take(entry: LedgerEntry, index: number, leafHash: Uint8Array): void | Promise<void> {
    this.kinds[entry.kind]++;
    this.from ??= entry.time;
    this.to = entry.time;
    // Who may sign, and what other logs must show, is judged however much else is wrong.
    if (entry.kind === 'log-key') this.#keys.take(entry, index, this.kinds.intent);
    const anchor = entry.kind === 'anchor' ? this.#anchors.take(entry, index) : undefined;
    if (!this.judging) return this.#tell(anchor);
    const timeMs = Date.parse(entry.time);
    this.#takeTime(entry.time, timeMs, index);
    if ((entry.kind === 'genesis') !== (index === 0)) {
      this.#record.found('genesis_misplaced', index, entry.kind);
    }
    switch (entry.kind) {
      case 'genesis':
        if (entry.origin !== this.#origin) this.#record.found('genesis_misplaced', index, entry.origin);
        return undefined;
      case 'revision':
        this.revisions.take(entry, index);
        return undefined;
      case 'anchor':
        return this.#tell(anchor);
      case 'intent':
        this.#takeTenant(entry.tenant, index);
        this.#crossings.takeIntent(entry, timeMs, index, leafHash);
        return undefined;
      case 'outcome':
        this.#takeTenant(entry.tenant, index);
        this.tally.take(entry, timeMs);
        return this.#crossings.takeOutcome(entry, index);
      case 'erasure':
        return this.#holds.takeErasure(entry, index);
      case 'hold-placed':
      case 'hold-released':
        this.#holds.takeHold(entry, index);
        return undefined;
      case 'key-created':
      case 'key-revoked':
      case 'log-key':
        return undefined;
    }
  }

  /** What is open at the end of the log; the long open are findings. */
  finish(): FirstOf<OpenIntent> {
    return this.#crossings.finish(Date.parse(this.to ?? ''), this.judging);
  }

  #takeTime(time: string, ms: number, index: number): void {
    this.#record.did('order');
    // The schema admits text such as a 13th month, which is no time.
    if (Number.isNaN(ms) || ms < this.latestMs - TIME_TOLERANCE_MS) {
      this.#record.found('time_backwards', index, time);
    } else if (ms > this.latestMs) this.latestMs = ms;
  }

  #takeTenant(tenant: string, index: number): void {
    if (tenant === this.#tenant) return;
    if (this.#origin.endsWith(`/ledger/${tenant}`)) this.#tenant = tenant;
    else this.#record.found('foreign_tenant', index, tenant);
  }

  #tell(anchor: Anchor | undefined): void | Promise<void> {
    return anchor === undefined ? undefined : this.#onAnchor?.(anchor);
  }
}
