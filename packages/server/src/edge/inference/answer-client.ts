import type { IncomingMessage, ServerResponse } from 'node:http';
import { inferenceHeaders, SekishoError } from '@sekisho/contract';
import type { ChatAnswer } from '../../flows/chat-exchange.ts';

/** A client that takes nothing for this long holds a model server's connection for nothing. */
const STALLED_CLIENT_MS = 60_000;

const JSON_TYPE = 'application/json; charset=utf-8';

/** Aborts when the client closes the connection before it has its answer. */
export function whenGone(response: ServerResponse): AbortSignal {
  const gone = new AbortController();
  response.once('close', () => {
    if (!response.writableFinished) gone.abort(new SekishoError('client_closed_request'));
  });
  return gone.signal;
}

export function requireMethod(request: IncomingMessage, method: string): void {
  if (request.method !== method)
    throw new SekishoError('method_not_allowed', `${request.method ?? ''} (${method})`);
}

export function send(
  response: ServerResponse,
  status: number,
  body: string | Buffer,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, {
    'content-type': JSON_TYPE,
    'content-length': Buffer.byteLength(body),
    ...headers,
  });
  response.end(body);
}

/**
 * Server-sent events. Each chunk is flushed as it comes, and the next is pulled only when the
 * client has taken the last. The receipt's id stands in the last event as a comment line, which
 * clients pass over, in front of `[DONE]`, after which they stop reading.
 */
export async function sendStream(
  response: ServerResponse,
  answer: Extract<ChatAnswer, { kind: 'stream' }>,
): Promise<void> {
  response.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-cache',
    'x-accel-buffering': 'no',
    [inferenceHeaders.receipt]: answer.crossing,
  });
  response.flushHeaders();
  for await (const chunk of answer.chunks) {
    if (response.destroyed) break;
    const taken = response.write(eventOf(chunk));
    if (!taken) await drainedOrClosed(response);
  }
  if (!response.destroyed) response.end(`: receipt ${answer.crossing}\ndata: [DONE]\n\n`);
}

/** A text with line feeds takes one data field a line (WHATWG HTML section 9.2.6). */
function eventOf(chunk: Buffer): Buffer {
  if (!chunk.includes(LINE_FEED)) return Buffer.concat([DATA, chunk, EVENT_END]);
  return Buffer.from(`data: ${chunk.toString('utf8').replaceAll('\n', '\ndata: ')}\n\n`);
}

function drainedOrClosed(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const stalled = setTimeout(() => response.destroy(), STALLED_CLIENT_MS);
    const done = (): void => {
      clearTimeout(stalled);
      response.off('drain', done).off('close', done);
      resolve();
    };
    response.on('drain', done).on('close', done);
  });
}

const LINE_FEED = 0x0a;
const DATA = Buffer.from('data: ');
const EVENT_END = Buffer.from('\n\n');
