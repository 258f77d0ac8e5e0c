import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { CrossingId, CrossingList, CrossingQuery, Receipt, type CrossingSummary } from '@sekisho/contract';
import type { Command } from 'commander';
import { z } from 'zod';
import { reasonOf } from '../bounded-file.ts';
import { findCell } from '../cell-address.ts';
import { CellClient } from '../cell-client.ts';
import type { AddCommand, CommandContext } from '../command-context.ts';
import { ConnectionOptions, parseOptions, withConnectionOptions } from '../command-options.ts';
import { CommandFailure } from '../failure.ts';
import { japanTime } from '../japan-time.ts';
import { renderParagraph } from '../table.ts';

const ListOptions = ConnectionOptions.extend(CrossingQuery.shape).extend({ csv: z.boolean().default(false) });
const GetOptions = ConnectionOptions.extend({ output: z.string().optional() });

export const addReceipts: AddCommand = (program, context, finish) => {
  const { texts } = context;
  const group = program
    .command('receipts')
    .summary(texts.receipts.summary)
    .description(texts.receipts.description);
  addList(group, context, finish);
  addGet(group, context, finish);
};

function addList(group: Command, context: CommandContext, finish: (exitCode: number) => void): void {
  const { texts, screen } = context;
  const command = group
    .command('list')
    .summary(texts.receipts.listSummary)
    .description(texts.receipts.listDescription)
    .option('--tenant <id>', texts.options.tenant)
    .option('--workspace <id>', texts.options.workspace)
    .option('--result <result>', texts.receipts.result)
    .option('--limit <n>', texts.receipts.limit)
    .option('--before <id>', texts.receipts.before)
    .option('--csv', texts.options.csv);
  withConnectionOptions(command, context).action(async (values: unknown) => {
    const options = parseOptions(ListOptions, values);
    const { tenant, workspace, result, limit, before } = options;
    const cell = new CellClient(await findCell(options, context));
    const query = { tenant, workspace, result, limit, before };
    if (options.csv && !options.json) {
      screen.document(await cell.getText('/admin/v1/crossings', 'text/csv', query));
    } else {
      const list = await cell.get('/admin/v1/crossings', CrossingList, query);
      screen.answer(list, options.json, ({ crossings }) =>
        crossings.length === 0
          ? [texts.receipts.none]
          : [
              ...crossings.flatMap((crossing) => describeCrossing(crossing, context)),
              ...(crossings.length < limit ? [] : [texts.receipts.more(crossings.at(-1)?.crossing ?? '')]),
            ],
      );
    }
    finish(0);
  });
}

/** Two lines, since an id alone takes 36 columns: when and how it ended, then who asked for what. */
function describeCrossing(
  { crossing, startedAt, result, tenant, workspace, subject }: CrossingSummary,
  { texts, screen }: CommandContext,
): string[] {
  const { paint } = screen;
  const known = Object.entries(texts.results).find(([code]) => code === result)?.[1];
  const ended = result === undefined ? texts.receipts.open : (known ?? result);
  const painted = result === 'completed' ? paint.good(ended) : paint.warning(ended);
  return [
    `${paint.heading(crossing)}  ${japanTime(startedAt)}  ${painted}`,
    `    ${tenant}/${workspace}  ${subject}`,
  ];
}

/**
 * The receipt's bytes as the cell served them: a verifier refuses a receipt that was reformatted,
 * so nothing is added, not even a line break.
 */
function addGet(group: Command, context: CommandContext, finish: (exitCode: number) => void): void {
  const { texts, screen } = context;
  const command = group
    .command('get')
    .summary(texts.receipts.getSummary)
    .description(texts.receipts.getDescription)
    .argument('<id>', texts.receipts.id)
    .option('-o, --output <file>', texts.receipts.output);
  withConnectionOptions(command, context).action(async (id: string, values: unknown) => {
    const options = parseOptions(GetOptions, values);
    if (!CrossingId.safeParse(id).success) {
      throw new CommandFailure('usage', (each) => each.failures.badCrossingId(id));
    }
    const cell = new CellClient(await findCell(options, context));
    const path = `/v1/receipts/${id}`;
    const text = await cell.getVerbatim(path, Receipt);
    if (options.output === undefined) screen.document(text);
    else {
      await writeReceipt(resolve(context.cwd, options.output), text);
      if (options.json) screen.json({ file: options.output });
      else screen.lines(renderParagraph(texts.receipts.written(options.output), screen.width));
    }
    finish(0);
  });
}

async function writeReceipt(file: string, text: string): Promise<void> {
  try {
    await writeFile(file, text);
  } catch (error) {
    throw new CommandFailure(
      'file_unwritable',
      (texts) => texts.failures.fileUnwritable(file, reasonOf(error)),
      {
        cause: error,
      },
    );
  }
}
