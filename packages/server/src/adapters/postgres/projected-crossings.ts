import { parseYen, type IntentEntry, type OutcomeEntry } from '@sekisho/contract';
import { dayInJapan } from '../../base/clock.ts';

/** `2026-04-01T00` */
const HOUR_LENGTH = 13;

/** The place itself, then those around it, as of a day: `131016`, `JP-13`, `JP`. Empty when unknown. */
export type PlaceAncestors = (place: string, day: string) => readonly string[];

/** The fields of an intent and of an outcome that the table of crossings holds. */
export type CrossingIntent = Pick<
  IntentEntry,
  | 'kind'
  | 'time'
  | 'crossing'
  | 'tenant'
  | 'workspace'
  | 'principal'
  | 'action'
  | 'subject'
  | 'dataClass'
  | 'purpose'
  | 'platformRevision'
  | 'decision'
  | 'request'
>;
export type CrossingOutcome = Omit<CrossingIntent, 'kind' | 'decision'> &
  Pick<OutcomeEntry, 'kind' | 'intent' | 'result' | 'status' | 'usage'> & {
    readonly carried?: OutcomeEntry['carried'] | undefined;
    readonly answer?: OutcomeEntry['answer'] | undefined;
  };

/** A row of the table `crossing` by its column names, as far as a batch knows it. JSON that the database reads. */
export interface CrossingRow {
  readonly crossing: string;
  readonly tenant: string;
  readonly workspace: string;
  readonly subject: string;
  readonly started_at: string;
  readonly intent_index: number;
  readonly principal: string;
  readonly action: string;
  readonly data_class: string;
  readonly purpose: string;
  readonly platform_revision: number;
  /** Absent when the batch holds the outcome alone: the intent has been in the table before. */
  readonly decision?: string;
  /** Hexadecimal. */
  readonly request: string;
  readonly outcome_index?: number;
  readonly result?: string;
  readonly ended_at?: string;
  readonly status?: number;
  readonly endpoint?: string;
  readonly assurance?: string;
  readonly places?: readonly string[];
  readonly carried_terms?: readonly string[];
  readonly answer?: string;
  readonly input_tokens?: number;
  readonly output_tokens?: number;
  readonly usage_estimated?: boolean;
  readonly amount_pico_yen?: string;
}

/** Folds entries, in index order per log, into at most one row for each crossing. */
export class CrossingFold {
  readonly #rows = new Map<string, CrossingRow>();
  readonly #ancestors: PlaceAncestors;
  /** Where things are carried hardly ever changes from one crossing to the next. */
  readonly #carried = new Map<string, CarriedColumns>();

  constructor(ancestors: PlaceAncestors) {
    this.#ancestors = ancestors;
  }

  addIntent(index: number, intent: CrossingIntent): void {
    this.#rows.set(intent.crossing, {
      ...factColumns(intent),
      started_at: intent.time,
      intent_index: index,
      decision: intent.decision,
    });
  }

  addOutcome(index: number, outcome: CrossingOutcome): void {
    const known = this.#rows.get(outcome.crossing);
    // A crossing ends once: a second outcome never replaces the first.
    if (known?.outcome_index !== undefined) return;
    const intent = known ?? {
      ...factColumns(outcome),
      // The intent is in the table already, so this start is not written; the id holds the time.
      started_at: timeOfId(outcome.crossing),
      intent_index: outcome.intent.index,
    };
    this.#rows.set(outcome.crossing, {
      ...intent,
      outcome_index: index,
      result: outcome.result,
      ended_at: outcome.time,
      status: outcome.status,
      ...(outcome.carried === undefined ? {} : this.#carriedColumns(outcome.carried, outcome.time)),
      ...(outcome.answer === undefined ? {} : { answer: digitsOf(outcome.answer.commitment) }),
      input_tokens: outcome.usage.inputTokens,
      output_tokens: outcome.usage.outputTokens,
      usage_estimated: outcome.usage.estimated,
      amount_pico_yen: parseYen(outcome.usage.amountYen).toString(),
    });
  }

  rows(): readonly CrossingRow[] {
    return [...this.#rows.values()];
  }

  #carriedColumns(carried: NonNullable<CrossingOutcome['carried']>, time: string): CarriedColumns {
    // A day in Japan begins at a whole hour of UTC, so all of an hour is of one day.
    const hour = time.slice(0, HOUR_LENGTH);
    const key = [
      hour,
      carried.endpoint,
      carried.assurance,
      ...carried.copies.map(({ place }) => place),
    ].join();
    let columns = this.#carried.get(key);
    if (columns === undefined) {
      columns = carriedColumns(carried, dayInJapan(time), this.#ancestors);
      this.#carried.set(key, columns);
    }
    return columns;
  }
}

type CarriedColumns = Required<Pick<CrossingRow, 'endpoint' | 'assurance' | 'places' | 'carried_terms'>>;

function carriedColumns(
  { endpoint, assurance, copies }: NonNullable<CrossingOutcome['carried']>,
  day: string,
  ancestors: PlaceAncestors,
): CarriedColumns {
  const places = [...new Set(copies.map(({ place }) => place))].sort();
  // A place that the jurisdiction packs do not know is still found by its own code.
  const around = new Set(places.flatMap((place) => [place, ...ancestors(place, day)]));
  return {
    endpoint,
    assurance,
    places,
    carried_terms: [...[...around].sort(), endpointTerm(endpoint), assuranceTerm(assurance)],
  };
}

export const endpointTerm = (endpoint: string): string => `endpoint:${endpoint}`;
export const assuranceTerm = (assurance: string): string => `assurance:${assurance}`;

function factColumns(
  entry: Omit<CrossingIntent, 'kind' | 'decision'>,
): Omit<CrossingRow, 'started_at' | 'intent_index'> {
  return {
    crossing: entry.crossing,
    tenant: entry.tenant,
    workspace: entry.workspace,
    subject: entry.subject,
    principal: entry.principal,
    action: entry.action,
    data_class: entry.dataClass,
    purpose: entry.purpose,
    platform_revision: entry.platformRevision,
    request: digitsOf(entry.request.commitment),
  };
}

/** `hmac-sha256:` and the digits to the digits. */
function digitsOf(commitment: string): string {
  return commitment.slice(commitment.indexOf(':') + 1);
}

/** The 48 bits of milliseconds of a UUID version 7 (RFC 9562 section 5.7). */
function timeOfId(crossing: string): string {
  return new Date(Number.parseInt(crossing.slice(0, 8) + crossing.slice(9, 13), 16)).toISOString();
}
