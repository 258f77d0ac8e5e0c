import { UsageQuery, UsageRebuild, UsageReport, type UsageRow } from '@sekisho/contract';
import type { Command } from 'commander';
import { z } from 'zod';
import { findCell } from '../cell-address.ts';
import { CellClient } from '../cell-client.ts';
import type { AddCommand, CommandContext } from '../command-context.ts';
import { ConnectionOptions, parseOptions, withConnectionOptions } from '../command-options.ts';
import { renderParagraph, renderTable } from '../table.ts';

const Options = ConnectionOptions.extend(UsageQuery.shape).extend({ csv: z.boolean().default(false) });

export const addUsage: AddCommand = (program, context, finish) => {
  const { texts, screen } = context;
  const command = program
    .command('usage')
    .summary(texts.usage.summary)
    .description(texts.usage.description)
    .option('--tenant <id>', texts.options.tenant)
    .option('--workspace <id>', texts.options.workspace)
    .option('--model <name>', texts.options.model)
    .option('--from <day>', texts.usage.from)
    .option('--to <day>', texts.usage.to)
    .option('--csv', texts.options.csv);
  withConnectionOptions(command, context).action(async (values: unknown) => {
    const options = parseOptions(Options, values);
    const { tenant, workspace, model, from, to } = options;
    const query = { tenant, workspace, model, from, to };
    const cell = new CellClient(await findCell(options, context));
    if (options.csv && !options.json) {
      screen.document(await cell.getText('/admin/v1/usage', 'text/csv', query));
    } else {
      const report = await cell.get('/admin/v1/usage', UsageReport, query);
      screen.answer(report, options.json, (shown) => describeUsage(shown, context));
    }
    finish(0);
  });
  addRebuild(command, context, finish);
};

function describeUsage({ rows, total }: UsageReport, { texts, screen }: CommandContext): string[] {
  if (rows.length === 0) return [texts.usage.none];
  return renderTable(
    [
      { heading: texts.usage.day },
      { heading: texts.usage.workspace, breakable: true },
      { heading: texts.usage.model, breakable: true },
      { heading: texts.usage.crossings, align: 'right' },
      { heading: texts.usage.inputTokens, align: 'right' },
      { heading: texts.usage.outputTokens, align: 'right' },
      { heading: texts.usage.yen, align: 'right' },
    ],
    [
      ...rows.map((row) => [row.day, `${row.tenant}/${row.workspace}`, row.model, ...quantities(row)]),
      [texts.usage.total, '', '', ...quantities(total)],
    ],
    screen.width,
  );
}

function quantities(row: UsageReport['total']): string[] {
  return [
    grouped(String(row.crossings)),
    grouped(String(row.inputTokens)),
    grouped(String(row.outputTokens)),
    grouped(row.amountYen),
  ];
}

/** Thousands separated; the fraction of an amount stays exact. */
function grouped(decimal: string): string {
  const [whole = '', fraction] = decimal.split('.');
  const separated = whole.replace(/\B(?=(?:\d{3})+$)/g, ',');
  return fraction === undefined ? separated : `${separated}.${fraction}`;
}

/** Exit code 1 when the table said something else than the ledger. */
function addRebuild(usage: Command, context: CommandContext, finish: (exitCode: number) => void): void {
  const { texts, screen } = context;
  const command = usage
    .command('rebuild')
    .summary(texts.usage.rebuildSummary)
    .description(texts.usage.rebuildDescription);
  withConnectionOptions(command, context).action(async (_: unknown, invoked: Command) => {
    // `usage` has the same options and takes them first, so both places are looked at.
    const options = parseOptions(ConnectionOptions, invoked.optsWithGlobals());
    const cell = new CellClient(await findCell(options, context));
    const rebuild = await cell.post('/admin/v1/usage/rebuild', {}, UsageRebuild);
    screen.answer(rebuild, options.json, ({ equal, differences, entriesRead }) =>
      equal
        ? renderParagraph(screen.paint.good(texts.usage.rebuiltEqual(entriesRead)), screen.width)
        : [
            screen.paint.bad(texts.usage.rebuiltDifferent(differences.length, entriesRead)),
            ...differences.flatMap(({ before, after }) => [
              ...renderParagraph(`- ${describeRow(before, texts.plan.absent)}`, screen.width, 2),
              ...renderParagraph(`+ ${describeRow(after, texts.plan.absent)}`, screen.width, 2),
            ]),
          ],
    );
    finish(rebuild.equal ? 0 : 1);
  });
}

function describeRow(row: UsageRow | undefined, absent: string): string {
  if (row === undefined) return absent;
  return `${row.day} ${row.tenant}/${row.workspace} ${row.model} ${row.crossings} ${row.inputTokens} ${row.outputTokens} ¥${row.amountYen}`;
}
