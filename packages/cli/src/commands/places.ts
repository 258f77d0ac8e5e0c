import { PlaceList, PlaceQuery, type Place } from '@sekisho/contract';
import { findCell } from '../cell-address.ts';
import { CellClient } from '../cell-client.ts';
import type { AddCommand, CommandContext } from '../command-context.ts';
import { ConnectionOptions, parseOptions, withConnectionOptions } from '../command-options.ts';
import { CommandFailure } from '../failure.ts';
import { renderTable } from '../table.ts';

const Options = ConnectionOptions.extend(PlaceQuery.shape);

export const addPlaces: AddCommand = (program, context, finish) => {
  const { texts, screen } = context;
  const command = program
    .command('places')
    .summary(texts.places.summary)
    .description(texts.places.description)
    .option('--code <code>', texts.places.code)
    .option('--name <name>', texts.places.name)
    .option('--within <code>', texts.places.within)
    .option('--on <day>', texts.places.on)
    .option('--limit <n>', texts.places.limit);
  withConnectionOptions(command, context).action(async (values: unknown) => {
    const options = parseOptions(Options, values);
    const { code, name, within, on, limit } = options;
    if (code !== undefined && name !== undefined) {
      throw new CommandFailure('usage', (each) => each.failures.conflicting('--code', '--name'));
    }
    const cell = new CellClient(await findCell(options, context));
    const list = await cell.get('/admin/v1/places', PlaceList, { code, name, within, on, limit });
    screen.answer(list, options.json, ({ places }) => describePlaces(places, context));
    finish(0);
  });
};

function describePlaces(places: readonly Place[], { texts, screen, language }: CommandContext): string[] {
  if (places.length === 0) return [texts.places.none];
  const other = language === 'ja' ? 'en' : 'ja';
  return renderTable(
    [
      { heading: texts.places.codeHeading },
      { heading: texts.places.nameHeading, breakable: true },
      { heading: texts.places.otherName, breakable: true },
      { heading: texts.places.kind },
      { heading: texts.places.parent },
      { heading: texts.places.validity, breakable: true },
    ],
    places.map((place) => [
      place.code,
      place.name[language],
      place.name[other],
      texts.placeKinds[place.kind],
      place.parent ?? '',
      place.validFrom === undefined && place.validTo === undefined
        ? ''
        : `${place.validFrom ?? ''} / ${place.validTo ?? ''}`,
    ]),
    screen.width,
  );
}
