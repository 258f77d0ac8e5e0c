import { contenderNames, type ContenderName } from './contenders.ts';
import type { Measurement } from './measure.ts';

type Field =
  | 'perSecond'
  | 'p50Ms'
  | 'p99Ms'
  | 'cpuMicros'
  | 'childCpuMicros'
  | 'peakMemoryBytes'
  | 'loadBusy';

/** Above this the load side, not the contender, may have set the figure. */
const LOAD_BUSY_MAX = 0.9;

/** The first cell's goal on plain 1 KiB requests. */
const TIMES_PORTKEY_GOAL = 5;

/** Middle value over the rounds; undefined when nothing was measured. */
function median(values: readonly number[]): number | undefined {
  const ascending = [...values].sort((a, b) => a - b);
  const middle = Math.floor(ascending.length / 2);
  const upper = ascending[middle];
  const lower = ascending[middle - 1];
  return ascending.length % 2 === 1 || lower === undefined || upper === undefined
    ? upper
    : (lower + upper) / 2;
}

export function medianOf(rows: readonly Measurement[], field: Field): number | undefined {
  return median(valuesOf(rows, field));
}

/** A table of one workload: a line a contender, median (lowest-highest) over the rounds. */
export function closedLoopTable(rows: readonly Measurement[]): string[] {
  const header = [
    '',
    'requests/s',
    'p50 ms',
    'p99 ms',
    'CPU us/req',
    'children us',
    'peak MiB',
    'load busy',
    'errors',
  ];
  return table([
    header,
    ...byContender(rows).map(([name, of]) => [
      name,
      spread(of, 'perSecond', (value) => value.toFixed(0)),
      spread(of, 'p50Ms', (value) => value.toFixed(2)),
      spread(of, 'p99Ms', (value) => value.toFixed(2)),
      // The stub shares its core with the load generator: its own cost is not a proxy's.
      name === 'stub' ? '-' : spread(of, 'cpuMicros', (value) => value.toFixed(0)),
      name === 'stub' ? '-' : spread(of, 'childCpuMicros', (value) => value.toFixed(0)),
      single(of, 'peakMemoryBytes', (value) => (value / 1024 / 1024).toFixed(0)),
      single(of, 'loadBusy', (value) => `${(value * 100).toFixed(0)} %${value > LOAD_BUSY_MAX ? ' !' : ''}`),
      errors(of),
    ]),
  ]);
}

/** Latency at one fixed rate, and what of it a contender adds to the stub's own. */
export function openLoopTable(rows: readonly Measurement[]): string[] {
  const stub = rows.filter(({ contender }) => contender === 'stub');
  const added = (of: readonly Measurement[], field: 'p50Ms' | 'p99Ms'): string => {
    const own = medianOf(of, field);
    const base = medianOf(stub, field);
    return own === undefined || base === undefined || of[0]?.contender === 'stub'
      ? '-'
      : (own - base).toFixed(2);
  };
  const header = ['', 'p50 ms', 'added', 'p99 ms', 'added', 'CPU us/req', 'errors'];
  return table([
    header,
    ...byContender(rows).map(([name, of]) => [
      name,
      spread(of, 'p50Ms', (value) => value.toFixed(2)),
      added(of, 'p50Ms'),
      spread(of, 'p99Ms', (value) => value.toFixed(2)),
      added(of, 'p99Ms'),
      name === 'stub' ? '-' : spread(of, 'cpuMicros', (value) => value.toFixed(0)),
      errors(of),
    ]),
  ]);
}

/** Sekisho's rate as a multiple of each other's. A ratio is formed within a round, then the median is taken. */
export function ratios(rows: readonly Measurement[]): {
  readonly [peer in ContenderName]?: readonly number[];
} {
  const rateOf = (contender: ContenderName, round: number): number | undefined =>
    rows.find((row) => row.contender === contender && row.round === round)?.perSecond;
  const rounds = [...new Set(rows.map(({ round }) => round))];
  return Object.fromEntries(
    contenderNames
      .filter((peer) => peer !== 'sekisho')
      .map((peer) => [
        peer,
        rounds.flatMap((round) => {
          const [own, other] = [rateOf('sekisho', round), rateOf(peer, round)];
          return own === undefined || other === undefined || other === 0 ? [] : [own / other];
        }),
      ]),
  );
}

export function ratioLines(rows: readonly Measurement[]): string[] {
  return Object.entries(ratios(rows)).flatMap(([peer, values]) => {
    const middle = median(values);
    if (middle === undefined) return [];
    const goal = peer === 'portkey' && rows[0]?.workload === 'plain-1k' ? goalOf(middle) : '';
    const digits = middle < 1 ? 3 : 2;
    const range = `${Math.min(...values).toFixed(digits)}-${Math.max(...values).toFixed(digits)}`;
    return [`  sekisho / ${peer.padEnd(10)} ${middle.toFixed(digits)}x  (${range})${goal}`];
  });
}

function goalOf(ratio: number): string {
  return `  goal ${TIMES_PORTKEY_GOAL}x: ${ratio >= TIMES_PORTKEY_GOAL ? 'met' : 'NOT met'}`;
}

function byContender(rows: readonly Measurement[]): [ContenderName, Measurement[]][] {
  return contenderNames
    .map((name): [ContenderName, Measurement[]] => [name, rows.filter(({ contender }) => contender === name)])
    .filter(([, of]) => of.length > 0);
}

function valuesOf(rows: readonly Measurement[], field: Field): number[] {
  return rows.flatMap((row) => row[field] ?? []);
}

function spread(rows: readonly Measurement[], field: Field, print: (value: number) => string): string {
  const values = valuesOf(rows, field);
  const middle = median(values);
  if (middle === undefined) return 'n/a';
  return `${print(middle)} (${print(Math.min(...values))}-${print(Math.max(...values))})`;
}

function single(rows: readonly Measurement[], field: Field, print: (value: number) => string): string {
  const values = valuesOf(rows, field);
  return values.length === 0 ? 'n/a' : print(Math.max(...values));
}

function errors(rows: readonly Measurement[]): string {
  return String(rows.reduce((sum, row) => sum + row.errors, 0));
}

/** Columns as wide as their widest cell; the first to the left, the others to the right. */
function table(cells: readonly (readonly string[])[]): string[] {
  const widths = (cells[0] ?? []).map((_, column) =>
    Math.max(...cells.map((row) => row[column]?.length ?? 0)),
  );
  return cells.map((row) =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  '),
  );
}
