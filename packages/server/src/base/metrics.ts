/**
 * Metrics of a process, and their text for a scrape: Prometheus text format 0.0.4 and OpenMetrics 1.0.
 *
 * What is counted on the hot path is a field of an object that its caller has looked up before; what can
 * be read when somebody asks is read then, and costs nothing in between.
 */
export class Counter {
  value = 0;

  add(amount = 1): void {
    this.value += amount;
  }
}

export class Histogram {
  readonly #bounds: readonly number[];
  /** Of each bucket alone; the last is what lies above every bound. */
  readonly counts: number[];
  sum = 0;

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.counts = [...bounds.map(() => 0), 0];
  }

  observe(value: number): void {
    let at = 0;
    while (at < this.#bounds.length && value > (this.#bounds[at] ?? 0)) at++;
    this.counts[at] = (this.counts[at] ?? 0) + 1;
    this.sum += value;
  }
}

/** Values in the order of the family's label names. */
export type LabelValues = readonly string[];
export type Sample = readonly [labels: LabelValues, value: number];

export interface FamilyHead {
  /** Without `_total`, which belongs to a counter's samples. */
  readonly name: string;
  readonly help: string;
  /** OpenMetrics: `seconds`, `bytes`; then the name ends in it. */
  readonly unit?: string;
  readonly labels?: readonly string[];
}

/** Sets of label values of one family. Above it nothing new is shown: a bug must not fill a memory. */
const SERIES_MAX = 20_000;
/** Longer values are cut. */
const LABEL_LENGTH_MAX = 200;

/** Metrics of one name, told apart by label values, each made when it is first asked for. */
export class Family<Metric> {
  readonly #make: () => Metric;
  readonly #series = new Map<string, { readonly labels: LabelValues; readonly metric: Metric }>();

  constructor(make: () => Metric) {
    this.#make = make;
  }

  /** Look it up once and keep it, until {@link keepOnly} may have let go of it. */
  of(...labels: LabelValues): Metric {
    const key = labels.join('\n');
    const known = this.#series.get(key);
    if (known !== undefined) return known.metric;
    const metric = this.#make();
    if (this.#series.size < SERIES_MAX) this.#series.set(key, { labels, metric });
    return metric;
  }

  keepOnly(stays: (labels: LabelValues) => boolean): void {
    for (const [key, { labels }] of this.#series) if (!stays(labels)) this.#series.delete(key);
  }

  *[Symbol.iterator](): IterableIterator<{ readonly labels: LabelValues; readonly metric: Metric }> {
    yield* this.#series.values();
  }
}

export type ExpositionFormat = 'prometheus' | 'openmetrics';

export const expositionTypes: Readonly<Record<ExpositionFormat, string>> = {
  prometheus: 'text/plain; version=0.0.4; charset=utf-8',
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
};

interface Shown {
  readonly head: FamilyHead;
  readonly type: 'counter' | 'gauge' | 'histogram';
  lines(format: ExpositionFormat): Iterable<string> | Promise<Iterable<string>>;
}

export class Metrics {
  readonly #shown = new Map<string, Shown>();

  counter(head: FamilyHead): Family<Counter> {
    const family = new Family(() => new Counter());
    this.#show(head, 'counter', () =>
      [...family].map(({ labels, metric }) => line(`${head.name}_total`, head, labels, metric.value)),
    );
    return family;
  }

  /** `bounds`: upper ends of buckets, rising, without the last, which is infinite. */
  histogram(head: FamilyHead, bounds: readonly number[]): Family<Histogram> {
    const family = new Family(() => new Histogram(bounds));
    this.#show(head, 'histogram', (format) =>
      [...family].flatMap(({ labels, metric }) => histogramLines(head, labels, metric, bounds, format)),
    );
    return family;
  }

  /** Read at each scrape. What `read` cannot give is left out of that scrape. */
  read(
    type: 'counter' | 'gauge',
    head: FamilyHead,
    read: () => Iterable<Sample> | Promise<Iterable<Sample>>,
  ): void {
    const name = type === 'counter' ? `${head.name}_total` : head.name;
    this.#show(head, type, async () =>
      [...(await read())].map(([labels, value]) => line(name, head, labels, value)),
    );
  }

  /** A gauge or a counter without labels; absent where `read` gives undefined. */
  readOne(type: 'counter' | 'gauge', head: FamilyHead, read: () => number | undefined): void {
    this.read(type, head, () => {
      const value = read();
      return value === undefined ? [] : [[[], value]];
    });
  }

  async exposition(format: ExpositionFormat): Promise<string> {
    const parts: string[] = [];
    for (const shown of this.#shown.values()) {
      const { head, type } = shown;
      let samples: readonly string[];
      try {
        samples = [...(await shown.lines(format))];
      } catch {
        // A part of the cell that is down must not hide the others; that it is missing shows.
        continue;
      }
      // In the older format a counter's family bears the name of its samples.
      const name = type === 'counter' && format === 'prometheus' ? `${head.name}_total` : head.name;
      parts.push(`# HELP ${name} ${escapeHelp(head.help, format)}`, `# TYPE ${name} ${type}`);
      if (format === 'openmetrics' && head.unit !== undefined) parts.push(`# UNIT ${name} ${head.unit}`);
      parts.push(...samples);
    }
    if (format === 'openmetrics') parts.push('# EOF');
    return `${parts.join('\n')}\n`;
  }

  #show(head: FamilyHead, type: Shown['type'], lines: Shown['lines']): void {
    if (this.#shown.has(head.name)) throw new Error(`${head.name} is there already`);
    this.#shown.set(head.name, { head, type, lines });
  }
}

function histogramLines(
  head: FamilyHead,
  labels: LabelValues,
  { counts, sum }: Histogram,
  bounds: readonly number[],
  format: ExpositionFormat,
): string[] {
  let below = 0;
  const lines = counts.map((count, at) => {
    below += count;
    return line(`${head.name}_bucket`, head, labels, below, boundText(bounds[at], format));
  });
  return [
    ...lines,
    line(`${head.name}_sum`, head, labels, sum),
    line(`${head.name}_count`, head, labels, below),
  ];
}

/** OpenMetrics wants bounds as floating point numbers. */
function boundText(bound: number | undefined, format: ExpositionFormat): string {
  if (bound === undefined) return '+Inf';
  return format === 'openmetrics' && Number.isInteger(bound) ? `${bound}.0` : `${bound}`;
}

function line(name: string, head: FamilyHead, values: LabelValues, value: number, le?: string): string {
  const pairs = (head.labels ?? []).map((label, at) => `${label}="${escapeLabel(values[at] ?? '')}"`);
  if (le !== undefined) pairs.push(`le="${le}"`);
  return `${name}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${numberText(value)}`;
}

function numberText(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  return String(value);
}

function escapeLabel(value: string): string {
  const text = value.length > LABEL_LENGTH_MAX ? value.slice(0, LABEL_LENGTH_MAX).toWellFormed() : value;
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"');
}

function escapeHelp(help: string, format: ExpositionFormat): string {
  const text = help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
  return format === 'openmetrics' ? text.replaceAll('"', '\\"') : text;
}
