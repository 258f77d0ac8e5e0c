import { ApiKeySummary, CreateKeyRequest, CreatedKey, KeyList } from '@sekisho/contract';
import type { Command } from 'commander';
import { findCell } from '../cell-address.ts';
import { CellClient } from '../cell-client.ts';
import type { AddCommand, CommandContext } from '../command-context.ts';
import { ConnectionOptions, parseOptions, withConnectionOptions } from '../command-options.ts';
import { CommandFailure } from '../failure.ts';
import { japanDay, japanTime } from '../japan-time.ts';
import { renderParagraph, renderTable } from '../table.ts';

const CreateOptions = ConnectionOptions.extend(CreateKeyRequest.shape);
const keyIdPattern = /^[A-Za-z0-9_-]{1,64}$/;

export const addKeys: AddCommand = (program, context, finish) => {
  const { texts } = context;
  const group = program.command('keys').summary(texts.keys.summary).description(texts.keys.description);
  addCreate(group, context, finish);
  addList(group, context, finish);
  addRevoke(group, context, finish);
};

function addCreate(group: Command, context: CommandContext, finish: (exitCode: number) => void): void {
  const { texts, screen } = context;
  const command = group
    .command('create')
    .summary(texts.keys.createSummary)
    .description(texts.keys.createDescription)
    .requiredOption('--tenant <id>', texts.options.tenant)
    .requiredOption('--workspace <id>', texts.options.workspace)
    .option('--label <text>', texts.keys.label);
  withConnectionOptions(command, context).action(async (values: unknown) => {
    const options = parseOptions(CreateOptions, values);
    const { tenant, workspace, label } = options;
    const cell = new CellClient(await findCell(options, context));
    const created = await cell.post('/admin/v1/keys', { tenant, workspace, label }, CreatedKey);
    screen.answer(created, options.json, ({ key, secret }) => [
      ...renderParagraph(texts.keys.created(key.keyId, `${key.tenant}/${key.workspace}`), screen.width),
      '',
      `  ${screen.paint.heading(secret)}`,
      '',
      ...renderParagraph(texts.keys.shownOnce, screen.width),
      '',
      `  export OPENAI_BASE_URL=${new URL('/v1', cell.url).href}`,
      `  export OPENAI_API_KEY=${secret}`,
    ]);
    finish(0);
  });
}

function addList(group: Command, context: CommandContext, finish: (exitCode: number) => void): void {
  const { texts, screen } = context;
  const command = group
    .command('list')
    .summary(texts.keys.listSummary)
    .description(texts.keys.listDescription);
  withConnectionOptions(command, context).action(async (values: unknown) => {
    const options = parseOptions(ConnectionOptions, values);
    const cell = new CellClient(await findCell(options, context));
    const list = await cell.get('/admin/v1/keys', KeyList);
    screen.answer(list, options.json, ({ keys }) =>
      keys.length === 0
        ? [texts.keys.none]
        : renderTable(
            [
              { heading: texts.keys.keyId },
              { heading: texts.keys.workspace, breakable: true },
              { heading: texts.keys.labelHeading, breakable: true },
              { heading: texts.keys.state, breakable: true },
            ],
            keys.map((key) => [
              key.keyId,
              `${key.tenant}/${key.workspace}`,
              key.label,
              key.revokedAt === undefined
                ? texts.keys.active(japanDay(key.createdAt))
                : texts.keys.revokedAt(japanDay(key.revokedAt)),
            ]),
            screen.width,
          ),
    );
    finish(0);
  });
}

function addRevoke(group: Command, context: CommandContext, finish: (exitCode: number) => void): void {
  const { texts, screen } = context;
  const command = group
    .command('revoke')
    .summary(texts.keys.revokeSummary)
    .description(texts.keys.revokeDescription)
    .argument('<keyId>', texts.keys.keyIdArgument);
  withConnectionOptions(command, context).action(async (keyId: string, values: unknown) => {
    const options = parseOptions(ConnectionOptions, values);
    // It becomes part of a path: nothing but a plain id may.
    if (!keyIdPattern.test(keyId)) throw new CommandFailure('usage', (each) => each.failures.badKeyId(keyId));
    const cell = new CellClient(await findCell(options, context));
    const key = await cell.post(`/admin/v1/keys/${keyId}/revoke`, {}, ApiKeySummary);
    screen.answer(key, options.json, (shown) =>
      renderParagraph(
        texts.keys.revoked(
          shown.keyId,
          `${shown.tenant}/${shown.workspace}`,
          japanTime(shown.revokedAt ?? ''),
        ),
        screen.width,
      ),
    );
    finish(0);
  });
}
