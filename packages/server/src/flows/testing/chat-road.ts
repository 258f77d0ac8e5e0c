import {
  ChatCompletionRequest,
  LedgerEntry,
  SekishoError,
  type Endpoint,
  type IntentEntry,
  type OutcomeEntry,
  type Retention,
  Platform,
} from '@sekisho/contract';
import { leafHash } from '@sekisho/proof';
import type { Log } from '../../base/log.ts';
import { systemRandom } from '../../base/random.ts';
import { KeyDirectory, mintApiKey } from '../../domains/identity/index.ts';
import { TargetPool, type ModelServer } from '../../domains/inference/index.ts';
import type { AppendedEntry, Ledger } from '../../domains/ledger/index.ts';
import { MemoryPayloads } from './memory-payloads.ts';
import type { AllowedTarget, Decision } from '../../domains/residency/index.ts';
import { Authenticate } from '../authenticate.ts';
import { ChatCarrier } from '../carry-chat.ts';
import type { ChatRequest } from '../chat-exchange.ts';
import { CompleteChat } from '../complete-chat.ts';
import { CrossingKernel } from '../crossing-kernel.ts';
import { PayloadKeeper } from '../keep-payloads.ts';
import { PlatformInForce, snapshotPlatform } from '../platform-in-force.ts';

const DIGEST = `sha256:${'0'.repeat(64)}`;
export const ADMIN_KEY = 'sk-sekisho-admin-test';
export const fixedClock = { nowMs: () => Date.UTC(2026, 3, 1), monotonicMs: () => 0 };

/** A ledger in memory that takes only what the contract allows, and refuses when told to. */
class FakeLedger implements Pick<Ledger, 'append'> {
  readonly entries: LedgerEntry[] = [];
  readonly attachments: (Uint8Array | undefined)[] = [];
  /** Entries of these kinds are refused from now on. */
  readonly refuses = new Set<LedgerEntry['kind']>();
  /** Awaited before an entry is durable. */
  beforeDurable: (entry: LedgerEntry) => Promise<void> | void = () => undefined;

  async append(_log: string, entry: LedgerEntry, attachment?: Uint8Array): Promise<AppendedEntry> {
    const parsed = LedgerEntry.parse(JSON.parse(JSON.stringify(entry)));
    await this.beforeDurable(parsed);
    if (this.refuses.has(parsed.kind)) throw new SekishoError('ledger_unavailable');
    this.attachments.push(attachment);
    const index = this.entries.push(parsed) - 1;
    return { index, leafHash: leafHash(Buffer.from(JSON.stringify(parsed))) };
  }

  get intents(): IntentEntry[] {
    return this.entries.filter((entry) => entry.kind === 'intent');
  }

  get outcomes(): OutcomeEntry[] {
    return this.entries.filter((entry) => entry.kind === 'outcome');
  }
}

/** Counts what it was asked; answers as the test says. */
export class FakeServer implements ModelServer {
  asked = 0;
  lastModel = '';
  probes = 0;
  isUp = true;
  unsupported: readonly string[] = [];
  readonly #answer: ModelServer['complete'];

  constructor(answer: ModelServer['complete']) {
    this.#answer = answer;
  }

  complete: ModelServer['complete'] = (request, signal) => {
    this.asked++;
    this.lastModel = request.upstreamModel;
    return this.#answer(request, signal);
  };

  async probe(): Promise<boolean> {
    this.probes++;
    return this.isUp;
  }

  unsupportedParameters(): readonly string[] {
    return this.unsupported;
  }

  async close(): Promise<void> {}
}

function platformWith(endpoints: readonly string[], retention?: Retention): Platform {
  const name = { ja: '名', en: 'name' };
  const inJapan = { allow: { process: ['JP'] }, requiredCertifications: [], minimumAssurance: 'declared' };
  return Platform.parse({
    apiVersion: 'sekisho/v1',
    operator: { name: 'Operator', country: 'JP' },
    sites: [
      {
        id: 'tokyo',
        name,
        place: 'JP-13',
        operator: { name: 'o', country: 'JP' },
        certifications: [],
        attestation: [],
      },
    ],
    endpoints: endpoints.map((id) => ({
      id,
      kind: 'openai-compatible' as const,
      url: 'http://127.0.0.1:1/v1',
      firstByteTimeoutMs: 1_000,
      models: [{ model: 'mini', upstreamModel: `${id}-mini` }],
      copies: [{ kind: 'processing' as const, site: 'tokyo' }],
    })),
    tenants: [
      {
        id: 'city',
        name,
        workspaces: [
          {
            id: 'welfare',
            name,
            dataClasses: ['confidentiality-2', 'special-care'],
            boundary: inJapan,
            presets: [],
            ...(retention && { retention }),
          },
        ],
      },
    ],
    prices: [{ model: 'mini', inputYenPerMillionTokens: '15', outputYenPerMillionTokens: '0.5' }],
  });
}

