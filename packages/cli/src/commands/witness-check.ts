import { NOTE_BYTES_MAX, base64, policySatisfied } from '@sekisho/proof';
import type { PolicyVerdict } from '@sekisho/proof';
import { z } from 'zod';
import { readBounded } from '../bounded-file.ts';
import type { AddCommand, CommandContext } from '../command-context.ts';
import { CommonOptions, parseOptions, withCommonOptions } from '../command-options.ts';
import { printable } from '../printable-text.ts';
import { renderParagraph } from '../table.ts';
import { witnessStatementsJson } from '../witness-fields.ts';
import { readWitnessPolicy, witnessTime } from '../witness-policy-file.ts';

const absent = z.undefined().optional();
/** Commander takes the options of `witness` also behind `check`, where they mean nothing. */
const CheckOptions = CommonOptions.extend({
  policy: z.string().min(1),
  state: absent,
  name: absent,
  keyType: absent,
  listen: absent,
  log: z.array(z.string()).max(0).optional(),
});

/** Offline: whether a checkpoint is one that the witnesses of a policy vouch for. Exit code 0 or 1. */
export const addWitnessCheck: AddCommand = (group, context, finish) => {
  const { texts, screen, stdin } = context;
  const command = group
    .command('check')
    .summary(texts.witness.checkSummary)
    .description(texts.witness.checkDescription)
    .argument('<checkpoint>', texts.witness.checkpoint)
    .requiredOption('--policy <file>', texts.witness.policy);
  withCommonOptions(command, context).action(async (file: string) => {
    const { policy: policyFile, json } = parseOptions(CheckOptions, command.optsWithGlobals());
    const policy = await readWitnessPolicy(policyFile, context);
    const note = (await readBounded(file, NOTE_BYTES_MAX, stdin)).toString('utf8');
    const verdict = policySatisfied(policy, note);
    if (json) screen.json(verdictJson(verdict));
    else screen.lines(describeVerdict(verdict, context));
    finish(verdict.verdict === 'satisfied' ? 0 : 1);
  });
};

function verdictJson(verdict: PolicyVerdict): unknown {
  if (verdict.verdict === 'invalid') return verdict;
  const { origin, size, root } = verdict.checkpoint;
  return {
    verdict: verdict.verdict,
    checkpoint: { origin, size, root: base64(root) },
    witnesses: witnessStatementsJson(verdict.witnesses),
  };
}

function describeVerdict(verdict: PolicyVerdict, { texts, screen, language }: CommandContext): string[] {
  if (verdict.verdict === 'invalid') {
    const { message, where, code } = verdict;
    return [screen.paint.bad(texts.witness.invalid), `  ${message[language]} [${code}] ${where}`.trimEnd()];
  }
  const { checkpoint, witnesses } = verdict;
  const satisfied = verdict.verdict === 'satisfied';
  return [
    satisfied ? screen.paint.good(texts.witness.satisfied) : screen.paint.bad(texts.witness.unsatisfied),
    ...renderParagraph(texts.witness.tree(printable(checkpoint.origin), checkpoint.size), screen.width, 2),
    ...witnesses.map(({ witness, timeSeconds }) => `  ${printable(witness)}  ${witnessTime(timeSeconds)}`),
  ];
}
