import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { CrossingId, SekishoError } from '@sekisho/contract';
import { describeCause, type Log } from '../../base/log.ts';
import type { Random } from '../../base/random.ts';
import type { Authenticate, Principal } from '../../flows/authenticate.ts';
import type { ReceiptWish } from '../../flows/get-receipt.ts';
import type { SearchCrossings } from '../../flows/search-crossings.ts';
import { requireMethod, send, whenGone } from '../inference/answer-client.ts';
import type { InferenceEdge } from '../inference/inference-edge.ts';
import { sendFailure, settleFailure } from '../inference/send-failure.ts';
import { sendModels, serveChatCompletion, type InferenceFlows } from '../inference/serve-inference.ts';
import { preferredLanguage } from '../language.ts';
import { askedReceipt } from './asked-receipt.ts';
import { listCrossings } from './list-crossings.ts';
import { openAiError } from './openai-error.ts';

/** What this edge calls. */
export interface OpenAiFlows extends InferenceFlows {
  /** `gone` aborts when the client closes the connection. */
  readonly receipt: (
    principal: Principal,
    crossing: string,
    wish: ReceiptWish,
    gone: AbortSignal,
  ) => Promise<Uint8Array>;
  readonly crossings: SearchCrossings;
}

/**
 * OpenAI's HTTP API under `/v1`, on the bare Node server: this is the hot path. One parse, one
 * flow, one rendering.
 */
export class OpenAiEdge implements InferenceEdge {
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
      const error = settleFailure(thrown, response, this.#log, this.#random);
      sendFailure(error, openAiError(error, language), request, response);
    }
  }

  async #route(principal: Principal, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [path = ''] = (request.url ?? '').split('?', 1);
    if (path === '/v1/chat/completions') {
      requireMethod(request, 'POST');
      return serveChatCompletion(this.#flows.completeChat, principal, request, response);
    }
    if (path === '/v1/models') {
      requireMethod(request, 'GET');
      return sendModels(this.#flows.models(principal), response);
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
}
