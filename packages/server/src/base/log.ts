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

/**
 * The stack of an unknown thrown value and of what caused it, for the log only. Never throws. Of errors that
 * repeat what they could not read, only where they were thrown: it may be a prompt or an answer.
 */
export function describeCause(thrown: unknown): string {
  const stacks: string[] = [];
  for (let cause = thrown; stacks.length < CAUSES_MAX; cause = cause.cause) {
    if (cause instanceof Error) stacks.push(stackOf(cause));
    else
      stacks.push(typeof cause === 'object' && cause !== null ? 'an object that is no error' : String(cause));
    if (!(cause instanceof Error) || cause.cause === undefined) break;
  }
  return stacks.join('\ncaused by: ');
}

/** A parser quotes what stands around the fault (V8's `JSON.parse`), a schema the keys and values that it refused. */
const QUOTING = new Set(['SyntaxError', 'ZodError', '$ZodError', 'URIError', 'ERR_INVALID_ARG_VALUE']);

function stackOf(error: Error): string {
  const stack = error.stack ?? error.message;
  const code: unknown = 'code' in error ? error.code : undefined;
  if (!QUOTING.has(error.name) && !(typeof code === 'string' && QUOTING.has(code))) return stack;
  // Behind the message, which may hold lines that look like frames.
  const at = stack.indexOf(error.message);
  return `${error.name}${at < 0 ? '' : stack.slice(at + error.message.length)}`;
}
