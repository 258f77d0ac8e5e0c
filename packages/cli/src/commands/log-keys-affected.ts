import { AffectedCrossings, Receipt } from '@sekisho/contract';
import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { z } from 'zod';
import { reasonOf } from '../bounded-file.ts';
import { findCell } from '../cell-address.ts';
import { CellClient } from '../cell-client.ts';
import type { CommandContext } from '../command-context.ts';
import { ConnectionOptions, parseOptions, withConnectionOptions } from '../command-options.ts';
import { CommandFailure } from '../failure.ts';
import { japanTime } from '../japan-time.ts';
import { renderParagraph } from '../table.ts';
import { requireKey } from '../named-log-key.ts';

const Options = ConnectionOptions.extend({
  earlier: z.boolean().default(false),
  csv: z.boolean().default(false),
  reissue: z.string().min(1).optional(),
});

type Affected = Omit<AffectedCrossings, 'next'>;

/** Which receipts rest on a compromised key alone; with `--reissue`, fresh ones in their place. */
export function addAffected(
  group: Command,
  context: CommandContext,
  finish: (exitCode: number) => void,
): void {
  const { screen } = context;
  const { logKeys: texts } = context.texts;
  const command = group
    .command('affected')
    .summary(texts.affectedSummary)
    .description(texts.affectedDescription)
    .argument('<log>', texts.log)
    .argument('<keyId>', texts.keyId)
    .option('--earlier', texts.earlier)
    .option('--csv', texts.csv)
    .option('--reissue <dir>', texts.reissue);
  withConnectionOptions(command, context).action(async (log: string, keyId: string, values: unknown) => {
    const options = parseOptions(Options, values);
    requireKey(log, keyId);
    const cell = new CellClient(await findCell(options, context));
    const affected = await readAll(cell, `/admin/v1/log-keys/${log}/affected`, keyId, options.earlier);
    if (options.reissue !== undefined) await reissue(cell, affected, resolve(context.cwd, options.reissue));
    if (options.csv && !options.json) screen.document(csvOf(affected));
    else {
      screen.answer(affected, options.json, () => [
        ...describe(affected, context),
        ...(options.reissue === undefined
          ? []
          : [texts.reissued(affected.crossings.length, options.reissue)]),
      ]);
    }
    finish(0);
  });
}

/** The ranges do not change from page to page: they are about a key that has ended. */
async function readAll(cell: CellClient, path: string, keyId: string, earlier: boolean): Promise<Affected> {
  const crossings: AffectedCrossings['crossings'] = [];
  for (let from: number | undefined; ;) {
    const page = await cell.get(path, AffectedCrossings, { keyId, earlier: String(earlier), from });
    crossings.push(...page.crossings);
    const { log, ranges, next } = page;
    // A cell that does not go forward would keep us for ever.
    if (next === undefined || next <= (from ?? -1)) return { log, keyId, ranges, crossings };
    from = next;
  }
}

async function reissue(cell: CellClient, { crossings }: Affected, folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
  } catch (error) {
    throw unwritable(folder, error);
  }
  for (const { crossing } of crossings) {
    const file = join(folder, `${crossing}.json`);
    const receipt = await cell.getVerbatim(`/v1/receipts/${crossing}`, Receipt);
    try {
      await writeFile(file, receipt);
    } catch (error) {
      throw unwritable(file, error);
    }
  }
}

/** Nothing in it can be a formula: ids, numbers, times and slugs. */
function csvOf({ crossings }: Affected): string {
  const rows = crossings.map(({ crossing, index, time, tenant, workspace }) =>
    [crossing, index, time, tenant, workspace].join(','),
  );
  return `${['crossing,index,time,tenant,workspace', ...rows].join('\r\n')}\r\n`;
}

function describe({ ranges, crossings }: Affected, { texts, screen }: CommandContext): string[] {
  const { logKeys } = texts;
  if (ranges.length === 0) return renderParagraph(logKeys.noRange, screen.width);
  return [
    ...ranges.flatMap(({ fromSize, toSize }) =>
      renderParagraph(logKeys.range(fromSize, toSize), screen.width),
    ),
    logKeys.crossings(crossings.length),
    ...crossings.map(
      ({ crossing, time, tenant, workspace }) => `  ${crossing}  ${japanTime(time)}  ${tenant}/${workspace}`,
    ),
  ];
}

function unwritable(file: string, cause: unknown): CommandFailure {
  return new CommandFailure(
    'file_unwritable',
    (texts) => texts.failures.fileUnwritable(file, reasonOf(cause)),
    {
      cause,
    },
  );
}
