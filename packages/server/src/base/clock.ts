/** The only source of time. Tests inject their own. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  nowMs(): number;
  /** Milliseconds that never run backwards, for durations. */
  monotonicMs(): number;
}

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
};

let written = { ms: Number.NaN, text: '' };

/** RFC 3339 in UTC with milliseconds. Written once a millisecond, however many ask. */
export function timestamp(clock: Clock): string {
  const ms = clock.nowMs();
  if (ms !== written.ms) written = { ms, text: new Date(ms).toISOString() };
  return written.text;
}

const JAPAN_OFFSET_MS = 9 * 60 * 60 * 1000;

/** The calendar day in Japan Standard Time (UTC+9, no daylight saving) of a timestamp. */
export function dayInJapan(time: string): string {
  return new Date(Date.parse(time) + JAPAN_OFFSET_MS).toISOString().slice(0, 10);
}
