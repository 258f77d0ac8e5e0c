import type { CrossingRebuild, CrossingSummary } from '@sekisho/contract';
import type { CommandContext } from './command-context.ts';
import { japanTime } from './japan-time.ts';
import { renderFields, renderParagraph } from './table.ts';

/** An id alone takes 36 columns: when and how it ended; then who asked for what; then where it went. */
export function describeCrossing(crossing: CrossingSummary, context: CommandContext): string[] {
  const { texts, screen } = context;
  const { paint, width } = screen;
  const { outcome } = crossing;
  const result = resultOf(crossing, context);
  const painted = outcome?.result === 'completed' ? paint.good(result) : paint.warning(result);
  const who = [
    `${crossing.tenant}/${crossing.workspace}`,
    crossing.principal,
    texts.actions[crossing.action],
    texts.dataClasses[crossing.dataClass],
  ];
  const where = [
    crossing.subject,
    ...(outcome?.carried === undefined
      ? []
      : [
          outcome.carried.endpoint,
          outcome.carried.places.join(' '),
          texts.assurances[outcome.carried.assurance],
        ]),
  ];
  return [
    `${paint.heading(crossing.crossing)}  ${japanTime(crossing.startedAt)}  ${painted}`,
    ...renderParagraph(who.join('  '), width, 4),
    ...renderParagraph(where.join('  '), width, 4),
  ];
}

/** Everything that the two entries of the crossing say. */
export function describeCrossingFully(crossing: CrossingSummary, context: CommandContext): string[] {
  const { texts, screen } = context;
  const { crossings: t } = texts;
  const { outcome } = crossing;
  const fields: (readonly [string, string])[] = [
    [t.crossing, crossing.crossing],
    [t.workspace, `${crossing.tenant}/${crossing.workspace}`],
    [t.who, crossing.principal],
    [t.what, `${texts.actions[crossing.action]}  ${crossing.subject}`],
    [t.dataClass, texts.dataClasses[crossing.dataClass]],
    [t.purpose, crossing.purpose],
    [t.decision, crossing.decision === 'allow' ? texts.explain.allow : texts.explain.deny],
    [t.revision, String(crossing.platformRevision)],
    [t.started, japanTime(crossing.startedAt)],
    [t.result, resultOf(crossing, context)],
    [t.requestHeading, crossing.requestCommitment],
  ];
  if (outcome !== undefined) {
    const { usage, carried } = outcome;
    fields.push([t.ended, `${japanTime(outcome.endedAt)}  HTTP ${outcome.status}`]);
    if (carried !== undefined) {
      fields.push([t.where, `${carried.endpoint}  ${carried.places.join(' ')}`]);
      fields.push([t.assurance, texts.assurances[carried.assurance]]);
    }
    if (outcome.answerCommitment !== undefined) fields.push([t.answerHeading, outcome.answerCommitment]);
    const tokens = texts.verify.tokens(usage.inputTokens, usage.outputTokens, usage.estimated);
    fields.push([t.usage, `${tokens}  ¥${usage.amountYen}`]);
  }
  const entries = [crossing.intentIndex, ...(outcome === undefined ? [] : [outcome.index])];
  fields.push([t.entries, entries.join(', ')]);
  return renderFields(fields, screen.width);
}

export function describeRebuild({ complete, rebuild }: CrossingRebuild, context: CommandContext): string[] {
  const { screen, texts } = context;
  const { crossings: t } = texts;
  return [
    ...renderParagraph(complete ? t.complete : screen.paint.warning(t.incomplete), screen.width),
    ...renderParagraph(lastRebuild(rebuild, context), screen.width),
  ];
}

function lastRebuild(rebuild: CrossingRebuild['rebuild'], { screen, texts }: CommandContext): string {
  const { crossings: t } = texts;
  switch (rebuild.state) {
    case 'none':
      return t.noRebuild;
    case 'running':
      return t.rebuilding(rebuild.entriesRead, rebuild.entriesTotal);
    case 'finished':
      return screen.paint.good(t.rebuilt(rebuild.entriesRead, japanTime(rebuild.finishedAt)));
    case 'failed':
      return screen.paint.bad(t.rebuildFailed(japanTime(rebuild.finishedAt)));
  }
}

function resultOf({ outcome }: CrossingSummary, { texts }: CommandContext): string {
  return outcome === undefined ? texts.crossings.open : texts.results[outcome.result];
}
