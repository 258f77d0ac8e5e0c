import {
  contentTexts,
  SekishoError,
  type ChatCompletionRequest,
  type DataClass,
  type PayloadRule,
} from '@sekisho/contract';
import type { GuardChain } from '../domains/guards/index.ts';
import { payloadRule } from '../domains/payloads/index.ts';
import type { ChatRequest } from './chat-exchange.ts';
import type { PlatformSnapshot } from './platform-in-force.ts';

/** Whose data it is, and what holds for it in the platform in force. Throws SekishoError `not_permitted`, `invalid_api_key`. */
export function identifyChat(
  snapshot: PlatformSnapshot,
  request: ChatRequest,
): {
  readonly tenant: string;
  readonly workspace: string;
  readonly dataClass: DataClass;
  readonly rule: PayloadRule | undefined;
  readonly guards: GuardChain;
} {
  const { principal } = request;
  if (principal.kind !== 'workspace-key') {
    throw new SekishoError('not_permitted', {
      ja: '管理キーではデータを扱えません。ワークスペースのキーを使ってください。',
      en: 'The admin key cannot use data. Use a key of a workspace.',
    });
  }
  const id = `${principal.tenant}/${principal.workspace}`;
  const workspace = snapshot.workspaces.get(id);
  const guards = snapshot.guards.get(id);
  if (workspace === undefined || guards === undefined) throw new SekishoError('invalid_api_key');
  const dataClass = request.dataClass ?? workspace.dataClasses[0];
  if (dataClass === undefined) throw new SekishoError('not_permitted');
  const rule = payloadRule(workspace.retention, dataClass);
  return { tenant: principal.tenant, workspace: principal.workspace, dataClass, rule, guards };
}

/** Characters of the first message that tell conversations apart. */
const AFFINITY_PREFIX = 256;

/** The same for the turns of one conversation, so that they reach the server whose cache knows its beginning. */
export function affinityKeyOf(tenant: string, workspace: string, completion: ChatCompletionRequest): string {
  const conversation = `${tenant}/${workspace}/${completion.model}`;
  const { prompt_cache_key: cacheKey, user } = completion;
  if (typeof cacheKey === 'string') return `${conversation}#${cacheKey}`;
  const [first] = completion.messages;
  const [text = ''] = first === undefined ? [] : contentTexts(first);
  return `${conversation}/${user ?? ''}/${text.slice(0, AFFINITY_PREFIX)}`;
}
