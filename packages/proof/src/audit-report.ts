import type { Boundary, CrossingResult, DataClass, LedgerEntry } from '@sekisho/contract';
import type { AuditCheck, AuditFinding } from './audit-findings.ts';

/** Why the log alone cannot tell. */
export type UndecidedReason =
  /** Whether a ward is in a city does not show in the codes. */
  | 'place'
  /** Certificates of a site are not in the log. */
  | 'certifications'
  /** The revision is older than those that are kept. */
  | 'revision'
  /** The revision does not say which data classes its workspaces may use. */
  | 'data-class'
  /** The crossing that was erased is not found near its time. */
  | 'hold'
  /** Only a key that was compromised meanwhile signed the checkpoint. */
  | 'key';

export interface Undecided {
  readonly index: number;
  readonly reason: UndecidedReason;
  readonly detail: string;
}

/** The first of a list that may be long, in order, and how many there were. */
export interface Listed<Item> {
  readonly total: number;
  readonly first: readonly Item[];
}

export interface UsageSum {
  readonly workspace: string;
  readonly model: string;
  /** Those that were carried to an endpoint, or have tokens or an amount: what a cell's usage counts. */
  readonly crossings: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly amountYen: string;
}

export interface OpenIntent {
  readonly index: number;
  readonly crossing: string;
  readonly time: string;
}

/** Outcomes of one day of Japan Standard Time. */
export type DayCount = { readonly day: string } & Readonly<Record<CrossingResult, number>>;

/** Copies that outcomes say were made at one place. */
export interface PlaceCount {
  readonly place: string;
  readonly operatorCountry: string;
  readonly processing: number;
  /** Storage, replicas, backups, logs and all others. */
  readonly otherCopies: number;
}

/** What was done of one check. */
export interface CheckResult {
  readonly check: AuditCheck;
  /** `not-applicable`: there is nothing of the kind in this log, or nothing to compare with was given. */
  readonly result: 'passed' | 'findings' | 'undecided' | 'not-applicable';
  /** Signatures, entries, copies: how often it was applied. */
  readonly count: number;
  readonly findings: number;
}

/** A signed note that the audit was given. */
export interface AuditedCheckpoint {
  readonly source: 'newest' | 'older' | 'witnessed';
  /** Of the older ones, counted from 1. */
  readonly number: number;
  readonly size: number;
  /** Base64. */
  readonly root: string;
  /** Ids of the trusted keys whose signature verifies. */
  readonly signedBy: readonly string[];
  /** `doubtful`: only by a key that was compromised meanwhile, in a tree after it was last trusted. */
  readonly standing: 'good' | 'doubtful' | 'revoked' | 'early' | 'untrusted';
  /** Whether the entries lead to its root; null where they do not reach so far. */
  readonly matches: boolean | null;
}

/** A key that signs, or signed, this log. */
export interface AuditedKey {
  readonly verifierKey: string;
  /** Eight hexadecimal digits. */
  readonly keyId: string;
  readonly trust:
    | { readonly kind: 'given' }
    /** Introduced in a tree that a trusted key signed. */
    | { readonly kind: 'vouched'; readonly byKeyId: string; readonly treeSize: number }
    /** In the log, but no checkpoint at hand that a trusted key signed holds its introduction. */
    | { readonly kind: 'none' };
  /** Indexes of the entries that say so. */
  readonly introducedAt: number | null;
  readonly retiredAt: number | null;
  readonly compromisedAt: number | null;
}

/** What a compromised key alone vouched for: nothing is proven there by its signature. */
export interface CompromisedRange {
  readonly keyId: string;
  /** First index, and the one after the last. */
  readonly from: number;
  readonly to: number;
  /** Intents in it; null where entries of it could not be read again. */
  readonly crossings: number | null;
  /** Part of the range in which no other key signed the log: `from` and one after the last. */
  readonly alone: { readonly from: number; readonly to: number } | null;
}

export interface WitnessReport {
  readonly verdict: 'satisfied' | 'unsatisfied' | 'invalid' | 'missing';
  readonly size: number | null;
  /** Entries of the newest checkpoint that no witness has seen, and how old the oldest of the cosignatures is. */
  readonly lagEntries: number | null;
  /** From the earliest cosignature to the last entry, in milliseconds; below 0 where witnesses came later. */
  readonly lagMs: number | null;
  readonly cosignatures: readonly { readonly witness: string; readonly time: string | null }[];
  /** How many witnesses the policy knows. */
  readonly witnesses: number;
}

export interface AnchorReport {
  /** Anchors of this log in the cell's log whose root was compared. */
  readonly compared: number;
  /** Leaves of the largest of them; entries from here on are in no anchor yet. */
  readonly anchoredSize: number;
  readonly mismatches: number;
  /** Anchors of a larger tree than this log shows. */
  readonly beyond: number;
}

/** The platform revision that is recorded last. */
export interface LastRevision {
  readonly index: number;
  readonly platformRevision: number;
  readonly policyDigest: string;
  readonly workspaces: readonly {
    readonly workspace: string;
    readonly boundary: Boundary;
    readonly dataClasses: readonly DataClass[] | null;
    readonly presets: readonly string[] | null;
  }[];
}

/** One log, judged. */
export interface AuditReport {
  readonly verdict: 'clean' | 'findings';
  /** Of the checkpoint; null where it cannot be read. `root` is base64. */
  readonly log: { readonly origin: string; readonly size: number; readonly root: string } | null;
  /** Entries read and hashed. */
  readonly entries: number;
  readonly kinds: Readonly<Record<LedgerEntry['kind'], number>>;
  /** Times of the first and the last entry. */
  readonly from: string | null;
  readonly to: string | null;
  readonly firstBadIndex: number | null;
  /** By index; those about the log as a whole come last. */
  readonly findings: readonly AuditFinding[];
  readonly checks: readonly CheckResult[];
  /** False where the findings became too many and rules were no longer judged. */
  readonly rulesJudgedToTheEnd: boolean;
  readonly open: Listed<OpenIntent>;
  readonly undecided: Listed<Undecided> & {
    readonly byReason: Readonly<Partial<Record<UndecidedReason, number>>>;
  };
  readonly checkpoints: readonly AuditedCheckpoint[];
  /** Checkpoints given to compare with that this log continues, by size. */
  readonly continues: readonly number[];
  readonly keys: readonly AuditedKey[];
  readonly compromised: readonly CompromisedRange[];
  /** Null where no policy was given, or witnesses do not sign this log. */
  readonly witnesses: WitnessReport | null;
  /** Null where no anchors were given. */
  readonly anchors: AnchorReport | null;
  readonly tiles: { readonly compared: number; readonly missing: number };
  readonly lastRevision: LastRevision | null;
  readonly days: readonly DayCount[];
  readonly places: readonly PlaceCount[];
  readonly usage: readonly UsageSum[];
  /** Outcomes in no sum, because there are too many workspaces and models, days or places. */
  readonly usageLeftOut: number;
  readonly daysLeftOut: number;
  readonly placesLeftOut: number;
}
