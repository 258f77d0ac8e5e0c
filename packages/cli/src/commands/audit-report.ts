import { NOTE_BYTES_MAX, Refusal, parseVerifierKey } from '@sekisho/proof';
import type { VerifierKey } from '@sekisho/proof';
import { z } from 'zod';
import { makeAuditorKey } from '../audit/auditor-key.ts';
import { verifyReport } from '../audit/report-signature.ts';
import type { ReportVerdict } from '../audit/report-signature.ts';
import { readBounded } from '../bounded-file.ts';
import type { AddCommand, CommandContext } from '../command-context.ts';
import { CommonOptions, parseOptions, withCommonOptions } from '../command-options.ts';
import { CommandFailure } from '../failure.ts';
import { japanTime } from '../japan-time.ts';
import { printable } from '../printable-text.ts';
import { renderFields } from '../table.ts';
import { readTrustedKeys } from '../trusted-keys.ts';

const REPORT_BYTES_MAX = 256 * 1024 * 1024;

/** Commander takes the options of `audit` also behind its subcommands, where most mean nothing. */
const absent = z.undefined().optional();
const AuditOptions = CommonOptions.extend({
  home: absent,
  older: z.array(z.string()).max(0).optional(),
  all: absent,
  witnessPolicy: absent,
  apiKeyFile: absent,
  report: z.array(z.string()).max(0).optional(),
  sign: absent,
});
const KeyOptions = AuditOptions.extend({
  key: z.array(z.string()).max(0).optional(),
  name: z.string().min(1).optional(),
});
const VerifyOptions = AuditOptions.extend({ key: z.array(z.string()).max(100).default([]) });

/** The key that signs an auditor's reports: made once, and its verifier key shown. */
export const addAuditKey: AddCommand = (group, context, finish) => {
  const { texts, screen } = context;
  const command = group
    .command('key')
    .summary(texts.audit.keySummary)
    .description(texts.audit.keyDescription)
    .argument('<file>', texts.audit.keyFile)
    .option('--name <name>', texts.audit.keyName);
  withCommonOptions(command, context).action(async (file: string) => {
    const { name, json } = parseOptions(KeyOptions, command.optsWithGlobals());
    const key = await makeAuditorKey(file, name, context);
    if (json) screen.json({ name: key.name, verifierKey: key.verifierKey });
    else screen.document(`${key.verifierKey}\n`);
    finish(0);
  });
};

/** Offline: whether report files are those that an auditor signed. Exit code 0: all, 1: not. */
export const addVerifyReport: AddCommand = (group, context, finish) => {
  const { texts, screen, stdin } = context;
  const command = group
    .command('verify-report')
    .summary(texts.audit.verifySummary)
    .description(texts.audit.verifyDescription)
    .argument('<files...>', texts.audit.reportFiles)
    .option(
      '--key <vkey>',
      texts.audit.reportKey,
      (value: string, before: readonly string[]) => [...before, value],
      [],
    );
  withCommonOptions(command, context).action(async (files: readonly string[]) => {
    // Commander gives `--key` to `audit`, which has it too, wherever it stands.
    const { key, json } = parseOptions(VerifyOptions, command.optsWithGlobals());
    const keys = await auditorKeys(key, context);
    const verdicts: ({ readonly file: string } & ReportVerdict)[] = [];
    for (const file of files) {
      const note = (await readBounded(`${file}.sig`, NOTE_BYTES_MAX, stdin)).toString('utf8');
      const bytes = await readBounded(file, REPORT_BYTES_MAX, stdin);
      verdicts.push({ file, ...verifyReport(bytes, note, keys) });
    }
    const valid = verdicts.every(({ verdict }) => verdict === 'valid');
    if (json) screen.json({ verdict: valid ? 'valid' : 'invalid', files: verdicts });
    else screen.lines(describeVerdicts(verdicts, context));
    finish(valid ? 0 : 1);
  });
};

/** A verifier key itself, or a file of such. */
async function auditorKeys(values: readonly string[], context: CommandContext): Promise<VerifierKey[]> {
  if (values.length === 0) {
    throw new CommandFailure('usage', (texts) => texts.failures.missingOption('--key <vkey>'));
  }
  const keys: VerifierKey[] = [];
  for (const value of values) {
    const inline = inlineKey(value);
    keys.push(...(inline === undefined ? await readTrustedKeys(value, undefined, context) : [inline]));
  }
  return keys;
}

function inlineKey(value: string): VerifierKey | undefined {
  try {
    return parseVerifierKey(value);
  } catch (error) {
    if (error instanceof Refusal) return undefined;
    throw error;
  }
}

function describeVerdicts(
  verdicts: readonly ({ readonly file: string } & ReportVerdict)[],
  { texts, screen }: CommandContext,
): string[] {
  const { audit } = texts;
  return verdicts.flatMap((verdict) => {
    const valid = verdict.verdict === 'valid';
    const heading = valid ? screen.paint.good(audit.valid) : screen.paint.bad(audit.invalid);
    const detail = valid
      ? audit.reportValid(printable(verdict.signedBy.join(', ')), japanTime(verdict.time))
      : audit.reportReasons[verdict.reason];
    return [heading, ...renderFields([[printable(verdict.file), detail]], screen.width, 2)];
  });
}
