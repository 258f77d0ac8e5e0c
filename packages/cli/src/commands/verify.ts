import type { OutcomeEntry } from '@sekisho/contract';
import {
  base64,
  checkPayload,
  verifyAnyReceipt,
  type PayloadVerdict,
  type ReceiptForm,
  type StatementVerdict,
} from '@sekisho/proof';
import { z } from 'zod';
import { readBounded } from '../bounded-file.ts';
import type { AddCommand, CommandContext } from '../command-context.ts';
import { CommonOptions, parseOptions, withCommonOptions } from '../command-options.ts';
import { CommandFailure } from '../failure.ts';
import { japanTime } from '../japan-time.ts';
import { printable, printableDeep } from '../printable-text.ts';
import { renderFields, renderParagraph } from '../table.ts';
import { readTrustedKeys } from '../trusted-keys.ts';

const Options = CommonOptions.extend({
  key: z.string().optional(),
  request: z.string().optional(),
  answer: z.string().optional(),
  home: z.string().optional(),
});

type ValidVerdict = Extract<StatementVerdict, { verdict: 'valid' }> & { readonly form: ReceiptForm };
type InvalidVerdict = Extract<StatementVerdict, { verdict: 'invalid' }>;
interface PayloadVerdicts {
  readonly request?: PayloadVerdict;
  readonly answer?: PayloadVerdict;
}

/** Larger files are not read at all; what is above a receipt's own bound is invalid. */
const FILE_BYTES_MAX = 64 * 1024 * 1024;

/**
 * Offline: reads files, asks nobody. Exit code 0 when the receipt is valid and every text given is
 * the one it commits to, 1 when not.
 */
export const addVerify: AddCommand = (program, context, finish) => {
  const { texts, screen } = context;
  const command = program
    .command('verify')
    .summary(texts.verify.summary)
    .description(texts.verify.description)
    .argument('<receipt>', texts.verify.receipt)
    .option('--key <file>', texts.verify.key)
    .option('--request <file>', texts.verify.request)
    .option('--answer <file>', texts.verify.answer)
    .option('--home <dir>', texts.options.home);
  withCommonOptions(command, context).action(async (file: string, values: unknown) => {
    const options = parseOptions(Options, values);
    requireOneStdin([file, options.key, options.request, options.answer]);
    const keys = await readTrustedKeys(options.key, options.home, context);
    const receiptBytes = await readBounded(file, FILE_BYTES_MAX, context.stdin);
    const payloads = {
      ...(await readPayload('request', options.request, context)),
      ...(await readPayload('answer', options.answer, context)),
    };
    const verdict = verifyAnyReceipt(receiptBytes, keys);
    if (verdict.verdict === 'invalid') {
      if (options.json) screen.json(verdict);
      else screen.lines(describeInvalid(verdict, context));
      finish(1);
      return;
    }
    const checked = checkPayload(verdict.receipt, payloads);
    if (options.json) screen.json(verdictJson(verdict, checked));
    else screen.lines(describeValid(printableDeep(verdict.receipt.statement), verdict, checked, context));
    finish(Object.values(checked).every((each) => each === 'matches') ? 0 : 1);
  });
};

function requireOneStdin(files: readonly (string | undefined)[]): void {
  if (files.filter((file) => file === '-').length <= 1) return;
  throw new CommandFailure('usage', (texts) => texts.failures.oneStdin);
}

async function readPayload<K extends 'request' | 'answer'>(
  name: K,
  file: string | undefined,
  { stdin }: CommandContext,
): Promise<Partial<Record<K, Uint8Array>>> {
  if (file === undefined) return {};
  const bytes = await readBounded(file, FILE_BYTES_MAX, stdin);
  const payload: Partial<Record<K, Uint8Array>> = {};
  payload[name] = bytes;
  return payload;
}

function verdictJson({ form, receipt, checkpoint }: ValidVerdict, payloads: PayloadVerdicts): unknown {
  return {
    verdict: 'valid',
    form,
    receipt,
    checkpoint: { origin: checkpoint.origin, size: checkpoint.size, root: base64(checkpoint.root) },
    payloads,
  };
}

function describeInvalid(
  { code, where, message }: InvalidVerdict,
  { texts, screen, language }: CommandContext,
): string[] {
  return [
    screen.paint.bad(texts.verify.invalid),
    ...renderFields(
      [
        [texts.verify.why, message[language]],
        [texts.verify.where, where === '' ? texts.verify.whole : printable(where)],
        [texts.verify.code, code],
      ],
      screen.width,
      2,
    ),
  ];
}

function describeValid(
  statement: OutcomeEntry,
  { form, receipt, checkpoint }: ValidVerdict,
  payloads: PayloadVerdicts,
  context: CommandContext,
): string[] {
  const { texts, screen } = context;
  const { verify } = texts;
  const { usage } = statement;
  const tokens = verify.tokens(usage.inputTokens, usage.outputTokens, usage.estimated);
  return [
    screen.paint.good(verify.valid),
    ...renderFields(
      [
        [verify.time, `${japanTime(statement.time)} (${statement.time})`],
        [verify.who, `${statement.principal}  ${statement.tenant}/${statement.workspace}`],
        [verify.what, `${texts.actions[statement.action]}  ${statement.subject}  (${statement.purpose})`],
        [verify.dataClass, texts.dataClasses[statement.dataClass]],
        [verify.result, `${texts.results[statement.result]}  HTTP ${statement.status}`],
        ...describeCarried(statement, context),
        [verify.policy, verify.revision(statement.platformRevision, statement.policyDigest)],
        [verify.usage, `${tokens}  ¥${usage.amountYen}`],
        [
          verify.ledger,
          verify.position(printable(checkpoint.origin), receipt.inclusion.index, checkpoint.size),
        ],
        [verify.crossing, receipt.id],
        [verify.form, verify.forms[form]],
        ...describePayloads(payloads, context),
      ],
      screen.width,
      2,
    ),
    ...(statement.carried?.assurance === 'declared'
      ? renderParagraph(verify.declaredNote, screen.width, 2)
      : []),
  ];
}

/** Every copy with its place, operator and country: what a residency receipt is for. */
function describeCarried(
  { carried }: OutcomeEntry,
  { texts }: CommandContext,
): (readonly [string, string])[] {
  const { verify } = texts;
  if (carried === undefined) return [[verify.copies, verify.notCarried]];
  return [
    ...carried.copies.map(
      ({ kind, site, place, operator, operatorCountry }, index) =>
        [
          index === 0 ? verify.copies : '',
          `${texts.copies[kind]}  ${place}  ${site}  ${verify.operatedBy(operator, operatorCountry)}`,
        ] as const,
    ),
    [verify.endpoint, carried.endpoint],
    [verify.assurance, texts.assurances[carried.assurance]],
  ];
}

function describePayloads(
  payloads: PayloadVerdicts,
  { texts, screen }: CommandContext,
): (readonly [string, string])[] {
  const describe = (verdict: PayloadVerdict): string => {
    const paint = verdict === 'matches' ? screen.paint.good : screen.paint.bad;
    return paint(texts.verify.payloads[verdict]);
  };
  return [
    ...(payloads.request === undefined
      ? []
      : [[texts.verify.requestText, describe(payloads.request)] as const]),
    ...(payloads.answer === undefined ? [] : [[texts.verify.answerText, describe(payloads.answer)] as const]),
  ];
}
