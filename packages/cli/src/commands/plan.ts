import { PlanResponse } from '@sekisho/contract';
import { findCell } from '../cell-address.ts';
import { CellClient } from '../cell-client.ts';
import type { AddCommand } from '../command-context.ts';
import { ConnectionOptions, parseOptions, withConnectionOptions } from '../command-options.ts';
import { describeChanges } from '../platform-changes.ts';
import { readPlatformDocument } from '../platform-document.ts';
import { withPositions } from '../fault-lines.ts';

export const addPlan: AddCommand = (program, context, finish) => {
  const { texts, screen } = context;
  const command = program
    .command('plan')
    .summary(texts.plan.summary)
    .description(texts.plan.description)
    .argument('<file>', texts.plan.file);
  withConnectionOptions(command, context).action(async (file: string, values: unknown) => {
    const options = parseOptions(ConnectionOptions, values);
    const document = await readPlatformDocument(file, context.stdin);
    const cell = new CellClient(await findCell(options, context));
    const plan = await withPositions(document, () =>
      cell.post('/admin/v1/platform/plan', { platform: document.platform }, PlanResponse),
    );
    screen.answer(plan, options.json, ({ baseRevision, changes }) =>
      describeChanges(texts.plan.against(baseRevision), changes, context),
    );
    finish(0);
  });
};
