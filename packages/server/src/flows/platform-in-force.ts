import { SekishoError, type Endpoint, type Platform, type Tenant, type Workspace } from '@sekisho/contract';
import { guardsOfWorkspace, type GuardChain } from '../domains/guards/index.ts';
import { PriceBook } from '../domains/metering/index.ts';
import type { StoredPlatform } from '../domains/platform/index.ts';
import type { ResidencyPolicy } from '../domains/residency/index.ts';

/** Everything that requests need of one platform revision, prepared once when it takes effect. */
export interface PlatformSnapshot {
  readonly stored: StoredPlatform;
  readonly policy: ResidencyPolicy;
  readonly tenants: ReadonlyMap<string, Tenant>;
  /** By `tenant/workspace`. */
  readonly workspaces: ReadonlyMap<string, Workspace>;
  /** By `tenant/workspace`. */
  readonly guards: ReadonlyMap<string, GuardChain>;
  readonly endpoints: ReadonlyMap<string, Endpoint>;
  /** Which endpoint knows a served model under which name: model, then endpoint. */
  readonly upstreamModels: ReadonlyMap<string, ReadonlyMap<string, string>>;
  readonly prices: PriceBook;
}

export function snapshotPlatform(stored: StoredPlatform, policy: ResidencyPolicy): PlatformSnapshot {
  const { platform } = stored;
  const workspaces = new Map(
    platform.tenants.flatMap((tenant) =>
      tenant.workspaces.map((workspace) => [`${tenant.id}/${workspace.id}`, workspace] as const),
    ),
  );
  return {
    stored,
    policy,
    tenants: new Map(platform.tenants.map((tenant) => [tenant.id, tenant])),
    workspaces,
    guards: new Map([...workspaces].map(([id, workspace]) => [id, guardsOfWorkspace(workspace)])),
    endpoints: new Map(platform.endpoints.map((endpoint) => [endpoint.id, endpoint])),
    upstreamModels: upstreamModels(platform),
    prices: new PriceBook(platform.prices),
  };
}

function upstreamModels(platform: Platform): Map<string, Map<string, string>> {
  const byModel = new Map<string, Map<string, string>>();
  for (const endpoint of platform.endpoints) {
    for (const served of endpoint.models) {
      const byEndpoint = byModel.get(served.model) ?? new Map<string, string>();
      byEndpoint.set(endpoint.id, served.upstreamModel ?? served.model);
      byModel.set(served.model, byEndpoint);
    }
  }
  return byModel;
}

/**
 * The platform in force. Requests read `current` once and keep that snapshot to their end, so that
 * one crossing is decided and priced under one revision; the next request sees the next revision.
 */
export class PlatformInForce {
  #snapshot: PlatformSnapshot | undefined;

  get current(): PlatformSnapshot {
    if (this.#snapshot === undefined) {
      throw new SekishoError('not_permitted', {
        ja: 'プラットフォームがまだ宣言されていません。sekisho apply を実行してください。',
        en: 'No platform has been declared yet. Run sekisho apply.',
      });
    }
    return this.#snapshot;
  }

  get revision(): number {
    return this.#snapshot?.stored.revision.revision ?? 0;
  }

  get optional(): PlatformSnapshot | undefined {
    return this.#snapshot;
  }

  replace(snapshot: PlatformSnapshot): void {
    this.#snapshot = snapshot;
  }
}
