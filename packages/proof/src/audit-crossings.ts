import type { IntentEntry, OutcomeEntry } from '@sekisho/contract';
import { boundaryFaults } from './audit-boundary.ts';
import { FirstOf } from './audit-record.ts';
import type { AuditRecord } from './audit-record.ts';
import type { OpenIntent } from './audit-report.ts';
import type { AuditedRevisions, InForce } from './audit-revisions.ts';
import { equalBytes, hex } from './byte-encodings.ts';
import { canonicalJson } from './canonical-json.ts';
import type { Json } from './canonical-json.ts';

const OPEN_TOLERANCE_MS = 60 * 60 * 1000;
const OPEN_INTENTS_MAX = 100_000;

interface Opened {
  readonly intent: IntentEntry;
  readonly leafHash: Uint8Array;
  readonly timeMs: number;
  /** At the intent: a boundary that is logged afterwards allows nothing. */
  readonly inForce: InForce;
}

/** Whether the entry at `index` is an intent with that leaf hash: read again, for the rare outcome that fits no open one. */
export type IsIntent = (index: number, leafHash: string) => Promise<boolean>;

/** Intents and their outcomes, judged in the order of the log. Holds the intents that are open, up to a bound. */
export class AuditedCrossings {
  overflowed = false;
  readonly #record: AuditRecord;
  readonly #revisions: AuditedRevisions;
  readonly #isIntent: IsIntent;
  readonly #open = new Map<number, Opened>();

  constructor(record: AuditRecord, revisions: AuditedRevisions, isIntent: IsIntent) {
    this.#record = record;
    this.#revisions = revisions;
    this.#isIntent = isIntent;
  }

  takeIntent(intent: IntentEntry, timeMs: number, index: number, leafHash: Uint8Array): void {
    if (this.#open.size >= OPEN_INTENTS_MAX) {
      this.overflowed = true;
      this.#record.foundWhole('too_many_open', index);
      return;
    }
    const inForce = this.#revisions.inForceFor(intent);
    this.#open.set(index, { intent, leafHash, timeMs, inForce });
    this.#revisions.judge(intent, timeMs, inForce, index);
  }

  /** The promise is for the rare outcome that must be looked up. */
  takeOutcome(outcome: OutcomeEntry, index: number): Promise<void> | undefined {
    this.#record.did('outcomes');
    const opened = this.#open.get(outcome.intent.index);
    this.#judgeBoundary(outcome, opened?.inForce ?? this.#revisions.inForceFor(outcome), index);
    if (opened === undefined) return this.#judgeUnmatched(outcome, index);
    if (!isLeafHash(outcome.intent.leafHash, opened.leafHash)) {
      this.#record.found('outcome_without_intent', index, `intent ${outcome.intent.index}`);
      return undefined;
    }
    this.#open.delete(outcome.intent.index);
    this.#judgeAgainstIntent(outcome, opened.intent, index);
    return undefined;
  }

  /** What is open at the end of the log; the long open are findings. */
  finish(endMs: number, judging: boolean): FirstOf<OpenIntent> {
    const open = new FirstOf<OpenIntent>();
    for (const [index, { intent, timeMs }] of this.#open) {
      open.add({ index, crossing: intent.crossing, time: intent.time });
      if (judging && endMs - timeMs > OPEN_TOLERANCE_MS) {
        this.#record.found('intent_left_open', index, intent.crossing);
      }
    }
    return open;
  }

  async #judgeUnmatched({ intent }: OutcomeEntry, index: number): Promise<void> {
    const known = intent.index < index && (await this.#isIntent(intent.index, intent.leafHash));
    this.#record.found(
      known ? 'outcome_repeated' : 'outcome_without_intent',
      index,
      `intent ${intent.index}`,
    );
  }

  #judgeAgainstIntent(outcome: OutcomeEntry, intent: IntentEntry, index: number): void {
    for (const fact of repeatedFacts) {
      if (isSame(outcome[fact], intent[fact])) continue;
      const differing = repeatedFacts.filter((each) => !isSame(outcome[each], intent[each]));
      this.#record.found('outcome_differs', index, differing.join(' '));
      break;
    }
    const { carried, result } = outcome;
    if (carried === undefined) {
      // A crossing that the cell stopped in says nothing, whatever was decided.
      const contradicts = (result === 'denied') !== (intent.decision === 'deny') && result !== 'interrupted';
      if (contradicts) this.#record.found('outcome_contradicts', index, `${intent.decision} / ${result}`);
    } else if (intent.decision === 'deny') {
      if (result !== 'denied') this.#record.found('denied_but_carried', index, carried.endpoint);
    } else if (!intent.targets.includes(carried.endpoint)) {
      this.#record.found('carried_elsewhere', index, carried.endpoint);
    }
  }

  #judgeBoundary(outcome: OutcomeEntry, inForce: InForce, index: number): void {
    const { carried, platformRevision, result, workspace } = outcome;
    if (carried === undefined) return;
    if (result === 'denied') this.#record.found('denied_but_carried', index, carried.endpoint);
    this.#record.did('boundary', carried.copies.length);
    const detail = `revision ${platformRevision} ${workspace}`;
    if (inForce.kind === 'missing') this.#record.found('boundary_missing', index, detail);
    if (inForce.kind === 'forgotten') this.#record.cannotDecide(index, 'revision', detail);
    if (inForce.kind !== 'rules') return;
    for (const fault of boundaryFaults(outcome, inForce.boundary)) {
      if (fault.kind === 'finding') this.#record.found(fault.code, index, fault.detail);
      else this.#record.cannotDecide(index, fault.reason, fault.detail);
    }
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
  if (left === right) return true;
  if (typeof left !== 'object' || typeof right !== 'object') return false;
  if (isShortTexts(left) && isShortTexts(right)) {
    return left.length === right.length && left.every((text, at) => text === right[at]);
  }
  return equalBytes(canonicalJson(left), canonicalJson(right));
}

function isShortTexts(value: Json): value is readonly string[] {
  return Array.isArray(value) && value.length <= 8 && value.every((item) => typeof item === 'string');
}

function isLeafHash(text: string, leafHash: Uint8Array): boolean {
  return text === `sha256:${hex(leafHash)}`;
}
