import { CompromisedLogKey, LogKeyList, LogKeySummary, RetireLogKey } from '@sekisho/contract';
import type { Command } from 'commander';
import { z } from 'zod';
import { findCell } from '../cell-address.ts';
import { CellClient } from '../cell-client.ts';
import type { AddCommand, CommandContext } from '../command-context.ts';
import { ConnectionOptions, parseOptions, withConnectionOptions } from '../command-options.ts';
import { japanTime } from '../japan-time.ts';
import { requireKey, requireLog } from '../named-log-key.ts';
import { renderParagraph, renderTable } from '../table.ts';
import { addAffected } from './log-keys-affected.ts';

const wholeNumber = z
  .string()
  .regex(/^\d{1,16}$/)
  .transform(Number);
const RetireOptions = ConnectionOptions.extend({
  overlapSecondsMin: wholeNumber.pipe(RetireLogKey.shape.overlapSecondsMin.unwrap()).default(0),
});
const CompromisedOptions = ConnectionOptions.extend({
  trustedToSize: wholeNumber.pipe(CompromisedLogKey.shape.trustedToSize.unwrap()).default(0),
});

/** The keys that sign the cell's logs: `list`, `rotate`, `retire`, `compromised`, `affected`. */
export const addLogKeys: AddCommand = (program, context, finish) => {
  const { texts } = context;
  const group = program
    .command('log-keys')
    .summary(texts.logKeys.summary)
    .description(texts.logKeys.description);
  addList(group, context, finish);
  addRotate(group, context, finish);
  addRetire(group, context, finish);
  addCompromised(group, context, finish);
  addAffected(group, context, finish);
};

function addList(group: Command, context: CommandContext, finish: (exitCode: number) => void): void {
  const { screen } = context;
  const { logKeys: texts } = context.texts;
  const command = group.command('list').summary(texts.listSummary).description(texts.listDescription);
  withConnectionOptions(command, context).action(async (values: unknown) => {
    const options = parseOptions(ConnectionOptions, values);
    const cell = new CellClient(await findCell(options, context));
    const list = await cell.get('/admin/v1/log-keys', LogKeyList);
    screen.answer(list, options.json, ({ keys }) =>
      keys.length === 0 ? [texts.none] : keyTable(keys, context),
    );
    finish(0);
  });
}

function keyTable(keys: readonly LogKeySummary[], { texts, screen }: CommandContext): string[] {
  const { logKeys } = texts;
  return renderTable(
    [
      { heading: logKeys.logHeading, breakable: true },
      { heading: logKeys.keyHeading },
      { heading: logKeys.stateHeading, breakable: true },
      { heading: logKeys.treesHeading, breakable: true },
      { heading: logKeys.sinceHeading, breakable: true },
    ],
    keys.map(({ log, keyId, state, fromSize, toSize, trustedToSize, since }) => [
      log,
      keyId,
      trustedToSize === undefined
        ? logKeys.states[state]
        : `${logKeys.states[state]} (${logKeys.trusted(trustedToSize)})`,
      fromSize === undefined ? '' : logKeys.trees(fromSize, toSize),
      since === undefined ? '' : japanTime(since),
    ]),
    screen.width,
  );
}

function addRotate(group: Command, context: CommandContext, finish: (exitCode: number) => void): void {
  const { screen } = context;
  const { logKeys: texts } = context.texts;
  const command = group
    .command('rotate')
    .summary(texts.rotateSummary)
    .description(texts.rotateDescription)
    .argument('<log>', texts.log);
  withConnectionOptions(command, context).action(async (log: string, values: unknown) => {
    const options = parseOptions(ConnectionOptions, values);
    requireLog(log);
    const cell = new CellClient(await findCell(options, context));
    const key = await cell.post(`/admin/v1/log-keys/${log}/rotate`, {}, LogKeySummary);
    screen.answer(key, options.json, ({ keyId, verifierKey }) => [
      ...renderParagraph(texts.rotated(keyId, log), screen.width),
      ...renderParagraph(texts.handOut, screen.width),
      verifierKey,
    ]);
    finish(0);
  });
}

function addRetire(group: Command, context: CommandContext, finish: (exitCode: number) => void): void {
  const { screen } = context;
  const { logKeys: texts } = context.texts;
  const command = group
    .command('retire')
    .summary(texts.retireSummary)
    .description(texts.retireDescription)
    .argument('<log>', texts.log)
    .argument('<keyId>', texts.keyId)
    .option('--overlap-seconds-min <n>', texts.overlap);
  withConnectionOptions(command, context).action(async (log: string, keyId: string, values: unknown) => {
    const options = parseOptions(RetireOptions, values);
    requireKey(log, keyId);
    const { overlapSecondsMin } = options;
    const cell = new CellClient(await findCell(options, context));
    const body = { keyId, overlapSecondsMin };
    const key = await cell.post(`/admin/v1/log-keys/${log}/retire`, body, LogKeySummary);
    screen.answer(key, options.json, ({ toSize = 0 }) =>
      renderParagraph(texts.retired(keyId, log, toSize), screen.width),
    );
    finish(0);
  });
}

function addCompromised(group: Command, context: CommandContext, finish: (exitCode: number) => void): void {
  const { screen } = context;
  const { logKeys: texts } = context.texts;
  const command = group
    .command('compromised')
    .summary(texts.compromisedSummary)
    .description(texts.compromisedDescription)
    .argument('<log>', texts.log)
    .argument('<keyId>', texts.keyId)
    .option('--trusted-to-size <n>', texts.trustedToSize);
  withConnectionOptions(command, context).action(async (log: string, keyId: string, values: unknown) => {
    const options = parseOptions(CompromisedOptions, values);
    requireKey(log, keyId);
    const { trustedToSize } = options;
    const cell = new CellClient(await findCell(options, context));
    const body = { keyId, trustedToSize };
    const key = await cell.post(`/admin/v1/log-keys/${log}/compromised`, body, LogKeySummary);
    screen.answer(key, options.json, () => [
      ...renderParagraph(texts.disowned(keyId, log, trustedToSize), screen.width),
      ...renderParagraph(texts.handOut, screen.width),
      texts.next,
      `  sekisho log-keys affected ${log} ${keyId} --reissue receipts`,
    ]);
    finish(0);
  });
}
