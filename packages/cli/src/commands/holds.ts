import { HoldList, LegalHold, type PlaceHoldRequest, Slug, Timestamp } from '@sekisho/contract';
import type { Command } from 'commander';
import { z } from 'zod';
import { findCell } from '../cell-address.ts';
import { CellClient } from '../cell-client.ts';
import type { AddCommand, CommandContext } from '../command-context.ts';
import { ConnectionOptions, parseOptions, withConnectionOptions } from '../command-options.ts';
import { japanDay, japanTime, startOfDayInJapan } from '../japan-time.ts';
import { renderTable } from '../table.ts';

const Moment = z.union([Timestamp, z.iso.date().transform(startOfDayInJapan)]);
const NamedOptions = ConnectionOptions.extend({ tenant: Slug });
const PlaceOptions = NamedOptions.extend({
  workspace: Slug.optional(),
  crossing: z.string().optional(),
  from: Moment.optional(),
  to: Moment.optional(),
});
const ListOptions = ConnectionOptions.extend({ tenant: Slug.optional() });

export const addHolds: AddCommand = (program, context, finish) => {
  const { holds } = context.texts;
  const group = program.command('holds').summary(holds.summary).description(holds.description);
  addPlace(group, context, finish);
  addRelease(group, context, finish);
  addList(group, context, finish);
};

function addPlace(group: Command, context: CommandContext, finish: (exitCode: number) => void): void {
  const { texts, screen } = context;
  const command = group
    .command('place')
    .summary(texts.holds.placeSummary)
    .description(texts.holds.placeDescription)
    .argument('<hold>', texts.holds.name)
    .requiredOption('--tenant <id>', texts.options.tenant)
    .option('--workspace <id>', texts.options.workspace)
    .option('--crossing <id>', texts.holds.crossing)
    .option('--from <time>', texts.holds.from)
    .option('--to <time>', texts.holds.to);
  withConnectionOptions(command, context).action(async (hold: string, values: unknown) => {
    const options = parseOptions(PlaceOptions, values);
    const { tenant, workspace, crossing, from, to } = options;
    const request: z.input<typeof PlaceHoldRequest> = {
      tenant,
      hold,
      scope: {
        ...(workspace === undefined ? {} : { workspace }),
        ...(crossing === undefined ? {} : { crossing }),
        ...(from === undefined ? {} : { from }),
        ...(to === undefined ? {} : { to }),
      },
    };
    const cell = new CellClient(await findCell(options, context));
    const placed = await cell.post('/admin/v1/holds', request, LegalHold);
    screen.answer(placed, options.json, (shown) => [texts.holds.placed(`${shown.tenant}/${shown.hold}`)]);
    finish(0);
  });
}

function addRelease(group: Command, context: CommandContext, finish: (exitCode: number) => void): void {
  const { texts, screen } = context;
  const command = group
    .command('release')
    .summary(texts.holds.releaseSummary)
    .description(texts.holds.releaseDescription)
    .argument('<hold>', texts.holds.name)
    .requiredOption('--tenant <id>', texts.options.tenant);
  withConnectionOptions(command, context).action(async (hold: string, values: unknown) => {
    const options = parseOptions(NamedOptions, values);
    const cell = new CellClient(await findCell(options, context));
    const request = { tenant: options.tenant, hold };
    const released = await cell.post('/admin/v1/holds/release', request, LegalHold);
    screen.answer(released, options.json, (shown) => [
      texts.holds.released(`${shown.tenant}/${shown.hold}`, japanTime(shown.releasedAt ?? '')),
    ]);
    finish(0);
  });
}

function addList(group: Command, context: CommandContext, finish: (exitCode: number) => void): void {
  const { texts, screen } = context;
  const command = group
    .command('list')
    .summary(texts.holds.listSummary)
    .description(texts.holds.listDescription)
    .option('--tenant <id>', texts.options.tenant);
  withConnectionOptions(command, context).action(async (values: unknown) => {
    const options = parseOptions(ListOptions, values);
    const cell = new CellClient(await findCell(options, context));
    const list = await cell.get('/admin/v1/holds', HoldList, { tenant: options.tenant });
    screen.answer(list, options.json, ({ holds }) => describeHolds(holds, context));
    finish(0);
  });
}

function describeHolds(holds: readonly LegalHold[], { texts, screen }: CommandContext): string[] {
  if (holds.length === 0) return [texts.holds.none];
  return renderTable(
    [
      { heading: texts.holds.hold, breakable: true },
      { heading: texts.holds.covers, breakable: true },
      { heading: texts.holds.state, breakable: true },
    ],
    holds.map(({ tenant, hold, scope, placedAt, releasedAt }) => [
      `${tenant}/${hold}`,
      Object.entries(scope)
        .map(([field, value]) => `${field} ${value}`)
        .join(', ') || texts.holds.everything,
      releasedAt === undefined
        ? texts.holds.standing(japanDay(placedAt))
        : texts.holds.ended(japanDay(placedAt), japanDay(releasedAt)),
    ]),
    screen.width,
  );
}
