import { PlatformHistory } from '@sekisho/contract';
import { findCell } from '../cell-address.ts';
import { CellClient } from '../cell-client.ts';
import type { AddCommand } from '../command-context.ts';
import { ConnectionOptions, parseOptions, withConnectionOptions } from '../command-options.ts';
import { japanTime } from '../japan-time.ts';
import { renderTable } from '../table.ts';

const DIGEST_SHOWN = 'sha256:'.length + 12;

export const addHistory: AddCommand = (program, context, finish) => {
  const { texts, screen } = context;
  const command = program
    .command('history')
    .summary(texts.history.summary)
    .description(texts.history.description);
  withConnectionOptions(command, context).action(async (values: unknown) => {
    const options = parseOptions(ConnectionOptions, values);
    const cell = new CellClient(await findCell(options, context));
    const history = await cell.get('/admin/v1/platform/history', PlatformHistory);
    screen.answer(history, options.json, ({ revisions }) =>
      revisions.length === 0
        ? [texts.history.none]
        : renderTable(
            [
              { heading: texts.history.revision, align: 'right' },
              { heading: texts.history.appliedAt },
              { heading: texts.history.appliedBy, breakable: true },
              { heading: texts.history.digest },
            ],
            revisions.map((each) => [
              String(each.revision),
              japanTime(each.appliedAt),
              each.appliedBy,
              each.digest.slice(0, DIGEST_SHOWN),
            ]),
            screen.width,
          ),
    );
    finish(0);
  });
};
