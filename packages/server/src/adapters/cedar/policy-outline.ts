import { z } from 'zod';
import type { EntityReference, PolicyOutline } from '../../domains/residency/ports.ts';

const PolicyTree = z.looseObject({
  effect: z.enum(['permit', 'forbid']),
  annotations: z.record(z.string(), z.string().nullable()).default({}),
});

const Reference = z.strictObject({ type: z.string(), id: z.string() });
const ContextVariable = z.object({ Var: z.literal('context') });
/** `context.a`, and `context has a` or `context has a.b`. */
const ContextRead = z.union([
  z
    .object({ '.': z.object({ left: ContextVariable, attr: z.string() }) })
    .transform((node) => node['.'].attr),
  z
    .object({ has: z.object({ left: ContextVariable, attr: z.union([z.string(), z.array(z.string())]) }) })
    .transform(({ has }) => (Array.isArray(has.attr) ? (has.attr[0] ?? '*') : has.attr)),
]);

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
  visit(tree, (node) => {
    const reference = Reference.safeParse(node);
    if (reference.success) {
      mentions.set(`${reference.data.type}::${reference.data.id}`, reference.data);
      return 'stop';
    }
    const read = ContextRead.safeParse(node);
    if (read.success) {
      contextReads.add(read.data);
      return 'stop';
    }
    if (ContextVariable.safeParse(node).success) contextReads.add('*');
    return 'descend';
  });
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

/** Iterative: the depth of a tenant's expression must not become the depth of our stack. */
function visit(root: unknown, look: (node: object) => 'stop' | 'descend'): void {
  const pending: unknown[] = [root];
  while (pending.length > 0) {
    const node = pending.pop();
    if (typeof node !== 'object' || node === null) continue;
    if (Array.isArray(node) || look(node) === 'descend') pending.push(...Object.values(node));
  }
}
