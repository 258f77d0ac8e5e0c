import { formatYen, parseYen } from '@sekisho/contract';
import type { Boundary, IntentEntry, LedgerEntry, OutcomeEntry, RevisionEntry } from '@sekisho/contract';
import { boundaryFaults } from './audit-boundary.ts';
import { FirstOf } from './audit-report.ts';
import type { FindingCode, FindingList, OpenIntent, Undecided, UsageSum } from './audit-report.ts';
import { equalBytes, hex } from './byte-encodings.ts';
import { canonicalJson } from './canonical-json.ts';
import type { Json } from './canonical-json.ts';

const TIME_TOLERANCE_MS = 60_000;
const OPEN_TOLERANCE_MS = 60 * 60 * 1000;
/** What an audit holds at most: intents without outcome, revisions, and sums of usage. */
const OPEN_INTENTS_MAX = 100_000;
const REVISIONS_MAX = 256;
const USAGE_ROWS_MAX = 10_000;

/** What the log says at one index about the boundary of a crossing. */
type InForce =
  | { readonly kind: 'boundary'; readonly boundary: Boundary }
  /** There was no such revision, or it does not know the workspace. */
  | { readonly kind: 'missing' }
  /** It may have been there, but so long ago that it is no longer held. */
  | { readonly kind: 'forgotten' };

interface Opened {
  readonly intent: IntentEntry;
  readonly leafHash: string;
  /** At the intent: a boundary that is logged afterwards allows nothing. */
  readonly inForce: InForce;
}

