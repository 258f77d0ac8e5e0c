import { crossingSearchLimits, PayloadFindings, PayloadQuery } from '@sekisho/contract';
import type { Command } from 'commander';
import { z } from 'zod';
import { readBounded } from '../bounded-file.ts';
import { findCell } from '../cell-address.ts';
import { CellClient } from '../cell-client.ts';
import type { CommandContext } from '../command-context.ts';
import { ConnectionOptions, parseOptions, withConnectionOptions } from '../command-options.ts';
import { describeCrossing } from '../crossing-screen.ts';
import { CommandFailure } from '../failure.ts';
import { renderParagraph } from '../table.ts';

const Options = ConnectionOptions.extend(PayloadQuery.omit({ side: true, cursor: true }).shape).extend({
  request: z.string().optional(),
  answer: z.string().optional(),
});

/** Was this text ever sent, or answered? Exit code 1 when it was not found. */
export function addFind(group: Command, context: CommandContext, finish: (exitCode: number) => void): void {
  const { texts, screen, stdin } = context;
  const { crossings: t } = texts;
  const command = group
    .command('find')
    .summary(t.findSummary)
    .description(t.findDescription)
    .option('--request <file>', t.findRequest)
    .option('--answer <file>', t.findAnswer)
    .requiredOption('--tenant <id>', texts.options.tenant)
    .option('--workspace <id>', texts.options.workspace)
    .requiredOption('--from <when>', t.from)
    .requiredOption('--to <when>', t.to);
  withConnectionOptions(command, context).action(async (values: unknown) => {
    const { request, answer, ...options } = parseOptions(Options, values);
    const file = request ?? answer;
    if (file === undefined || (request !== undefined && answer !== undefined)) {
      throw new CommandFailure('usage', (each) => each.crossings.oneFile);
    }
    const payload = await readBounded(file, crossingSearchLimits.payloadBytes, stdin);
    const cell = new CellClient(await findCell(options, context));
    const { tenant, workspace, from, to } = options;
    const query = { side: request === undefined ? 'answer' : 'request', tenant, workspace, from, to };
    const all: PayloadFindings = { found: [], tested: 0, untestable: 0 };
    let cursor: string | undefined;
    try {
      do {
        const some = await cell.postBytes('/admin/v1/crossings/find-payload', payload, PayloadFindings, {
          ...query,
          cursor,
        });
        all.found.push(...some.found);
        all.tested += some.tested;
        all.untestable += some.untestable;
        cursor = some.nextCursor;
        screen.progress(t.tested(all.tested));
      } while (cursor !== undefined);
    } finally {
      screen.progress('');
    }
    screen.answer(all, options.json, (shown) => describeFindings(shown, context));
    finish(all.found.length > 0 ? 0 : 1);
  });
}

function describeFindings(
  { found, tested, untestable }: PayloadFindings,
  context: CommandContext,
): readonly string[] {
  const { texts, screen } = context;
  const verdict =
    found.length === 0
      ? screen.paint.warning(texts.crossings.notFound)
      : screen.paint.good(texts.crossings.found(found.length));
  return [
    verdict,
    ...found.flatMap((crossing) => describeCrossing(crossing, context)),
    ...renderParagraph(texts.crossings.tested(tested), screen.width),
    ...(untestable === 0
      ? []
      : renderParagraph(screen.paint.warning(texts.crossings.untestable(untestable)), screen.width)),
  ];
}
