import type { IncomingMessage, ServerResponse } from 'node:http';
import { ModelName, SekishoError } from '@sekisho/contract';
import type { Log } from '../../base/log.ts';
import type { Random } from '../../base/random.ts';
import type { Authenticate, Principal } from '../../flows/authenticate.ts';
import { requireMethod } from '../inference/answer-client.ts';
import type { InferenceEdge } from '../inference/inference-edge.ts';
import { sendFailure, settleFailure } from '../inference/send-failure.ts';
import { sendModels, serveChatCompletion, type InferenceFlows } from '../inference/serve-inference.ts';
import { preferredLanguage } from '../language.ts';
import { requireApiVersion } from './api-version.ts';
import { azureError } from './azure-error.ts';

/**
 * Azure OpenAI's HTTP API under `/openai/`, by the same flows: a deployment is a model of the platform, by name. With a
 * dated `api-version` the path names the deployment; under `/openai/v1/` the body does.
 */
export class AzureOpenAiEdge implements InferenceEdge {
  readonly #authenticate: Authenticate;
  readonly #flows: InferenceFlows;
  readonly #log: Log;
  readonly #random: Random;

  constructor(authenticate: Authenticate, flows: InferenceFlows, log: Log, random: Random) {
    this.#authenticate = authenticate;
    this.#flows = flows;
    this.#log = log;
    this.#random = random;
  }

  handles(request: IncomingMessage): boolean {
    return request.url?.startsWith('/openai/') === true;
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const language = preferredLanguage(request.headers['accept-language']);
    try {
      await this.#route(this.#identify(request), request, response);
    } catch (thrown) {
      const error = settleFailure(thrown, response, this.#log, this.#random);
      sendFailure(error, azureError(error, language), request, response);
    }
  }

  /** Clients send a key in either header. Two that differ are no credential at all. */
  #identify({ headers }: IncomingMessage): Principal {
    const { 'api-key': apiKey, authorization } = headers;
    if (apiKey === undefined) return this.#authenticate.bearer(authorization);
    const principal = this.#authenticate.key(typeof apiKey === 'string' ? apiKey : '');
    if (authorization !== undefined && this.#authenticate.bearer(authorization).name !== principal.name) {
      throw new SekishoError('invalid_api_key');
    }
    return principal;
  }

  async #route(principal: Principal, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [path, query] = splitOnce(request.url ?? '');
    if (path === '/openai/v1/chat/completions') {
      requireMethod(request, 'POST');
      requireApiVersion('v1', query);
      return serveChatCompletion(this.#flows.completeChat, principal, request, response);
    }
    if (path === '/openai/v1/models' || path === '/openai/models') {
      requireMethod(request, 'GET');
      requireApiVersion(path === '/openai/models' ? 'dated' : 'v1', query);
      return sendModels(this.#flows.models(principal), response);
    }
    const deployment = /^\/openai\/deployments\/([^/]+)\/chat\/completions$/.exec(path)?.[1];
    if (deployment !== undefined) {
      requireMethod(request, 'POST');
      requireApiVersion('dated', query);
      const model = modelOf(deployment);
      return serveChatCompletion(this.#flows.completeChat, principal, request, response, model);
    }
    throw new SekishoError('not_found', path.slice(0, 200));
  }
}

/** Throws SekishoError `model_not_found`: no model of the platform has a name that is none. */
function modelOf(deployment: string): string {
  try {
    return ModelName.parse(decodeURIComponent(deployment));
  } catch {
    throw new SekishoError('model_not_found', deployment.slice(0, 128));
  }
}

function splitOnce(url: string): [string, string] {
  const at = url.indexOf('?');
  return at < 0 ? [url, ''] : [url.slice(0, at), url.slice(at + 1)];
}
