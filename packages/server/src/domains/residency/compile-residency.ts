import { createHash } from 'node:crypto';
import type { Platform } from '@sekisho/contract';
import { canonicalJson, type Json } from '@sekisho/proof';
import { BoundedMemo } from './bounded-memo.ts';
import { decideBy } from './decide.ts';
import type { ResidencyPolicy } from './policy.ts';
import type { PlaceTree, PolicyAuthorizer, PolicyEngine, PolicyEntity, PolicyPreset } from './ports.ts';
import { policyEntities } from './site-entities.ts';
import { collectPolicies, type WorkspacePolicies } from './workspace-policies.ts';

/** Authorizers kept ready. One more is compiled, in some ten milliseconds, when it is asked for. */
const AUTHORIZERS_MAX = 2000;

/**
 * Compiles the residency policy of one platform revision.
 * Throws SekishoError `platform_invalid` with every fault when a workspace names an unknown
 * preset, or a tenant's own policies do not parse, break the schema, lack @id, @reason_ja or
 * @reason_en, or name something outside the tenant.
 *
 * Each workspace has an authorizer of its own. Isolation between tenants is therefore not a
 * condition inside a policy that somebody could write wrongly: the other tenant's text is absent.
 */
export function compileResidency(input: {
  readonly platform: Platform;
  readonly platformRevision: number;
  readonly places: PlaceTree;
  readonly presets: readonly PolicyPreset[];
  readonly engine: PolicyEngine;
}): ResidencyPolicy {
  const { platform, places, engine } = input;
  const { workspaces, mentionedPlaces } = collectPolicies(input);
  const entities = policyEntities(platform, places, mentionedPlaces);
  const authorizers = new BoundedMemo<PolicyAuthorizer>(AUTHORIZERS_MAX);

  return decideBy({
    platformRevision: input.platformRevision,
    digest: digestOf(workspaces, entities),
    platform,
    places,
    workspaces,
    authorizerOf(key, policies) {
      const ready = authorizers.get(key);
      if (ready !== undefined) return ready;
      const compiled = engine.compile(policies.cedar, entities);
      authorizers.set(key, compiled);
      return compiled;
    },
  });
}

/** Over what decides: the policies of every workspace, and the entities that they judge. */
function digestOf(
  workspaces: ReadonlyMap<string, WorkspacePolicies>,
  entities: readonly PolicyEntity[],
): string {
  const hash = createHash('sha256');
  const add = (value: Json): void => {
    hash.update(canonicalJson(value));
    hash.update('\n');
  };
  for (const [workspace, { cedar }] of [...workspaces].toSorted(byKey)) add({ workspace, cedar });
  const described = entities.map((entity): [string, Json] => {
    const { reference, parents } = entity;
    return [
      `${reference.type}::${reference.id}`,
      {
        type: reference.type,
        id: reference.id,
        attributes: entity.attributes,
        parents: parents.map(({ type, id }) => ({ type, id })),
      },
    ];
  });
  for (const [, entity] of described.toSorted(byKey)) add(entity);
  return `sha256:${hash.digest('hex')}`;
}

function byKey([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1;
}
