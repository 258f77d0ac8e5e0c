/** Values that a log line may hold. Never a prompt, an answer, a key or a secret. */
type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

export interface Log {
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  error(event: string, fields?: LogFields & { readonly cause?: string }): void;
}

export const logLevels = ['info', 'warn', 'error'] as const;
export type LogLevel = (typeof logLevels)[number];

/** One JSON object a line, from `least` up. `write` is where lines go: standard error in a cell. */
export function jsonLog(nowMs: () => number, least: LogLevel, write: (line: string) => void): Log {
  const emit = (level: LogLevel, event: string, fields: LogFields = {}): void => {
    if (logLevels.indexOf(level) < logLevels.indexOf(least)) return;
    const head = { time: new Date(nowMs()).toISOString(), level, event };
    // Named first, and last so that no field replaces it.
    write(`${JSON.stringify({ ...head, ...fields, ...head })}\n`);
  };
  return {
    info: (event, fields) => emit('info', event, fields),
    warn: (event, fields) => emit('warn', event, fields),
    error: (event, fields) => emit('error', event, fields),
  };
}

const CAUSES_MAX = 5;

/** The stack of an unknown thrown value and of what caused it, for the log only. Never throws. */
export function describeCause(thrown: unknown): string {
  const stacks: string[] = [];
  for (let cause = thrown; stacks.length < CAUSES_MAX; cause = cause.cause) {
    if (cause instanceof Error) stacks.push(cause.stack ?? cause.message);
    else
      stacks.push(typeof cause === 'object' && cause !== null ? 'an object that is no error' : String(cause));
    if (!(cause instanceof Error) || cause.cause === undefined) break;
  }
  return stacks.join('\ncaused by: ');
}
