import { RetentionQuery, RetentionReport } from '@sekisho/contract';
import { z } from 'zod';
import { findCell } from '../cell-address.ts';
import { CellClient } from '../cell-client.ts';
import type { AddCommand, CommandContext } from '../command-context.ts';
import { ConnectionOptions, parseOptions, withConnectionOptions } from '../command-options.ts';
import { japanDay, japanTime } from '../japan-time.ts';
import { renderParagraph, renderTable } from '../table.ts';

const Options = ConnectionOptions.extend(RetentionQuery.shape).extend({ csv: z.boolean().default(false) });

export const addRetention: AddCommand = (program, context, finish) => {
  const { texts, screen } = context;
  const command = program
    .command('retention')
    .summary(texts.retention.summary)
    .description(texts.retention.description)
    .option('--tenant <id>', texts.options.tenant)
    .option('--workspace <id>', texts.options.workspace)
    .option('--csv', texts.options.csv);
  withConnectionOptions(command, context).action(async (values: unknown) => {
    const options = parseOptions(Options, values);
    const { tenant, workspace } = options;
    const cell = new CellClient(await findCell(options, context));
    if (options.csv && !options.json) {
      screen.document(await cell.getText('/admin/v1/retention', 'text/csv', { tenant, workspace }));
    } else {
      const report = await cell.get('/admin/v1/retention', RetentionReport, { tenant, workspace });
      screen.answer(report, options.json, (shown) => describeReport(shown, context));
    }
    finish(0);
  });
};

function describeReport(report: RetentionReport, context: CommandContext): string[] {
  const { texts, screen } = context;
  const { retention } = texts;
  const { cell } = report;
  return [
    ...renderParagraph(
      cell === undefined
        ? retention.noPlace
        : retention.place(cell.site, cell.place, cell.operator, cell.operatorCountry),
      screen.width,
    ),
    ...(report.rows.length === 0 ? [retention.none] : describeRows(report, context)),
    ...report.backups.flatMap(({ id, folder, madeAt }) =>
      renderParagraph(retention.backup(id, folder, japanTime(madeAt)), screen.width),
    ),
    ...report.pending.flatMap(({ tenant, index, target, reason }) =>
      renderParagraph(
        screen.paint.warning(retention.pending(`${tenant} ${index}`, target, reason)),
        screen.width,
      ),
    ),
  ];
}

function describeRows({ rows }: RetentionReport, { texts, screen }: CommandContext): string[] {
  const { retention } = texts;
  return renderTable(
    [
      { heading: retention.workspace, breakable: true },
      { heading: retention.kind, breakable: true },
      { heading: retention.count, align: 'right' },
      { heading: retention.bytes, align: 'right' },
      { heading: retention.period, breakable: true },
      { heading: retention.until, breakable: true },
      { heading: retention.holds, breakable: true },
    ],
    rows.map((row) => [
      `${row.tenant}/${row.workspace}`,
      row.dataClass === undefined
        ? retention.kinds[row.kind]
        : `${retention.kinds[row.kind]}, ${texts.dataClasses[row.dataClass]}`,
      String(row.count),
      String(row.bytes),
      `${japanDay(row.oldest)} – ${japanDay(row.newest)}`,
      row.firstEnds === undefined || row.lastEnds === undefined
        ? retention.noEnd
        : `${japanDay(row.firstEnds)} – ${japanDay(row.lastEnds)}`,
      row.holds.join(' '),
    ]),
    screen.width,
  );
}
