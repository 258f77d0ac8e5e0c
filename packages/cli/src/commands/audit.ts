import { writeFile } from 'node:fs/promises';
import { NOTE_BYTES_MAX, auditLog, canonicalJson } from '@sekisho/proof';
import type { AuditReport, Json } from '@sekisho/proof';
import { z } from 'zod';
import { describeAudit } from '../audit-screen.ts';
import { readBounded, reasonOf } from '../bounded-file.ts';
import type { AddCommand, CommandContext } from '../command-context.ts';
import { CommonOptions, parseOptions, withCommonOptions } from '../command-options.ts';
import { CommandFailure } from '../failure.ts';
import { openLogCopy } from '../log-copy.ts';
import { printableDeep } from '../printable-text.ts';
import { readTrustedKeys } from '../trusted-keys.ts';

const OLDER_MAX = 1000;
const API_KEY_BYTES_MAX = 64 * 1024;
/** A line on the screen for each bundle would take longer than the bundle. */
const PROGRESS_STEP = 4096;

const Options = CommonOptions.extend({
  key: z.string().optional(),
  home: z.string().optional(),
  older: z.array(z.string()).max(OLDER_MAX).default([]),
  apiKeyFile: z.string().optional(),
  report: z.string().optional(),
});

/**
 * Reads one log from a copy or an address and judges it without any of the server's code. Exit code 0:
 * clean, 1: findings. A log that cannot be read is a failure.
 */
export const addAudit: AddCommand = (program, context, finish) => {
  const { texts, screen } = context;
  const command = program
    .command('audit')
    .summary(texts.audit.summary)
    .description(texts.audit.description)
    .argument('<log>', texts.audit.log)
    .option('--key <file>', texts.audit.key)
    .option('--older <file>', texts.audit.older, (file: string, before: string[]) => [...before, file], [])
    .option('--api-key-file <file>', texts.audit.apiKeyFile)
    .option('--report <file>', texts.audit.report)
    .option('--home <dir>', texts.options.home);
  withCommonOptions(command, context).action(async (place: string, values: unknown) => {
    const options = parseOptions(Options, values);
    const keys = await readTrustedKeys(options.key, options.home, context);
    const older: string[] = [];
    for (const file of options.older) older.push(await readText(file, NOTE_BYTES_MAX, context));
    const source = await openLogCopy(place, await readApiKey(options.apiKeyFile, context), context);
    const report = await auditLog(source, keys, {
      older,
      onProgress: ({ entries, of }) => {
        if (entries % PROGRESS_STEP === 0) screen.progress(texts.audit.progress(entries, of));
      },
    }).finally(() => screen.progress(''));
    if (options.report !== undefined) await writeReport(options.report, report);
    if (options.json) screen.json(report);
    else screen.lines(describeAudit(printableDeep(report), context));
    finish(report.verdict === 'clean' ? 0 : 1);
  });
};

async function readText(file: string, bytesMax: number, { stdin }: CommandContext): Promise<string> {
  return (await readBounded(file, bytesMax, stdin)).toString('utf8');
}

async function readApiKey(file: string | undefined, context: CommandContext): Promise<string | undefined> {
  if (file === undefined) return undefined;
  return (await readText(file, API_KEY_BYTES_MAX, context)).split(/\r?\n/, 1)[0]?.trim();
}

async function writeReport(file: string, report: AuditReport): Promise<void> {
  const json: Json = JSON.parse(JSON.stringify(report));
  try {
    await writeFile(file, canonicalJson(json));
  } catch (error) {
    throw new CommandFailure(
      'file_unwritable',
      (texts) => texts.failures.fileUnwritable(file, reasonOf(error)),
      { cause: error },
    );
  }
}
