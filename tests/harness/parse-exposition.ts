/**
 * A strict reader of metrics, from the formats' specifications and not from the writer: Prometheus text
 * format 0.0.4, OpenMetrics 1.0. Throws on whatever they do not allow.
 */
export interface ParsedSample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface ParsedFamily {
  readonly type: string;
  readonly samples: ParsedSample[];
}

export interface Exposition {
  /** By name; a counter's without `_total`. */
  readonly families: ReadonlyMap<string, ParsedFamily>;
  /** Sum over all samples of this name that have these labels. */
  sum(name: string, labels?: Readonly<Record<string, string>>): number;
}

const NAME = '[a-zA-Z_:][a-zA-Z0-9_:]*';

export function parseExposition(text: string, format: 'prometheus' | 'openmetrics'): Exposition {
  if (!text.endsWith('\n')) throw new Error('the last line has no end');
  const lines = text.slice(0, -1).split('\n');
  if (format === 'openmetrics' && lines.pop() !== '# EOF') throw new Error('no # EOF');
  const families = new Map<string, ParsedFamily>();
  const seen = new Set<string>();
  let current: { readonly name: string; readonly family: ParsedFamily } | undefined;
  let helped: string | undefined;
  for (const line of lines) {
    const comment = new RegExp(`^# (HELP|TYPE|UNIT) (${NAME}) (.+)$`).exec(line);
    if (comment !== null) {
      const [, kind, name = '', rest = ''] = comment;
      if (kind === 'HELP') helped = name;
      if (kind === 'UNIT' && (format !== 'openmetrics' || !name.endsWith(`_${rest}`))) throw new Error(line);
      if (kind !== 'TYPE') continue;
      if (helped !== name || !/^(counter|gauge|histogram)$/.test(rest)) throw new Error(line);
      const key = format === 'prometheus' && rest === 'counter' ? name.replace(/_total$/, '') : name;
      if (families.has(key)) throw new Error(`${key} stands twice`);
      current = { name: key, family: { type: rest, samples: [] } };
      families.set(key, current.family);
      continue;
    }
    const sample = parseSample(line);
    if (current === undefined || !allowedNames(current.name, current.family.type).includes(sample.name))
      throw new Error(`a sample of no family: ${line}`);
    const identity = `${sample.name} ${JSON.stringify(sample.labels, Object.keys(sample.labels).toSorted())}`;
    if (seen.has(identity)) throw new Error(`stands twice: ${identity}`);
    seen.add(identity);
    if (current.family.type !== 'gauge' && !(sample.value >= 0)) throw new Error(`below 0: ${line}`);
    current.family.samples.push(sample);
  }
  for (const [name, family] of families) if (family.type === 'histogram') checkHistogram(name, family);
  return {
    families,
    sum: (name, labels = {}) =>
      [...families.values()]
        .flatMap(({ samples }) => samples)
        .filter((one) => one.name === name)
        .filter((one) => Object.entries(labels).every(([label, value]) => one.labels[label] === value))
        .reduce((sum, { value }) => sum + value, 0),
  };
}

function allowedNames(name: string, type: string): string[] {
  if (type === 'counter') return [`${name}_total`];
  return type === 'gauge' ? [name] : [`${name}_bucket`, `${name}_sum`, `${name}_count`];
}

function parseSample(line: string): ParsedSample {
  const head = new RegExp(`^(${NAME})(\\{)?`).exec(line);
  if (head === null) throw new Error(`not a sample: ${line}`);
  const labels: Record<string, string> = {};
  let rest = line.slice(head[0].length);
  if (head[2] !== undefined) {
    const pair = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\["\\n])*)"([,}])/;
    for (let end = ','; end === ',';) {
      const match = pair.exec(rest);
      if (match === null) throw new Error(`labels: ${line}`);
      const [whole, label = '', value = '', mark = ''] = match;
      if (label in labels) throw new Error(`a label twice: ${line}`);
      labels[label] = value.replace(/\\(.)/g, (_escape, one: string) => (one === 'n' ? '\n' : one));
      rest = rest.slice(whole.length);
      end = mark;
    }
  }
  const value = /^ (NaN|[+-]Inf|-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)$/.exec(rest)?.[1];
  if (value === undefined) throw new Error(`value: ${line}`);
  return { name: head[1] ?? '', labels, value: Number(value.replace('Inf', 'Infinity')) };
}

/** Buckets rise to `+Inf`, which is the count. */
function checkHistogram(name: string, { samples }: ParsedFamily): void {
  const series = Map.groupBy(samples, ({ labels: { le: _le, ...others } }) => JSON.stringify(others));
  for (const own of series.values()) {
    const buckets = own.filter((sample) => sample.name === `${name}_bucket`);
    const count = own.find((sample) => sample.name === `${name}_count`);
    const last = buckets.at(-1);
    if (last?.labels['le'] !== '+Inf' || last.value !== count?.value)
      throw new Error(`${name}: no +Inf bucket`);
    for (const [at, bucket] of buckets.entries()) {
      const before = buckets[at - 1];
      if (before === undefined) continue;
      const bound = Number(bucket.labels['le']?.replace('+Inf', 'Infinity'));
      if (before.value > bucket.value || Number(before.labels['le']) >= bound)
        throw new Error(`${name}: buckets`);
    }
    if (!own.some((sample) => sample.name === `${name}_sum`)) throw new Error(`${name}: no sum`);
  }
}
