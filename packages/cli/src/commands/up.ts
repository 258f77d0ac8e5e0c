import { z } from 'zod';
import type { AddCommand } from '../command-context.ts';
import { parseOptions, withCommonOptions } from '../command-options.ts';
import { findServerProgram, runServer } from '../server-process.ts';

const Options = z.object({
  home: z.string().min(1).optional(),
  port: z.coerce.number().int().min(0).max(65_535).optional(),
  host: z.string().min(1).max(253).optional(),
  demo: z.boolean().optional(),
});

/**
 * Starts the cell in a process of its own and waits for it. The command never loads the server's
 * code: it only finds where the package is.
 */
export const addUp: AddCommand = (program, context, finish) => {
  const { texts } = context;
  const command = program
    .command('up')
    .summary(texts.up.summary)
    .description(texts.up.description)
    .option('--home <dir>', texts.options.home)
    .option('--port <n>', texts.up.port)
    .option('--host <address>', texts.up.host)
    .option('--demo', texts.up.demo)
    .option('--no-demo', texts.up.noDemo);
  withCommonOptions(command, context, texts.up.json).action(async (values: unknown) => {
    const { home, port, host, demo } = parseOptions(Options, values);
    const serverArguments = [
      ...(home === undefined ? [] : ['--home', home]),
      ...(port === undefined ? [] : ['--port', String(port)]),
      ...(host === undefined ? [] : ['--host', host]),
      ...(demo === undefined ? [] : [demo ? '--demo' : '--no-demo']),
    ];
    finish(await runServer(await findServerProgram('main.ts'), serverArguments, context));
  });
};
