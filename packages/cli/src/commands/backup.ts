import { resolve } from 'node:path';
import { MadeBackup, Slug } from '@sekisho/contract';
import { z } from 'zod';
import { findCell } from '../cell-address.ts';
import { CellClient } from '../cell-client.ts';
import type { AddCommand } from '../command-context.ts';
import {
  ConnectionOptions,
  parseOptions,
  withCommonOptions,
  withConnectionOptions,
} from '../command-options.ts';
import { findServerProgram, runServer } from '../server-process.ts';
import { renderFields, renderParagraph } from '../table.ts';

const BackupOptions = ConnectionOptions.extend({ to: z.string().min(1), site: Slug.optional() });
const RestoreOptions = z.object({
  from: z.string().min(1),
  home: z.string().min(1),
  ledger: z.string().min(1).optional(),
});

/** The cell writes the backup itself, while it serves: the folder is one of its machine. */
export const addBackup: AddCommand = (program, context, finish) => {
  const { texts, screen } = context;
  const command = program
    .command('backup')
    .summary(texts.backup.summary)
    .description(texts.backup.description)
    .requiredOption('--to <dir>', texts.backup.to)
    .option('--site <id>', texts.backup.site);
  withConnectionOptions(command, context).action(async (values: unknown) => {
    const options = parseOptions(BackupOptions, values);
    const cell = new CellClient(await findCell(options, context));
    const request = {
      folder: resolve(context.cwd, options.to),
      ...(options.site === undefined ? {} : { site: options.site }),
    };
    const made = await cell.postPatiently('/admin/v1/backups', request, MadeBackup);
    screen.answer(made, options.json, ({ backup, files, bytes, leftOut }) => [
      screen.paint.good(texts.backup.done(backup.id)),
      ...renderFields(
        [
          [texts.backup.folder, `${backup.folder}/${backup.id}`],
          [texts.backup.size, texts.backup.files(files, bytes)],
        ],
        screen.width,
      ),
      ...leftOut.flatMap((name) => renderParagraph(texts.backup.leftOut(name), screen.width)),
      ...renderParagraph(texts.backup.passphrase, screen.width),
    ]);
    finish(0);
  });
};

/** Runs the server's own program, in a process of its own: no cell may be running on the new home. */
export const addRestore: AddCommand = (program, context, finish) => {
  const { texts } = context;
  const command = program
    .command('restore')
    .summary(texts.restore.summary)
    .description(texts.restore.description)
    .requiredOption('--from <dir>', texts.restore.from)
    .requiredOption('--home <dir>', texts.restore.home)
    .option('--ledger <dir>', texts.restore.ledger);
  withCommonOptions(command, context).action(async (values: unknown) => {
    const { from, home, ledger } = parseOptions(RestoreOptions, values);
    const path = (name: string): string => resolve(context.cwd, name);
    const restoreArguments = ['--from', path(from), '--home', path(home)];
    if (ledger !== undefined) restoreArguments.push('--ledger', path(ledger));
    finish(await runServer(await findServerProgram('restore.ts'), restoreArguments, context));
  });
};
