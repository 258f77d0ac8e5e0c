import { SekishoError } from '@sekisho/contract';
import { describeCause, type Log } from '../base/log.ts';
import type { Random } from '../base/random.ts';

/**
 * Makes of anything thrown the one error that edges render. A 5xx hides its cause from the client
 * and logs it; an unexpected fault gets an id that joins the answer and the log line.
 */
export function toSekishoError(thrown: unknown, log: Log, random: Random): SekishoError {
  if (thrown instanceof SekishoError && thrown.code !== 'internal_error') {
    if (thrown.status >= 500) {
      log.error('request_failed', { code: thrown.code, cause: describeCause(thrown.cause) });
    }
    return thrown;
  }
  const id = random.bytes(6).toString('hex');
  const cause = thrown instanceof SekishoError ? (thrown.cause ?? thrown) : thrown;
  log.error('internal_error', { id, cause: describeCause(cause) });
  return new SekishoError('internal_error', id);
}
