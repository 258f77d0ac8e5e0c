import { ApplyResponse, PlanResponse } from '@sekisho/contract';
import { z } from 'zod';
import { findCell } from '../cell-address.ts';
import { CellClient } from '../cell-client.ts';
import type { AddCommand, CommandContext } from '../command-context.ts';
import { ConnectionOptions, parseOptions, withConnectionOptions } from '../command-options.ts';
import { confirm } from '../confirmation.ts';
import { CommandFailure } from '../failure.ts';
import { withPositions } from '../fault-lines.ts';
import { describeChanges } from '../platform-changes.ts';
import { readPlatformDocument } from '../platform-document.ts';
import { renderParagraph } from '../table.ts';

const Options = ConnectionOptions.extend({ yes: z.boolean().default(false) });

/**
 * Plan, confirm, apply. The apply names the revision of the plan that was shown, so that what a
 * person agreed to is what happens: the cell refuses when another apply came in between.
 */
export const addApply: AddCommand = (program, context, finish) => {
  const { texts, screen } = context;
  const command = program
    .command('apply')
    .summary(texts.apply.summary)
    .description(texts.apply.description)
    .argument('<file>', texts.plan.file)
    .option('-y, --yes', texts.apply.yes);
  withConnectionOptions(command, context).action(async (file: string, values: unknown) => {
    const options = parseOptions(Options, values);
    if (!options.yes && !canAsk(context, file, options.json)) {
      throw new CommandFailure('confirmation_required', (each) => each.failures.confirmationRequired);
    }
    const document = await readPlatformDocument(file, context.stdin);
    const cell = new CellClient(await findCell(options, context));
    const plan = await withPositions(document, () =>
      cell.post('/admin/v1/platform/plan', { platform: document.platform }, PlanResponse),
    );
    if (!options.json) {
      screen.answer(plan, false, ({ baseRevision, changes }) =>
        describeChanges(texts.plan.against(baseRevision), changes, context),
      );
    }
    if (!options.yes && plan.changes.length > 0 && !(await confirm(texts.apply.question, context))) {
      screen.lines([texts.apply.cancelled]);
      finish(1);
      return;
    }
    const applied = await withPositions(document, () =>
      cell.post(
        '/admin/v1/platform/apply',
        { platform: document.platform, baseRevision: plan.baseRevision },
        ApplyResponse,
      ),
    );
    screen.answer(applied, options.json, ({ revision }) => [
      screen.paint.good(texts.apply.done(revision.revision)),
      ...renderParagraph(revision.digest, screen.width, 2),
    ]);
    finish(0);
  });
};

/** With `-` the document takes stdin, so nobody can answer there. */
function canAsk({ stdin }: CommandContext, file: string, json: boolean): boolean {
  return stdin.isTTY && file !== '-' && !json;
}
