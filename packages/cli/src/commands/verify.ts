import type { OutcomeEntry } from '@sekisho/contract';
import {
  base64,
  checkPayload,
  receiptFormOf,
  requireWitnesses,
  verifyAnyReceipt,
  verifyTlogProof,
  type Checkpoint,
  type PayloadVerdict,
  type ReceiptForm,
  type StatementVerdict,
  type VerifierKey,
  type WitnessesVerdict,
} from '@sekisho/proof';
import { z } from 'zod';
import { readBounded } from '../bounded-file.ts';
import type { AddCommand, CommandContext } from '../command-context.ts';
import { CommonOptions, parseOptions, withCommonOptions } from '../command-options.ts';
import { CommandFailure } from '../failure.ts';
import { japanTime } from '../japan-time.ts';
import { printable, printableDeep } from '../printable-text.ts';
import { signerNames, signerWarning, signersJson, trustWithinSize } from '../signers.ts';
import { renderFields, renderParagraph } from '../table.ts';
import { readTrustedKeys } from '../trusted-keys.ts';
import { witnessFields, witnessStatementsJson } from '../witness-fields.ts';
import { readWitnessPolicy } from '../witness-policy-file.ts';

const Options = CommonOptions.extend({
  key: z.string().optional(),
  request: z.string().optional(),
  answer: z.string().optional(),
  home: z.string().optional(),
  witnessPolicy: z.string().optional(),
  anchor: z.string().optional(),
  withinTrustedSize: z.boolean().default(false),
});

type ValidVerdict = Extract<StatementVerdict, { verdict: 'valid' }> & { readonly form: ReceiptForm };
type InvalidVerdict = Extract<StatementVerdict, { verdict: 'invalid' }>;
/** What a policy says of a valid receipt; undefined where none was given. */
type Satisfied = Extract<WitnessesVerdict, { verdict: 'satisfied' }> | undefined;
interface PayloadVerdicts {
  readonly request?: PayloadVerdict;
  readonly answer?: PayloadVerdict;
}

/** Larger files are not read at all; what is above a receipt's own bound is invalid. */
const FILE_BYTES_MAX = 64 * 1024 * 1024;

/**
 * Offline: reads files, asks nobody. Exit code 0 when the receipt is valid, the witnesses of a policy
 * that was given have cosigned, and every text given is the one it commits to; 1 when not.
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
    .option('--witness-policy <file>', texts.verify.witnessPolicy)
    .option('--anchor <file>', texts.verify.anchorProof)
    .option('--within-trusted-size', texts.verify.withinTrustedSize)
    .option('--home <dir>', texts.options.home);
  withCommonOptions(command, context).action(async (file: string, values: unknown) => {
    const options = parseOptions(Options, values);
    requireOneStdin([
      file,
      options.key,
      options.request,
      options.answer,
      options.witnessPolicy,
      options.anchor,
    ]);
    // Compromised keys too: to say why a receipt is refused, not to trust them.
    const known = await readTrustedKeys(options.key, options.home, context, { withCompromised: true });
    const keys = options.withinTrustedSize ? trustWithinSize(known) : known;
    const policy =
      options.witnessPolicy === undefined
        ? undefined
        : await readWitnessPolicy(options.witnessPolicy, context);
    const receiptBytes = await readBounded(file, FILE_BYTES_MAX, context.stdin);
    const payloads = {
      ...(await readPayload('request', options.request, context)),
      ...(await readPayload('answer', options.answer, context)),
    };
    const verdict = await verifyWithAnchor(receiptBytes, options.anchor, keys, context);
    const demanded = policy && verdict.verdict === 'valid' ? requireWitnesses(verdict, policy) : undefined;
    if (verdict.verdict === 'invalid') {
      if (options.json) screen.json(verdict);
      else screen.lines(describeInvalid(texts.verify.invalid, verdict, context));
      finish(1);
      return;
    }
    if (demanded?.verdict === 'invalid') {
      if (options.json) screen.json({ ...demanded, witnesses: witnessStatementsJson(demanded.witnesses) });
      else screen.lines(describeUnwitnessed(verdict, demanded, context));
      finish(1);
      return;
    }
    const checked = checkPayload(verdict.receipt, payloads);
    if (options.json) screen.json(verdictJson(verdict, demanded, checked));
    else {
      const statement = printableDeep(verdict.receipt.statement);
      screen.lines(describeValid(statement, verdict, demanded, checked, context));
    }
    finish(Object.values(checked).every((each) => each === 'matches') ? 0 : 1);
  });
};

/** `anchorFile` is the second file of a pair of tlog-proofs: other forms carry theirs, or can have none. */
async function verifyWithAnchor(
  bytes: Uint8Array,
  anchorFile: string | undefined,
  keys: readonly VerifierKey[],
  { stdin }: CommandContext,
): Promise<StatementVerdict & { readonly form: ReceiptForm }> {
  if (anchorFile === undefined) return verifyAnyReceipt(bytes, keys);
  const anchorProof = await readBounded(anchorFile, FILE_BYTES_MAX, stdin);
  const form = receiptFormOf(bytes);
  if (form !== 'tlog-proof') throw new CommandFailure('usage', (texts) => texts.failures.anchorOfOtherForm);
  return { form, ...verifyTlogProof(bytes, keys, anchorProof) };
}

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

function verdictJson(
  { form, receipt, checkpoint, witnessed }: ValidVerdict,
  demanded: Satisfied,
  payloads: PayloadVerdicts,
): unknown {
  return {
    verdict: 'valid',
    form,
    receipt,
    checkpoint: checkpointJson(checkpoint),
    signedBy: signersJson(checkpoint.signedBy),
    ...(witnessed && {
      witnessed: {
        checkpoint: checkpointJson(witnessed.checkpoint),
        anchor: witnessed.anchor,
        ...(demanded
          ? { quorum: 'met', witnesses: witnessStatementsJson(demanded.witnesses) }
          : { quorum: 'not-judged', unverified: witnessed.unverified }),
      },
    }),
    payloads,
  };
}

function checkpointJson({ origin, size, root }: Checkpoint): unknown {
  return { origin, size, root: base64(root) };
}

function describeInvalid(
  headline: string,
  { code, where, message }: Pick<InvalidVerdict, 'code' | 'where' | 'message'>,
  { texts, screen, language }: CommandContext,
): string[] {
  return [
    screen.paint.bad(headline),
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

/** The receipt is well signed; it is the witnesses that are missing. */
function describeUnwitnessed(
  { witnessed }: ValidVerdict,
  demanded: Extract<WitnessesVerdict, { verdict: 'invalid' }>,
  context: CommandContext,
): string[] {
  const { texts, screen } = context;
  return [
    ...describeInvalid(texts.verify.unwitnessed, demanded, context),
    ...(witnessed ? renderFields(witnessFields(witnessed, demanded, context), screen.width, 2) : []),
  ];
}

function describeValid(
  statement: OutcomeEntry,
  { form, receipt, checkpoint, witnessed }: ValidVerdict,
  demanded: Satisfied,
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
        [verify.signedBy, signerNames(checkpoint.signedBy, context)],
        ...(witnessed ? witnessFields(witnessed, demanded, context) : []),
        [verify.crossing, receipt.id],
        [verify.form, verify.forms[form]],
        ...describePayloads(payloads, context),
      ],
      screen.width,
      2,
    ),
    ...signerWarning(checkpoint.signedBy, context),
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
