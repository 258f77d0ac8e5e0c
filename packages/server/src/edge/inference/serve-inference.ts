import type { IncomingMessage, ServerResponse } from 'node:http';
import { inferenceHeaders, inferenceLimits, SekishoError } from '@sekisho/contract';
import type { Principal } from '../../flows/authenticate.ts';
import type { CompleteChat } from '../../flows/complete-chat.ts';
import { readBody } from '../read-body.ts';
import { send, sendStream, whenGone } from './answer-client.ts';
import { parseChatCompletion, parseCrossingHeaders } from './parse-chat-completion.ts';

/** What every API for inference calls. */
export interface InferenceFlows {
  readonly completeChat: CompleteChat;
  readonly models: (principal: Principal) => readonly string[];
}

/** `model`: the one that the path names, whatever the body says. */
export async function serveChatCompletion(
  completeChat: CompleteChat,
  principal: Principal,
  request: IncomingMessage,
  response: ServerResponse,
  model?: string,
): Promise<void> {
  if (!/^application\/json\b/i.test(request.headers['content-type'] ?? '')) {
    throw new SekishoError('unsupported_media_type', 'application/json');
  }
  const body = await readBody(request, inferenceLimits.bodyBytes);
  const completion = parseChatCompletion(body, model);
  const { dataClass, purpose } = parseCrossingHeaders(request.headers);

  const answer = await completeChat.run(
    { principal, completion, body, dataClass, purpose },
    whenGone(response),
  );
  const receipt = { [inferenceHeaders.receipt]: answer.crossing };
  if (answer.kind === 'whole') return send(response, answer.status, answer.body, receipt);
  await sendStream(response, answer);
}

export function sendModels(models: readonly string[], response: ServerResponse): void {
  const data = models.map((id) => ({ id, object: 'model', created: 0, owned_by: 'sekisho' }));
  send(response, 200, JSON.stringify({ object: 'list', data }));
}