/** Whether the entry at `index` is an intent with that leaf hash: read again, for the rare outcome that fits no open one. */
type IsIntent = (index: number, leafHash: string) => Promise<boolean>;

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
  readonly undecided = new FirstOf<Undecided>();
  usageLeftOut = 0;
  from: string | null = null;
  to: string | null = null;
  #latestMs = 0;
  readonly #origin: string;
  readonly #findings: FindingList;
  readonly #isIntent: IsIntent;
  readonly #open = new Map<number, Opened>();
  #overflowed = false;
  /** Boundaries by platform revision, oldest first. */
  readonly #revisions = new Map<number, RevisionEntry>();
  #forgottenRevision = 0;
  readonly #usage = new Map<string, { readonly sum: UsageSum; readonly picoYen: bigint }>();

  constructor(origin: string, findings: FindingList, isIntent: IsIntent) {
    this.#origin = origin;
    this.#findings = findings;
    this.#isIntent = isIntent;
  }

  /** False once too much was found, or too much is open, to judge on. */
  get judging(): boolean {
    return !this.#overflowed && !this.#findings.full;
  }

  async take(entry: LedgerEntry, index: number, leafHash: Uint8Array): Promise<void> {
    this.kinds[entry.kind]++;
    this.from ??= entry.time;
    this.to = entry.time;
    if (!this.judging) return;
    this.#takeTime(entry.time, index);
    if ((entry.kind === 'genesis') !== (index === 0)) this.#found('genesis_misplaced', index, entry.kind);
    if (entry.kind === 'genesis' && entry.origin !== this.#origin) {
      this.#found('genesis_misplaced', index, entry.origin);
    }
    if (entry.kind === 'revision') this.#takeRevision(entry, index);
    if (entry.kind === 'intent') this.#takeIntent(entry, index, leafHash);
    if (entry.kind === 'outcome') await this.#takeOutcome(entry, index);
  }

  /** What is open at the end of the log; the long open are findings. */
  finish(): FirstOf<OpenIntent> {
    const open = new FirstOf<OpenIntent>();
    const endMs = Date.parse(this.to ?? '');
    for (const [index, { intent }] of this.#open) {
      open.add({ index, crossing: intent.crossing, time: intent.time });
      if (this.judging && endMs - Date.parse(intent.time) > OPEN_TOLERANCE_MS) {
        this.#found('intent_left_open', index, intent.crossing);
      }
    }
    return open;
  }

  usage(): UsageSum[] {
    return [...this.#usage.entries()]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([, { sum, picoYen }]) => ({ ...sum, amountYen: formatYen(picoYen) }));
  }

  #takeTime(time: string, index: number): void {
    const ms = Date.parse(time);
    // The schema admits text such as a 13th month, which is no time.
    if (Number.isNaN(ms) || ms < this.#latestMs - TIME_TOLERANCE_MS)
      this.#found('time_backwards', index, time);
    else this.#latestMs = Math.max(this.#latestMs, ms);
  }

  #takeRevision(entry: RevisionEntry, index: number): void {
    const { platformRevision: number, platformDigest } = entry;
    const newest = Math.max(this.#forgottenRevision, ...this.#revisions.keys());
    const same = this.#revisions.get(number);
    if (number < newest || (same !== undefined && same.platformDigest !== platformDigest)) {
      this.#found('revision_backwards', index, `${number} / ${newest}`);
    }
    this.#revisions.delete(number);
    this.#revisions.set(number, entry);
    const [oldest] = this.#revisions.keys();
    if (this.#revisions.size > REVISIONS_MAX && oldest !== undefined) {
      this.#revisions.delete(oldest);
      this.#forgottenRevision = Math.max(this.#forgottenRevision, oldest);
    }
  }

  #takeIntent(intent: IntentEntry, index: number, leafHash: Uint8Array): void {
    this.#takeTenant(intent.tenant, index);
    if (this.#open.size >= OPEN_INTENTS_MAX) {
      this.#overflowed = true;
      this.#findings.addWhole('too_many_open', `index ${index}`);
      return;
    }
    this.#open.set(index, {
      intent,
      leafHash: `sha256:${hex(leafHash)}`,
      inForce: this.#inForceFor(intent),
    });
  }

  async #takeOutcome(outcome: OutcomeEntry, index: number): Promise<void> {
    this.#takeTenant(outcome.tenant, index);
    this.#addUsage(outcome);
    const opened = this.#open.get(outcome.intent.index);
    if (opened === undefined || opened.leafHash !== outcome.intent.leafHash) {
      const known =
        opened === undefined &&
        outcome.intent.index < index &&
        (await this.#isIntent(outcome.intent.index, outcome.intent.leafHash));
      this.#found(
        known ? 'outcome_repeated' : 'outcome_without_intent',
        index,
        `intent ${outcome.intent.index}`,
      );
    } else {
      this.#open.delete(outcome.intent.index);
      this.#judgeAgainstIntent(outcome, opened.intent, index);
    }
    this.#judgeBoundary(outcome, opened?.inForce ?? this.#inForceFor(outcome), index);
  }

  #judgeAgainstIntent(outcome: OutcomeEntry, intent: IntentEntry, index: number): void {
    const differing = repeatedFacts.filter((fact) => !isSame(outcome[fact], intent[fact]));
    if (differing.length > 0) this.#found('outcome_differs', index, differing.join(' '));
    const { carried } = outcome;
    if (carried === undefined) return;
    if (intent.decision === 'deny') {
      if (outcome.result !== 'denied') this.#found('denied_but_carried', index, carried.endpoint);
    } else if (!intent.targets.includes(carried.endpoint)) {
      this.#found('carried_elsewhere', index, carried.endpoint);
    }
  }

  #inForceFor({ platformRevision, workspace }: IntentEntry | OutcomeEntry): InForce {
    const revision = this.#revisions.get(platformRevision);
    if (revision === undefined && platformRevision <= this.#forgottenRevision) return { kind: 'forgotten' };
    // A name such as `constructor` is a workspace's only where the revision lists it.
    const boundaries = revision?.boundaries ?? {};
    const boundary = Object.hasOwn(boundaries, workspace) ? boundaries[workspace] : undefined;
    return boundary === undefined ? { kind: 'missing' } : { kind: 'boundary', boundary };
  }

  #judgeBoundary(outcome: OutcomeEntry, inForce: InForce, index: number): void {
    const { carried, platformRevision, result, workspace } = outcome;
    if (carried === undefined) return;
    if (result === 'denied') this.#found('denied_but_carried', index, carried.endpoint);
    const detail = `revision ${platformRevision} ${workspace}`;
    if (inForce.kind === 'missing') this.#found('boundary_missing', index, detail);
    if (inForce.kind === 'forgotten') this.undecided.add({ index, reason: 'revision', detail });
    if (inForce.kind !== 'boundary') return;
    for (const fault of boundaryFaults(outcome, inForce.boundary)) {
      if (fault.kind === 'finding') this.#found(fault.code, index, fault.detail);
      else this.undecided.add({ index, reason: fault.reason, detail: fault.detail });
    }
  }

  #takeTenant(tenant: string, index: number): void {
    if (!this.#origin.endsWith(`/ledger/${tenant}`)) this.#found('foreign_tenant', index, tenant);
  }

  /** Counted is what was carried, whatever its result, and anything that has tokens or an amount. */
  #addUsage({ carried, workspace, subject: model, usage }: OutcomeEntry): void {
    const used = usage.inputTokens > 0 || usage.outputTokens > 0 || usage.amountYen !== '0';
    if (carried === undefined && !used) return;
    const key = `${workspace} ${model}`;
    const before = this.#usage.get(key);
    if (before === undefined && this.#usage.size >= USAGE_ROWS_MAX) {
      this.usageLeftOut++;
      return;
    }
    const sum = before?.sum ?? {
      workspace,
      model,
      crossings: 0,
      inputTokens: 0,
      outputTokens: 0,
      amountYen: '0',
    };
    this.#usage.set(key, {
      picoYen: (before?.picoYen ?? 0n) + parseYen(usage.amountYen),
      sum: {
        ...sum,
        crossings: sum.crossings + 1,
        inputTokens: sum.inputTokens + usage.inputTokens,
        outputTokens: sum.outputTokens + usage.outputTokens,
      },
    });
  }

  #found(code: FindingCode, index: number, detail: string): void {
    this.#findings.add(code, index, detail);
  }
}

const repeatedFacts = [
  'crossing',
  'tenant',
  'workspace',
  'principal',
  'action',
  'subject',
  'dataClass',
  'purpose',
  'platformRevision',
  'policyDigest',
  'policies',
  'request',
] as const satisfies readonly (keyof IntentEntry & keyof OutcomeEntry)[];

/** Most facts are text or numbers, for which no bytes need to be written. */
function isSame(left: Json, right: Json): boolean {
  return left === right || equalBytes(canonicalJson(left), canonicalJson(right));
}
