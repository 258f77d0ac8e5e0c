import { Option, type Command } from 'commander';
import { z } from 'zod';
import type { CommandContext } from './command-context.ts';
import { CommandFailure } from './failure.ts';
import { languages } from './language.ts';
import { printable } from './printable-text.ts';
import { en } from './texts/en.ts';
import { ja } from './texts/ja.ts';

export const CommonOptions = z.object({ json: z.boolean().default(false) });

export const ConnectionOptions = CommonOptions.extend({
  url: z.string().optional(),
  adminKeyFile: z.string().optional(),
  home: z.string().optional(),
});
export type ConnectionOptions = z.infer<typeof ConnectionOptions>;

/** `--json` and `--lang`, which every command has. */
export function withCommonOptions(
  command: Command,
  { texts }: CommandContext,
  json = texts.options.json,
): Command {
  return command
    .option('--json', json)
    .addOption(new Option('--lang <ja|en>', texts.options.lang).choices([...languages]));
}

/** How to find the cell and its admin key. */
export function withConnectionOptions(command: Command, context: CommandContext): Command {
  const { options } = context.texts;
  return withCommonOptions(command, context)
    .optionsGroup(options.connectionHeading)
    .option('--url <url>', options.url)
    .option('--admin-key-file <file>', options.adminKeyFile)
    .option('--home <dir>', options.home);
}

/** Commander's values through a schema. Throws `usage` with every bad option. */
export function parseOptions<S extends z.ZodType>(schema: S, values: unknown): z.output<S> {
  const parsed = schema.safeParse(values);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map((issue) => {
    const name = String(issue.path[0] ?? '');
    const value = printable(String(valueAt(values, name)).slice(0, 100));
    const explain = (expects: Readonly<Record<string, string | undefined>>): string =>
      `${value} (${expects[name] ?? issue.message})`;
    return {
      path: `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`,
      message: { ja: explain(ja.expects), en: explain(en.expects) },
    };
  });
  throw new CommandFailure('usage', (texts) => texts.failures.badOptions, { faults });
}

function valueAt(values: unknown, name: string): unknown {
  return z.record(z.string(), z.unknown()).safeParse(values).data?.[name];
}
