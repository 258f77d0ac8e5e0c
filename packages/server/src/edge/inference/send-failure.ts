import type { IncomingMessage, ServerResponse } from 'node:http';
import { inferenceHeaders, type SekishoError } from '@sekisho/contract';
import type { Log } from '../../base/log.ts';
import type { Random } from '../../base/random.ts';
import { RecordedFailure } from '../../flows/chat-exchange.ts';
import { toSekishoError } from '../failure.ts';
import { send } from './answer-client.ts';

/** The error of anything thrown; where a crossing had begun, its receipt's header is set. */
export function settleFailure(
  thrown: unknown,
  response: ServerResponse,
  log: Log,
  random: Random,
): SekishoError {
  const recorded = thrown instanceof RecordedFailure ? thrown : undefined;
  if (recorded !== undefined && !response.headersSent) {
    response.setHeader(inferenceHeaders.receipt, recorded.crossing);
  }
  return toSekishoError(recorded?.failure ?? thrown, log, random);
}

/** `body` is the error in the shape of its API. */
export function sendFailure(
  error: SekishoError,
  body: string,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  if (response.destroyed) return;
  if (response.headersSent) {
    // The status is gone: a stream says it as its last event, which clients raise as an error.
    response.end(`data: ${body}\n\n`);
    return;
  }
  // OpenAI's clients repeat a 5xx by themselves; a request that may have been served must not be.
  if (error.code === 'upstream_failed' || error.code === 'payload_unkeepable')
    response.setHeader('x-should-retry', 'false');
  if (error.code === 'receipt_not_witnessed') response.setHeader('retry-after', '5');
  if (error.code === 'no_target_available' || error.code === 'ledger_unavailable') {
    response.setHeader('retry-after', '1');
  }
  // What was not read of the body is not worth reading.
  if (!request.complete) response.setHeader('connection', 'close');
  send(response, error.status, body);
}
