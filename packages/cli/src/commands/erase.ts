import { ErasurePlan, ErasureRequest, ErasureResult, Slug, Timestamp } from '@sekisho/contract';
import type { ErasureSelection } from '@sekisho/contract';
import { z } from 'zod';
import { findCell } from '../cell-address.ts';
import { CellClient } from '../cell-client.ts';
import type { AddCommand, CommandContext } from '../command-context.ts';
import { ConnectionOptions, parseOptions, withConnectionOptions } from '../command-options.ts';
import { confirm } from '../confirmation.ts';
import { CommandFailure } from '../failure.ts';
import { japanTime, startOfDayInJapan } from '../japan-time.ts';
import { renderFields, renderParagraph } from '../table.ts';

/** A moment, or a day in Japan, whose first moment it stands for. */
const Moment = z.union([Timestamp, z.iso.date().transform(startOfDayInJapan)]);
const Options = ConnectionOptions.extend({
  crossing: z.array(z.string()).optional(),
  tenant: Slug.optional(),
  workspace: Slug.optional(),
  before: Moment.optional(),
  reason: ErasureRequest.shape.reason,
  yes: z.boolean().default(false),
});
type Options = z.infer<typeof Options>;

/** Shows what would be erased, asks, erases. There is no way back, so nothing is assumed. */
export const addErase: AddCommand = (program, context, finish) => {
  const { texts, screen } = context;
  const command = program
    .command('erase')
    .summary(texts.erase.summary)
    .description(texts.erase.description)
    .option('--crossing <id...>', texts.erase.crossing)
    .option('--tenant <id>', texts.options.tenant)
    .option('--workspace <id>', texts.options.workspace)
    .option('--before <time>', texts.erase.before)
    .option('--reason <reason>', texts.erase.reason)
    .option('-y, --yes', texts.erase.yes);
  withConnectionOptions(command, context).action(async (values: unknown) => {
    const options = parseOptions(Options, values);
    const selection = selectionOf(options);
    if (!options.yes && (!context.stdin.isTTY || options.json)) {
      throw new CommandFailure('confirmation_required', (each) => each.failures.confirmationRequired);
    }
    const cell = new CellClient(await findCell(options, context));
    const plan = await cell.post('/admin/v1/erasures/plan', { selection }, ErasurePlan);
    if (!options.json) screen.answer(plan, false, (shown) => describePlan(shown, context));
    if (!options.yes && (plan.crossings === 0 || !(await confirm(texts.erase.question, context)))) {
      screen.lines([plan.crossings === 0 ? texts.erase.nothing : texts.erase.cancelled]);
      finish(1);
      return;
    }
    const result = await eraseAll(cell, selection, options.reason);
    screen.answer(result, options.json, (shown) => describeResult(shown, context));
    finish(result.pending.length === 0 ? 0 : 1);
  });
};

/** By name, or by tenant and time: never everything because an option was left out. */
function selectionOf({ crossing, tenant, workspace, before }: Options): ErasureSelection {
  if (crossing !== undefined) {
    if (tenant !== undefined || workspace !== undefined || before !== undefined) {
      throw new CommandFailure('usage', (each) => each.failures.conflicting('--crossing', '--tenant'));
    }
    return { crossings: crossing };
  }
  if (tenant === undefined || before === undefined) {
    throw new CommandFailure('usage', (each) =>
      each.failures.missingOption('--crossing <id...> | --tenant <id> --before <time>'),
    );
  }
  return { tenant, before, ...(workspace === undefined ? {} : { workspace }) };
}

/** One request erases so many crossings at most: repeated while there are more. */
async function eraseAll(
  cell: CellClient,
  selection: ErasureSelection,
  reason: Options['reason'],
): Promise<ErasureResult> {
  let crossings = 0;
  const entries: ErasureResult['entries'] = [];
  for (;;) {
    const part = await cell.postPatiently('/admin/v1/erasures', { selection, reason }, ErasureResult);
    crossings += part.crossings;
    entries.push(...part.entries);
    if (!part.more || part.crossings === 0) return { ...part, crossings, entries };
  }
}

function describePlan(plan: ErasurePlan, { texts, screen }: CommandContext): string[] {
  const { erase } = texts;
  const period = [plan.oldest, plan.newest].map((time) => (time === undefined ? '' : japanTime(time)));
  return renderFields(
    [
      [erase.crossings, `${plan.crossings}${plan.more ? ` ${erase.andMore}` : ''}`],
      [erase.payloads, erase.payloadBytes(plan.payloads, plan.payloadBytes)],
      [erase.period, period.join(' – ')],
      [erase.backups, plan.backups.length === 0 ? erase.none : plan.backups.join(', ')],
      [
        erase.holds,
        plan.holds.length === 0
          ? erase.none
          : plan.holds.map(({ tenant, hold }) => `${tenant}/${hold}`).join(', '),
      ],
    ],
    screen.width,
  );
}

function describeResult(
  { crossings, entries, pending }: ErasureResult,
  { texts, screen }: CommandContext,
): string[] {
  const { erase } = texts;
  return [
    screen.paint.good(erase.done(crossings)),
    ...entries.map(({ tenant, index }) => `  ${erase.entry(tenant, index)}`),
    ...(pending.length === 0 ? [] : [screen.paint.warning(erase.pending)]),
    ...pending.flatMap(({ tenant, index, target, reason }) =>
      renderParagraph(`${target}: ${tenant} ${index} ${reason}`, screen.width, 2),
    ),
  ];
}
