import { resolve } from 'node:path';
import { cosignerAlgorithms, formatKeyId, isKeyName } from '@sekisho/proof';
import { Option, type Command } from 'commander';
import { z } from 'zod';
import type { AddCommand, CommandContext } from '../command-context.ts';
import { CommonOptions, parseOptions, withCommonOptions } from '../command-options.ts';
import { CommandFailure } from '../failure.ts';
import { renderParagraph } from '../table.ts';
import { openWitnessKeys, retireWitnessKey, rotateWitnessKey } from '../witness/witness-key.ts';
import type { WitnessKeys } from '../witness/witness-key.ts';

export const StateOptions = CommonOptions.extend({
  state: z.string().min(1).optional(),
  name: z.string().refine(isKeyName).optional(),
  keyType: z.enum(cosignerAlgorithms).optional(),
});
/** Commander gives the options of `witness` also when they stand behind `key`; some mean nothing there. */
const KeyOptions = StateOptions.extend({
  listen: z.undefined().optional(),
  log: z.array(z.string()).max(0).optional(),
});
const ChangeOptions = KeyOptions.extend({ name: z.undefined().optional() });

/** `key` shows a witness's keys; `key rotate` and `key retire` change them while it is stopped. */
export const addWitnessKey: AddCommand = (group, context, finish) => {
  const { texts, screen } = context;
  const command = group
    .command('key')
    .summary(texts.witness.keySummary)
    .description(texts.witness.keyDescription);
  withCommonOptions(withStateOptions(command, context), context).action(async () => {
    const { state, name, keyType, json } = parseOptions(KeyOptions, command.optsWithGlobals());
    const keys = await openWitnessKeys(stateFolder(state, context), { name, algorithm: keyType });
    if (json) screen.json(witnessKeysJson(keys));
    else screen.document(keys.cosigners.map(({ verifierKey }) => `${verifierKey}\n`).join(''));
    finish(0);
  });
  addRotate(command, context, finish);
  addRetire(command, context, finish);
};

function addRotate(group: Command, context: CommandContext, finish: (exitCode: number) => void): void {
  const { texts } = context;
  const command = group
    .command('rotate')
    .summary(texts.witness.rotateSummary)
    .description(texts.witness.rotateDescription);
  withCommonOptions(command, context).action(async () => {
    const { state, keyType, json } = parseOptions(ChangeOptions, command.optsWithGlobals());
    tell(await rotateWitnessKey(stateFolder(state, context), keyType), json, context);
    finish(0);
  });
}

function addRetire(group: Command, context: CommandContext, finish: (exitCode: number) => void): void {
  const { texts } = context;
  const command = group
    .command('retire')
    .summary(texts.witness.retireSummary)
    .description(texts.witness.retireDescription)
    .argument('<keyId>', texts.witness.keyId);
  withCommonOptions(command, context).action(async (keyId: string) => {
    const { state, json } = parseOptions(ChangeOptions, command.optsWithGlobals());
    tell(await retireWitnessKey(stateFolder(state, context), keyId), json, context);
    finish(0);
  });
}

function tell(keys: WitnessKeys, json: boolean, { texts, screen }: CommandContext): void {
  if (json) screen.json(witnessKeysJson(keys));
  else {
    screen.lines([
      ...renderParagraph(texts.witness.changed, screen.width),
      ...policyLines(keys, 'http://...'),
    ]);
  }
}

/** `verifierKey` is the newest. */
export function witnessKeysJson({ name, cosigners }: WitnessKeys) {
  const verifierKeys = cosigners.map(({ verifierKey }) => verifierKey);
  return { name, verifierKey: verifierKeys.at(-1) ?? '', verifierKeys };
}

/** What a policy says of this witness: while its key rotates, any of its keys stands for it (C2SP tlog-policy). */
export function policyLines({ name, cosigners }: WitnessKeys, url: string): string[] {
  if (cosigners.length === 1)
    return cosigners.map(({ verifierKey }) => `witness ${name} ${verifierKey} ${url}`);
  const named = cosigners.map(({ keyId, verifierKey }) => ({
    as: `${name}-${formatKeyId(keyId)}`,
    verifierKey,
  }));
  return [
    ...named.map(({ as, verifierKey }) => `witness ${as} ${verifierKey} ${url}`),
    `group ${name} any ${named.map(({ as }) => as).join(' ')}`,
  ];
}

export function withStateOptions(command: Command, { texts }: CommandContext): Command {
  return command
    .option('--state <dir>', texts.witness.state)
    .option('--name <name>', texts.witness.name)
    .addOption(new Option('--key-type <type>', texts.witness.keyType).choices([...cosignerAlgorithms]));
}

/** Not a required option for commander: it would also be required before the word `key`. */
export function stateFolder(state: string | undefined, { cwd }: CommandContext): string {
  if (state !== undefined) return resolve(cwd, state);
  throw new CommandFailure('usage', (texts) => texts.failures.missingOption('--state <dir>'));
}
