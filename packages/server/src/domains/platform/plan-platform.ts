import type { Platform, PlatformChange } from '@sekisho/contract';
import type { Json } from '@sekisho/proof';
import { asJson } from './platform-digest.ts';

type JsonObject = { readonly [key: string]: Json };

/**
 * The differences between two platforms, by subject and not by position: moving a tenant within
 * the document does not rewrite every tenant after it. Lists inside a subject are compared whole.
 *
 * Empty exactly when both have the same digest: where only the order of subjects differs, that is
 * a change of its own, since the order of endpoints is the order in which they are tried.
 * Order: as the document's sections, then by subject, then by path.
 */
export function planPlatform(before: Platform | undefined, after: Platform): PlatformChange[] {
  return sections.flatMap(({ name, subjects }) => {
    const inJson = (platform: Platform): Subjects =>
      new Map(subjects(platform).map(([subject, value]) => [subject, objectOf(value)]));
    const old: Subjects = before === undefined ? new Map() : inJson(before);
    const next = inJson(after);
    return [...subjectChanges(old, next), ...orderChange(name, old, next)];
  });
}

type Subjects = ReadonlyMap<string, JsonObject>;

/** The sections, each with its subjects in the document's order. A tenant comes before its workspaces. */
const sections: readonly {
  readonly name: string;
  readonly subjects: (platform: Platform) => readonly (readonly [subject: string, value: object])[];
}[] = [
  {
    name: 'operator',
    subjects: ({ apiVersion, operator }) => [['operator', { apiVersion, ...operator }]],
  },
  { name: 'cell', subjects: ({ cell }) => (cell === undefined ? [] : [['cell', cell]]) },
  { name: 'sites', subjects: ({ sites }) => sites.map((site) => [`site ${site.id}`, site]) },
  {
    name: 'endpoints',
    subjects: ({ endpoints }) => endpoints.map((endpoint) => [`endpoint ${endpoint.id}`, endpoint]),
  },
  {
    name: 'tenants',
    subjects: ({ tenants }) =>
      tenants.flatMap(({ workspaces, ...tenant }) => [
        [`tenant ${tenant.id}`, tenant] as const,
        ...workspaces.map((workspace) => [`workspace ${tenant.id}/${workspace.id}`, workspace] as const),
      ]),
  },
  { name: 'prices', subjects: ({ prices }) => prices.map((price) => [`price ${price.model}`, price]) },
];

function subjectChanges(old: Subjects, next: Subjects): PlatformChange[] {
  const subjects = [...new Set([...old.keys(), ...next.keys()])].sort();
  return subjects.flatMap((subject): PlatformChange[] => {
    const before = old.get(subject);
    const after = next.get(subject);
    if (before === undefined)
      return after === undefined ? [] : [{ operation: 'add', subject, path: '', after }];
    if (after === undefined) return [{ operation: 'remove', subject, path: '', before }];
    return fieldChanges(subject, '', before, after);
  });
}

function fieldChanges(
  subject: string,
  path: string,
  before: Json | undefined,
  after: Json | undefined,
): PlatformChange[] {
  if (isObject(before) && isObject(after)) {
    const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
    return keys.flatMap((key) =>
      fieldChanges(subject, path === '' ? key : `${path}.${key}`, before[key], after[key]),
    );
  }
  if (sameJson(before, after)) return [];
  return [
    {
      operation: 'change',
      subject,
      path,
      ...(before === undefined ? {} : { before }),
      ...(after === undefined ? {} : { after }),
    },
  ];
}

/** Whether those that stay changed places among themselves; additions and removals do not count. */
function orderChange(section: string, old: Subjects, next: Subjects): PlatformChange[] {
  const before = [...old.keys()].filter((subject) => next.has(subject));
  const after = [...next.keys()].filter((subject) => old.has(subject));
  if (sameJson(before, after)) return [];
  return [{ operation: 'change', subject: section, path: 'order', before, after }];
}

/** Compares JSON without regard to the order of keys. */
function sameJson(a: Json | undefined, b: Json | undefined): boolean {
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((item, position) => sameJson(item, b[position]));
  }
  if (isObject(a) && isObject(b)) {
    const keys = Object.keys(a);
    return keys.length === Object.keys(b).length && keys.every((key) => sameJson(a[key], b[key]));
  }
  return a === b;
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function objectOf(value: object): JsonObject {
  const json = asJson(value);
  return isObject(json) ? json : {};
}
