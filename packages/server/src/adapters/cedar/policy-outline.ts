import { z } from 'zod';
import type { EntityReference, PolicyOutline } from '../../domains/residency/ports.ts';

const PolicyTree = z.looseObject({
  effect: z.enum(['permit', 'forbid']),
  annotations: z.record(z.string(), z.string().nullable()).default({}),
});

/** A policy's own text beside what it says of itself. */
export interface ParsedPolicy {
  readonly text: string;
  readonly outline: PolicyOutline;
}

/**
 * Reads one policy from its tree in Cedar's JSON policy format
 * (https://docs.cedarpolicy.com/policies/json-format.html).
 */
export function outlineOf(tree: unknown, isTemplate: boolean): PolicyOutline {
  const { effect, annotations } = PolicyTree.parse(tree);
  const mentions = new Map<string, EntityReference>();
  const contextReads = new Set<string>();
  // Iterative: the depth of a tenant's expression must not become the depth of our stack.
  const pending: unknown[] = [tree];
  while (pending.length > 0) {
    const node = pending.pop();
    if (Array.isArray(node)) pending.push(...node);
    if (!isNode(node)) continue;
    const reference = referenceIn(node);
    const read = contextReadIn(node);
    if (reference !== undefined) mentions.set(`${reference.type}::${reference.id}`, reference);
    else if (read !== undefined) contextReads.add(read);
    else pending.push(...Object.values(node));
  }
  const texts = Object.fromEntries(Object.entries(annotations).map(([name, text]) => [name, text ?? '']));
  return {
    id: texts['id'],
    effect,
    annotations: texts,
    isTemplate,
    mentions: [...mentions.values()],
    contextReads: [...contextReads].sort(),
  };
}

type Node = Readonly<Record<string, unknown>>;

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** `{ "type": "Place", "id": "JP-13" }`; a record of a policy has expressions, not texts, as values. */
function referenceIn({ type, id }: Node): EntityReference | undefined {
  return typeof type === 'string' && typeof id === 'string' ? { type, id } : undefined;
}

/** `context.a`, and `context has a` or `context has a.b`; `*` for any other use of the context. */
function contextReadIn(node: Node): string | undefined {
  if (node['Var'] === 'context') return '*';
  const access = node['.'] ?? node['has'];
  if (!isNode(access) || !isNode(access['left']) || access['left']['Var'] !== 'context') return undefined;
  const attribute: unknown = Array.isArray(access['attr']) ? access['attr'][0] : access['attr'];
  return typeof attribute === 'string' ? attribute : '*';
}
