import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { CrossingId, Receipt } from '@sekisho/contract';
import { receiptFormOf, type ReceiptForm } from '@sekisho/proof';
import type { Command } from 'commander';
import { z } from 'zod';
import { reasonOf } from '../bounded-file.ts';
import { findCell } from '../cell-address.ts';
import { CellClient } from '../cell-client.ts';
import type { AddCommand, CommandContext } from '../command-context.ts';
import { ConnectionOptions, parseOptions, withConnectionOptions } from '../command-options.ts';
import { CommandFailure } from '../failure.ts';
import { renderParagraph } from '../table.ts';

const forms = ['sekisho-receipt', 'tlog-proof', 'cose'] as const satisfies readonly ReceiptForm[];
const GetOptions = ConnectionOptions.extend({
  output: z.string().optional(),
  format: z.enum(forms).default('sekisho-receipt'),
  witnessed: z.boolean().default(false),
});

export const addReceipts: AddCommand = (program, context, finish) => {
  const { texts } = context;
  const group = program
    .command('receipts')
    .summary(texts.receipts.summary)
    .description(texts.receipts.description);
  addGet(group, context, finish);
};

/**
 * The receipt's bytes as the cell served them: a verifier refuses a receipt that was reformatted,
 * so nothing is added, not even a line break.
 */
function addGet(group: Command, context: CommandContext, finish: (exitCode: number) => void): void {
  const { texts, screen } = context;
  const command = group
    .command('get')
    .summary(texts.receipts.getSummary)
    .description(texts.receipts.getDescription)
    .argument('<id>', texts.receipts.id)
    .option('--format <form>', texts.receipts.format)
    .option('-o, --output <file>', texts.receipts.output)
    .option('--witnessed', texts.receipts.witnessed);
  withConnectionOptions(command, context).action(async (id: string, values: unknown) => {
    const options = parseOptions(GetOptions, values);
    if (!CrossingId.safeParse(id).success) {
      throw new CommandFailure('usage', (each) => each.failures.badCrossingId(id));
    }
    const cell = new CellClient(await findCell(options, context));
    const receipt = await fetchReceipt(cell, id, options);
    if (options.output === undefined) writeOut(receipt, options.format, context);
    else {
      await writeReceipt(resolve(context.cwd, options.output), receipt);
      if (options.json) screen.json({ file: options.output });
      else screen.lines(renderParagraph(texts.receipts.written(options.output), screen.width));
    }
    finish(0);
  });
}

async function fetchReceipt(
  cell: CellClient,
  id: string,
  { format, witnessed }: z.output<typeof GetOptions>,
): Promise<Uint8Array> {
  const path = `/v1/receipts/${id}`;
  const query = witnessed ? { witnessed: 'required' } : {};
  if (format === 'sekisho-receipt') return Buffer.from(await cell.getVerbatim(path, Receipt, query));
  return cell.getBytes(path, { ...query, format }, (bytes) => receiptFormOf(bytes) === format);
}

function writeOut(receipt: Uint8Array, format: ReceiptForm, { screen }: CommandContext): void {
  if (format !== 'cose') screen.document(Buffer.from(receipt).toString('utf8'));
  else if (!screen.bytes(receipt)) throw new CommandFailure('usage', (texts) => texts.receipts.binary);
}

async function writeReceipt(file: string, receipt: Uint8Array): Promise<void> {
  try {
    await writeFile(file, receipt);
  } catch (error) {
    throw new CommandFailure(
      'file_unwritable',
      (texts) => texts.failures.fileUnwritable(file, reasonOf(error)),
      {
        cause: error,
      },
    );
  }
}
