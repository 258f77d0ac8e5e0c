import { formatYen, parseYen } from '@sekisho/contract';
import type { OutcomeEntry } from '@sekisho/contract';
import type { DayCount, PlaceCount, UsageSum } from './audit-report.ts';

const USAGE_ROWS_MAX = 10_000;
/** Ten years. */
const DAYS_MAX = 3_660;
const PLACES_MAX = 1_000;

const DAY_MS = 24 * 60 * 60 * 1000;
/** Usage days are those of Japan Standard Time, which has no summer time. */
const JAPAN_OFFSET_MS = 9 * 60 * 60 * 1000;

type Results = { -readonly [Result in keyof Omit<DayCount, 'day'>]: number };
type Place = { -readonly [Field in keyof PlaceCount]: PlaceCount[Field] };

interface Usage {
  readonly workspace: string;
  readonly model: string;
  crossings: number;
  inputTokens: number;
  outputTokens: number;
  picoYen: bigint;
}

/** Sums over outcomes, of a bounded number of rows: what was used, when, and where copies went. */
export class AuditTally {
  usageLeftOut = 0;
  daysLeftOut = 0;
  placesLeftOut = 0;
  readonly #usage = new Map<string, Usage>();
  readonly #days = new Map<number, Results>();
  readonly #places = new Map<string, Place>();

  /** `timeMs` is the outcome's time, NaN where it is none. */
  take(outcome: OutcomeEntry, timeMs: number): void {
    this.#addUsage(outcome);
    this.#addDay(outcome, timeMs);
    for (const { place, operatorCountry, kind } of outcome.carried?.copies ?? []) {
      const counts = this.#placeOf(place, operatorCountry);
      if (counts === undefined) this.placesLeftOut++;
      else if (kind === 'processing') counts.processing++;
      else counts.otherCopies++;
    }
  }

  usage(): UsageSum[] {
    return [...this.#usage.entries()]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([, { picoYen, ...sum }]) => ({ ...sum, amountYen: formatYen(picoYen) }));
  }

  days(): DayCount[] {
    return [...this.#days]
      .toSorted(([a], [b]) => a - b)
      .map(([day, counts]) => ({ day: new Date(day * DAY_MS).toISOString().slice(0, 10), ...counts }));
  }

  /** Most processing first. */
  places(): PlaceCount[] {
    return [...this.#places.values()].toSorted(
      (a, b) => b.processing - a.processing || (a.place < b.place ? -1 : 1),
    );
  }

  /** Counted is what was carried, whatever its result, and anything that has tokens or an amount. */
  #addUsage({ carried, workspace, subject: model, usage }: OutcomeEntry): void {
    const used = usage.inputTokens > 0 || usage.outputTokens > 0 || usage.amountYen !== '0';
    if (carried === undefined && !used) return;
    const key = `${workspace} ${model}`;
    let sum = this.#usage.get(key);
    if (sum === undefined) {
      if (this.#usage.size >= USAGE_ROWS_MAX) {
        this.usageLeftOut++;
        return;
      }
      sum = { workspace, model, crossings: 0, inputTokens: 0, outputTokens: 0, picoYen: 0n };
      this.#usage.set(key, sum);
    }
    sum.crossings++;
    sum.inputTokens += usage.inputTokens;
    sum.outputTokens += usage.outputTokens;
    if (usage.amountYen !== '0') sum.picoYen += parseYen(usage.amountYen);
  }

  #addDay({ result }: OutcomeEntry, timeMs: number): void {
    if (Number.isNaN(timeMs)) return;
    const day = Math.floor((timeMs + JAPAN_OFFSET_MS) / DAY_MS);
    let counts = this.#days.get(day);
    if (counts === undefined) {
      if (this.#days.size >= DAYS_MAX) {
        this.daysLeftOut++;
        return;
      }
      counts = { completed: 0, denied: 0, aborted: 0, failed: 0, interrupted: 0 };
      this.#days.set(day, counts);
    }
    counts[result]++;
  }

  #placeOf(place: string, operatorCountry: string): Place | undefined {
    const key = `${place} ${operatorCountry}`;
    const before = this.#places.get(key);
    if (before !== undefined || this.#places.size >= PLACES_MAX) return before;
    const counts = { place, operatorCountry, processing: 0, otherCopies: 0 };
    this.#places.set(key, counts);
    return counts;
  }
}
