import type { PlatformChange } from '@sekisho/contract';
import type { CommandContext } from './command-context.ts';
import { renderFields } from './table.ts';

const marks = { add: '+', change: '~', remove: '-' } as const;

/** A plan as a person reads it: a mark, the subject, and before and after of what changes. */
export function describeChanges(
  heading: string,
  changes: readonly PlatformChange[],
  { texts, screen }: CommandContext,
): string[] {
  const { paint, width } = screen;
  if (changes.length === 0) return [paint.heading(heading), texts.plan.noChanges];
  const colour = { add: paint.good, change: paint.warning, remove: paint.bad };
  const lines = changes.flatMap((change) => [
    `  ${colour[change.operation](marks[change.operation])} ${change.subject}${change.path === '' ? '' : `  ${change.path}`}`,
    ...(change.operation === 'change' ? renderValues(change, texts.plan, width) : []),
  ]);
  const count = (operation: PlatformChange['operation']): number =>
    changes.filter((change) => change.operation === operation).length;
  return [
    paint.heading(heading),
    '',
    ...lines,
    '',
    texts.plan.counts(count('add'), count('change'), count('remove')),
  ];
}

function renderValues(
  change: PlatformChange,
  labels: { readonly before: string; readonly after: string; readonly absent: string },
  width: number,
): string[] {
  const show = (value: unknown): string => (value === undefined ? labels.absent : JSON.stringify(value));
  return renderFields(
    [
      [labels.before, show(change.before)],
      [labels.after, show(change.after)],
    ],
    width,
    6,
  );
}
