import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import {
  CrossingId,
  inferenceHeaders,
  inferenceLimits,
  SekishoError,
  type Language,
} from '@sekisho/contract';
import { describeCause, type Log } from '../../base/log.ts';
import type { Random } from '../../base/random.ts';
import { RecordedFailure, type ChatAnswer } from '../../flows/chat-exchange.ts';
import type { CompleteChat } from '../../flows/complete-chat.ts';
import type { Authenticate, Principal } from '../../flows/authenticate.ts';
import type { ReceiptWish } from '../../flows/get-receipt.ts';
import type { SearchCrossings } from '../../flows/search-crossings.ts';
import { toSekishoError } from '../failure.ts';
import { preferredLanguage } from '../language.ts';
import { readBody } from '../read-body.ts';
import { askedReceipt } from './asked-receipt.ts';
import { listCrossings } from './list-crossings.ts';
import { openAiError } from './openai-error.ts';
import { parseChatCompletion, parseCrossingHeaders } from './parse-chat-completion.ts';

/** What this edge calls. */
export interface OpenAiFlows {
  readonly completeChat: CompleteChat;
  /** `gone` aborts when the client closes the connection. */
  readonly receipt: (
    principal: Principal,
    crossing: string,
    wish: ReceiptWish,
    gone: AbortSignal,
  ) => Promise<Uint8Array>;
  readonly models: (principal: Principal) => readonly string[];
  readonly crossings: SearchCrossings;
}

/** A client that takes nothing for this long holds a model server's connection for nothing. */
const STALLED_CLIENT_MS = 60_000;

const JSON_TYPE = 'application/json; charset=utf-8';

/**
 * OpenAI's HTTP API under `/v1`, on the bare Node server: this is the hot path. One parse, one
 * flow, one rendering.
 */
export class OpenAiEdge {
  readonly #authenticate: Authenticate;
  readonly #flows: OpenAiFlows;
  readonly #log: Log;
  readonly #random: Random;

  constructor(authenticate: Authenticate, flows: OpenAiFlows, log: Log, random: Random) {
    this.#authenticate = authenticate;
    this.#flows = flows;
    this.#log = log;
    this.#random = random;
  }

  handles(request: IncomingMessage): boolean {
    return request.url?.startsWith('/v1/') === true;
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const language = preferredLanguage(request.headers['accept-language']);
    try {
      const principal = this.#authenticate.bearer(request.headers.authorization);
      await this.#route(principal, request, response);
    } catch (thrown) {
      this.#fail(thrown, language, request, response);
    }
  }

  async #route(principal: Principal, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [path = ''] = (request.url ?? '').split('?', 1);
    if (path === '/v1/chat/completions') {
      requireMethod(request, 'POST');
      return this.#chatCompletion(principal, request, response);
    }
    if (path === '/v1/models') {
      requireMethod(request, 'GET');
      const models = this.#flows
        .models(principal)
        .map((id) => ({ id, object: 'model', created: 0, owned_by: 'sekisho' }));
      return send(response, 200, JSON.stringify({ object: 'list', data: models }));
    }
    if (path === '/v1/crossings') {
      requireMethod(request, 'GET');
      const answer = await listCrossings(this.#flows.crossings, principal, request);
      if (answer.kind === 'page') return send(response, 200, JSON.stringify(answer.page));
      response.writeHead(200, { 'content-type': answer.contentType, vary: 'accept' });
      // A page that fails, or a client that leaves, ends both sides; the client sees a body cut short.
      return pipeline(answer.stream, response).catch((cause: unknown) =>
        this.#log.warn('export_broken_off', { cause: describeCause(cause) }),
      );
    }
    const receipt = /^\/v1\/receipts\/([^/]+)$/.exec(path)?.[1];
    if (receipt !== undefined) {
      requireMethod(request, 'GET');
      if (!CrossingId.safeParse(receipt).success) throw new SekishoError('not_found', receipt.slice(0, 64));
      const { wish, contentType } = askedReceipt(request);
      const bytes = await this.#flows.receipt(principal, receipt, wish, whenGone(response));
      return send(response, 200, Buffer.from(bytes), { 'content-type': contentType, vary: 'accept' });
    }
    throw new SekishoError('not_found', path.slice(0, 200));
  }

  async #chatCompletion(
    principal: Principal,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    if (!/^application\/json\b/i.test(request.headers['content-type'] ?? '')) {
      throw new SekishoError('unsupported_media_type', 'application/json');
    }
    const body = await readBody(request, inferenceLimits.bodyBytes);
    const completion = parseChatCompletion(body);
    const { dataClass, purpose } = parseCrossingHeaders(request.headers);

    const answer = await this.#flows.completeChat.run(
      { principal, completion, body, dataClass, purpose },
      whenGone(response),
    );
    const receipt = { [inferenceHeaders.receipt]: answer.crossing };
    if (answer.kind === 'whole') return send(response, answer.status, answer.body, receipt);
    await sendStream(response, answer);
  }

  #fail(thrown: unknown, language: Language, request: IncomingMessage, response: ServerResponse): void {
    const recorded = thrown instanceof RecordedFailure ? thrown : undefined;
    const error = toSekishoError(recorded?.failure ?? thrown, this.#log, this.#random);
    if (response.destroyed) return;
    const body = openAiError(error, language);
    if (response.headersSent) {
      // The status is gone: a stream says it as its last event, which clients raise as an error.
      response.end(`data: ${body}\n\n`);
      return;
    }
    if (recorded !== undefined) response.setHeader(inferenceHeaders.receipt, recorded.crossing);
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
}

/** Aborts when the client closes the connection before it has its answer. */
function whenGone(response: ServerResponse): AbortSignal {
  const gone = new AbortController();
  response.once('close', () => {
    if (!response.writableFinished) gone.abort(new SekishoError('client_closed_request'));
  });
  return gone.signal;
}

function requireMethod(request: IncomingMessage, method: string): void {
  if (request.method !== method)
    throw new SekishoError('method_not_allowed', `${request.method ?? ''} (${method})`);
}

function send(
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
async function sendStream(
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
