import type { EntityJson } from '@cedar-policy/cedar-wasm/nodejs';
import type {
  EntityReference,
  PolicyAuthorizer,
  PolicyEntity,
  PolicyValue,
  PolicyVerdict,
} from '../../domains/residency/ports.ts';
import type { ParsedPolicy } from './policy-outline.ts';
import type { PolicySets } from './policy-sets.ts';

type Determining = PolicyVerdict['determining'][number];
type Index = ReadonlyMap<string, { readonly json: EntityJson; readonly parents: readonly EntityReference[] }>;

/** The authorizer of {@link PolicyEngine.compile}. */
export function createAuthorizer(
  policySets: PolicySets,
  schema: string,
  policies: readonly ParsedPolicy[],
  entities: readonly PolicyEntity[],
): PolicyAuthorizer {
  const described = new Map<string, Determining>();
  const texts = new Map<string, string>();
  for (const { text, outline } of policies) {
    const { id, effect, annotations, isTemplate } = outline;
    if (id === undefined || id === '' || isTemplate) throw new Error('a policy has no @id or has slots');
    if (described.has(id)) throw new Error(`two policies have the @id ${id}`);
    const reason = { ja: annotations['reason_ja'] ?? id, en: annotations['reason_en'] ?? id };
    described.set(id, { policy: id, effect, reason });
    texts.set(id, text);
  }
  const index = indexOf(entities);
  const mentioned = policies
    .flatMap(({ outline }) => outline.mentions)
    .filter((reference) => index.has(keyOf(reference)));
  const policySet = policySets.hold(Object.fromEntries(texts));

  return {
    authorize({ principal, action, resource, context }) {
      try {
        const answer = policySet.ask({
          principal: { ...principal },
          action: { ...action },
          resource: { ...resource },
          context: valuesOf(context),
          preparsedSchemaName: schema,
          validateRequest: true,
          entities: closureOf(index, [principal, resource, ...mentioned]),
        });
        if (answer.type === 'failure') return failed(answer.errors.map((error) => error.message));
        const { decision, diagnostics } = answer.response;
        const determining = diagnostics.reason
          .toSorted()
          .map((id) => described.get(id))
          .filter((policy) => policy !== undefined);
        const errors = diagnostics.errors.map((error) => error.policyId).sort();
        // Cedar skips a policy that fails. A skipped forbid would open a boundary, so any error denies.
        return { allowed: decision === 'allow' && errors.length === 0, determining, errors };
      } catch (fault) {
        return failed([fault instanceof Error ? fault.message : 'the engine failed']);
      }
    },
  };
}

function failed(errors: readonly string[]): PolicyVerdict {
  return { allowed: false, determining: [], errors };
}

const indexes = new WeakMap<readonly PolicyEntity[], Index>();

/** Shared by all authorizers over the same array. */
function indexOf(entities: readonly PolicyEntity[]): Index {
  const known = indexes.get(entities);
  if (known !== undefined) return known;
  const index: Index = new Map(
    entities.map(({ reference, attributes, parents }) => {
      const json = {
        uid: { ...reference },
        attrs: valuesOf(attributes),
        parents: parents.map((parent) => ({ ...parent })),
      };
      return [keyOf(reference), { json, parents }];
    }),
  );
  indexes.set(entities, index);
  return index;
}

/** The entities themselves and everything above them: all that a policy can ask about. */
function closureOf(index: Index, roots: readonly EntityReference[]): EntityJson[] {
  const found = new Map<string, EntityJson>();
  const pending = roots.map(keyOf);
  for (let key = pending.pop(); key !== undefined; key = pending.pop()) {
    const entity = index.get(key);
    if (entity === undefined || found.has(key)) continue;
    found.set(key, entity.json);
    pending.push(...entity.parents.map(keyOf));
  }
  return [...found.values()];
}

function keyOf({ type, id }: EntityReference): string {
  return `${type}::${id}`;
}

type Value = EntityJson['attrs'][string];

function valuesOf(record: Readonly<Record<string, PolicyValue>>): Record<string, Value> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, valueOf(value)]));
}

function valueOf(value: PolicyValue): Value {
  if (typeof value !== 'object') return value;
  return isList(value) ? value.map(valueOf) : valuesOf(value);
}

function isList(value: object): value is readonly PolicyValue[] {
  return Array.isArray(value);
}
