import { writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { NOTE_BYTES_MAX } from '@sekisho/proof';
import { z } from 'zod';
import { auditPlace } from '../audit/audit-place.ts';
import { describeAudit } from '../audit/audit-screen.ts';
import { readAuditorKey } from '../audit/auditor-key.ts';
import { boundYoungGeneration } from '../audit/bound-memory.ts';
import { auditDocument, jsonOf } from '../audit/report-document.ts';
import type { AuditDocument } from '../audit/report-document.ts';
import { renderReportPage } from '../audit/report-page.ts';
import { signReports } from '../audit/report-signature.ts';
import type { ReportFile } from '../audit/report-signature.ts';
import { readBounded, reasonOf } from '../bounded-file.ts';
import type { AddCommand, CommandContext } from '../command-context.ts';
import { CommonOptions, parseOptions, withCommonOptions } from '../command-options.ts';
import { CommandFailure } from '../failure.ts';
import { printableDeep } from '../printable-text.ts';
import { readAllTrustedKeys } from '../trusted-keys.ts';
import { readWitnessPolicy } from '../witness-policy-file.ts';
import { addAuditKey, addVerifyReport } from './audit-report.ts';

const OLDER_MAX = 1000;
const KEY_FILES_MAX = 100;
const REPORTS_MAX = 8;
const API_KEY_BYTES_MAX = 64 * 1024;

const Options = CommonOptions.extend({
  key: z.array(z.string()).max(KEY_FILES_MAX).default([]),
  home: z.string().optional(),
  older: z.array(z.string()).max(OLDER_MAX).default([]),
  all: z.boolean().default(false),
  witnessPolicy: z.string().optional(),
  apiKeyFile: z.string().optional(),
  /** Any other ending would promise what is not written, such as a PDF: a browser prints the page as one. */
  report: z
    .array(z.string().regex(/\.(?:json|html?)$/i))
    .max(REPORTS_MAX)
    .default([]),
  sign: z.string().optional(),
});

/**
 * Reads logs from a copy or an address and judges them without any of the server's code. Exit code 0:
 * clean, 1: findings. A log that cannot be read is a failure.
 */
export const addAudit: AddCommand = (program, context, finish) => {
  const { texts, screen } = context;
  const command = program
    .command('audit')
    .summary(texts.audit.summary)
    .description(texts.audit.description)
    .argument('<log>', texts.audit.log)
    .option('--key <file>', texts.audit.key, collect, [])
    .option('--older <file>', texts.audit.older, collect, [])
    .option('--witness-policy <file>', texts.audit.witnessPolicy)
    .option('--all', texts.audit.all)
    .option('--api-key-file <file>', texts.audit.apiKeyFile)
    .option('--report <file>', texts.audit.report, collect, [])
    .option('--sign <file>', texts.audit.sign)
    .option('--home <dir>', texts.options.home);
  withCommonOptions(command, context).action(async (place: string, values: unknown) => {
    boundYoungGeneration();
    const options = parseOptions(Options, values);
    if (options.sign !== undefined && options.report.length === 0) {
      throw new CommandFailure('usage', (all) => all.failures.missingOption('--report <file>'));
    }
    // Whatever the auditor brings is read before the log: an audit of hours must not end with a bad option.
    const signer = options.sign === undefined ? undefined : await readAuditorKey(options.sign, context);
    const keys = await readAllTrustedKeys(options.key, options.home, context);
    const policy =
      options.witnessPolicy === undefined
        ? undefined
        : await readWitnessPolicy(options.witnessPolicy, context);
    const older: string[] = [];
    for (const file of options.older) older.push(await readText(file, NOTE_BYTES_MAX, context));
    const apiKey = await readApiKey(options.apiKeyFile, context);
    const reports = await auditPlace(
      { place, all: options.all, keys, older, witnessPolicy: policy, apiKey },
      context,
    );
    const document = auditDocument(reports, {
      place,
      timeMs: context.now(),
      keys,
      older: older.length,
      policy,
    });
    const files = options.report.map((file) => ({ file, bytes: renderReport(file, document, context) }));
    for (const { file, bytes } of files) await write(file, bytes);
    if (signer !== undefined) {
      const named = files.map(({ file, bytes }): ReportFile => ({ name: basename(file), bytes }));
      const note = signReports(named, context.now(), signer);
      for (const { file } of files) await write(`${file}.sig`, note);
    }
    if (options.json) screen.json(document);
    else screen.lines(describeAudit(printableDeep(document), context));
    finish(document.verdict === 'clean' ? 0 : 1);
  });
  addAuditKey(command, context, finish);
  addVerifyReport(command, context, finish);
};

function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}

function renderReport(file: string, document: AuditDocument, context: CommandContext): Uint8Array {
  return /\.html?$/i.test(file)
    ? Buffer.from(renderReportPage(document, context.language, context.texts))
    : jsonOf(document);
}

async function readText(file: string, bytesMax: number, { stdin }: CommandContext): Promise<string> {
  return (await readBounded(file, bytesMax, stdin)).toString('utf8');
}

async function readApiKey(file: string | undefined, context: CommandContext): Promise<string | undefined> {
  if (file === undefined) return undefined;
  return (await readText(file, API_KEY_BYTES_MAX, context)).split(/\r?\n/, 1)[0]?.trim();
}

async function write(file: string, content: Uint8Array | string): Promise<void> {
  try {
    await writeFile(file, content);
  } catch (error) {
    throw new CommandFailure(
      'file_unwritable',
      (texts) => texts.failures.fileUnwritable(file, reasonOf(error)),
      { cause: error },
    );
  }
}