function target(endpoint: string): AllowedTarget {
  const copy = {
    kind: 'processing',
    site: 'tokyo',
    place: 'JP-13',
    operator: 'o',
    operatorCountry: 'JP',
  } as const;
  return { endpoint, copies: [copy], assurance: 'declared' };
}

export function allowed(endpoints: readonly string[]): Decision {
  return {
    decision: 'allow',
    policyDigest: DIGEST,
    platformRevision: 1,
    policies: ['boundary/process'],
    targets: endpoints.map(target),
  };
}

export function denied(endpoint: string): Decision {
  const summary = { ja: '米国での処理', en: 'processing in US' };
  return {
    decision: 'deny',
    policyDigest: DIGEST,
    platformRevision: 1,
    policies: ['default/no-permit'],
    refused: [{ endpoint, allowed: false, copies: [], summary }],
  };
}

/** The whole road of a chat completion over fake servers and a fake ledger. */
export function chatRoad(
  servers: Readonly<Record<string, FakeServer>>,
  decide: () => Decision = () => allowed(Object.keys(servers)),
  retention?: Retention,
) {
  const ledger = new FakeLedger();
  const inForce = new PlatformInForce();
  const platform = platformWith(Object.keys(servers), retention);
  const policy = {
    platformRevision: 1,
    digest: DIGEST,
    decide,
    explain: () => {
      throw new Error('not asked');
    },
    judgeCopy: () => {
      throw new Error('not asked');
    },
  };
  const revision = {
    revision: 1,
    digest: DIGEST,
    appliedAt: '2026-04-01T00:00:00.000Z',
    appliedBy: 'operator:admin',
  };
  inForce.replace(snapshotPlatform({ platform, revision }, policy));
  const warnings: string[] = [];
  const log: Log = { info: () => {}, warn: (event) => void warnings.push(event), error: () => {} };
  const pool = new TargetPool(() => 0.5);
  const random = systemRandom();
  const kernel = new CrossingKernel(ledger, fixedClock, random);
  /** As the adapter does: a server stands for one declaration. */
  const directory = {
    declared: platform,
    get: (endpoint: Endpoint) =>
      directory.declared.endpoints.some((one) => JSON.stringify(one) === JSON.stringify(endpoint))
        ? servers[endpoint.id]
        : undefined,
  };
  const payloads = new MemoryPayloads();
  const carrier = new ChatCarrier(directory, pool, fixedClock, log);
  const completeChat = new CompleteChat(inForce, kernel, carrier, new PayloadKeeper(payloads, log));
  return { completeChat, ledger, inForce, pool, warnings, platform, directory, payloads };
}

export function chatRequest(overrides: Partial<ChatRequest> & { stream?: boolean } = {}): ChatRequest {
  const { stream, ...rest } = overrides;
  const body = Buffer.from(
    JSON.stringify({
      model: 'mini',
      messages: [{ role: 'user', content: '関所' }],
      ...(stream && { stream }),
    }),
  );
  return {
    principal: { kind: 'workspace-key', name: 'key:abc', tenant: 'city', workspace: 'welfare' },
    completion: ChatCompletionRequest.parse(JSON.parse(body.toString('utf8'))),
    body,
    dataClass: undefined,
    purpose: 'inference',
    ...rest,
  };
}

/** Authentication for the operator and one key of the workspace. */
export function keysOfWorkspace(): { readonly authenticate: Authenticate; readonly apiKey: string } {
  const owner = { tenant: 'city', workspace: 'welfare', label: 'api' };
  const { text, stored } = mintApiKey(systemRandom(), owner, '2026-04-01T00:00:00.000Z');
  return { authenticate: new Authenticate(new KeyDirectory([stored], ADMIN_KEY)), apiKey: text };
}
