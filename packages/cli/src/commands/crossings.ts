import {
  Action,
  Assurance,
  CrossingId,
  CrossingList,
  CrossingQuery,
  CrossingRebuild,
  CrossingResult,
  CrossingSummary,
  DataClass,
} from '@sekisho/contract';
import type { Command } from 'commander';
import { z } from 'zod';
import { findCell } from '../cell-address.ts';
import { CellClient } from '../cell-client.ts';
import type { AddCommand, CommandContext } from '../command-context.ts';
import { ConnectionOptions, parseOptions, withConnectionOptions } from '../command-options.ts';
import { describeCrossing, describeCrossingFully, describeRebuild } from '../crossing-screen.ts';
import { CommandFailure } from '../failure.ts';
import { printableDeep } from '../printable-text.ts';
import { addFind } from './find-payload.ts';

/** `--all --json` is one document in memory; beyond this JSON Lines has no such limit. */
const JSON_CROSSINGS_MAX = 100_000;
const PAGE_OF_ALL = 1000;
const POLL_MS = 500;

const Flag = z.boolean().default(false);
const ListOptions = ConnectionOptions.extend(CrossingQuery.shape).extend({
  csv: Flag,
  jsonl: Flag,
  all: Flag,
});
const RebuildOptions = ConnectionOptions.extend({ status: Flag });

export const addCrossings: AddCommand = (program, context, finish) => {
  const { texts } = context;
  const group = program
    .command('crossings')
    .summary(texts.crossings.summary)
    .description(texts.crossings.description);
  addList(group, context, finish);
  addShow(group, context, finish);
  addFind(group, context, finish);
  addRebuild(group, context, finish);
};

function addList(group: Command, context: CommandContext, finish: (exitCode: number) => void): void {
  const { texts, screen } = context;
  const { crossings: t } = texts;
  const command = group
    .command('list')
    .summary(t.listSummary)
    .description(t.listDescription)
    .option('--tenant <id>', texts.options.tenant)
    .option('--workspace <id>', texts.options.workspace)
    .option('--from <when>', t.from)
    .option('--to <when>', t.to)
    .option('--principal <name>', t.principal)
    .option('--action <action>', t.oneOf(Action.options))
    .option('--place <code>', t.place)
    .option('--decision <decision>', t.oneOf(['allow', 'deny']))
    .option('--result <result>', t.oneOf(CrossingResult.options))
    .option('--data-class <class>', t.oneOf(DataClass.options))
    .option('--model <name>', texts.options.model)
    .option('--endpoint <id>', t.endpoint)
    .option('--assurance <level>', t.oneOf(Assurance.options))
    .option('--request-commitment <commitment>', t.requestCommitment)
    .option('--answer-commitment <commitment>', t.answerCommitment)
    .option('--limit <n>', t.limit)
    .option('--cursor <cursor>', t.cursor)
    .option('--all', t.all)
    .option('--csv', t.csv)
    .option('--jsonl', t.jsonl);
  withConnectionOptions(command, context).action(async (values: unknown) => {
    const options = parseOptions(ListOptions, values);
    const { csv, jsonl, all, json, url: _url, adminKeyFile: _file, home: _home, ...query } = options;
    if (csv && jsonl)
      throw new CommandFailure('usage', (each) => each.failures.conflicting('--csv', '--jsonl'));
    const cell = new CellClient(await findCell(options, context));
    if (csv) await exportTo(cell, 'text/csv', query, context);
    else if (jsonl) await exportTo(cell, 'application/jsonl', query, context);
    else if (all) await listAll(cell, query, json, context);
    else screen.answer(await page(cell, query), json, (list) => describeList(list, context));
    finish(0);
  });
}

function page(cell: CellClient, query: CrossingQuery): Promise<CrossingList> {
  return cell.get('/admin/v1/crossings', CrossingList, query);
}

function describeList({ crossings, nextCursor }: CrossingList, context: CommandContext): string[] {
  const { texts } = context;
  if (crossings.length === 0) return [texts.crossings.none];
  return [
    ...crossings.flatMap((crossing) => describeCrossing(crossing, context)),
    ...(nextCursor === undefined ? [] : ['', texts.crossings.more, `--cursor ${nextCursor}`]),
  ];
}

/** The cell streams all pages; they pass through as they come. */
async function exportTo(
  cell: CellClient,
  type: string,
  query: CrossingQuery,
  { screen, texts }: CommandContext,
): Promise<void> {
  let bytes = 0;
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  try {
    for await (const chunk of cell.stream('/admin/v1/crossings', type, query)) {
      bytes += chunk.length;
      screen.document(decoder.decode(chunk, { stream: true }));
      screen.progress(texts.crossings.bytesRead(bytes));
    }
  } finally {
    screen.progress('');
  }
}

/** Page after page by their cursors. A person sees each as it comes. */
async function listAll(
  cell: CellClient,
  query: CrossingQuery,
  json: boolean,
  context: CommandContext,
): Promise<void> {
  const { screen, texts } = context;
  const crossings: CrossingSummary[] = [];
  let shown = 0;
  let cursor = query.cursor;
  try {
    do {
      const list = await page(cell, { ...query, limit: query.limit ?? PAGE_OF_ALL, cursor });
      shown += list.crossings.length;
      cursor = list.nextCursor;
      if (json) crossings.push(...list.crossings);
      else screen.lines(printableDeep(list.crossings).flatMap((each) => describeCrossing(each, context)));
      if (crossings.length > JSON_CROSSINGS_MAX) {
        throw new CommandFailure('usage', (each) => each.crossings.tooMany(JSON_CROSSINGS_MAX));
      }
      screen.progress(texts.crossings.progress(shown));
    } while (cursor !== undefined);
  } finally {
    screen.progress('');
  }
  if (json) screen.json({ crossings });
  else if (shown === 0) screen.lines([texts.crossings.none]);
}

function addShow(group: Command, context: CommandContext, finish: (exitCode: number) => void): void {
  const { texts, screen } = context;
  const command = group
    .command('show')
    .summary(texts.crossings.showSummary)
    .description(texts.crossings.showDescription)
    .argument('<id>', texts.receipts.id);
  withConnectionOptions(command, context).action(async (id: string, values: unknown) => {
    const options = parseOptions(ConnectionOptions, values);
    if (!CrossingId.safeParse(id).success) {
      throw new CommandFailure('usage', (each) => each.failures.badCrossingId(id));
    }
    const cell = new CellClient(await findCell(options, context));
    const crossing = await cell.get(`/admin/v1/crossings/${id}`, CrossingSummary);
    screen.answer(crossing, options.json, (shown) => describeCrossingFully(shown, context));
    finish(0);
  });
}

/** Exit code 1 when it failed; what was there before is still in force then. */
function addRebuild(group: Command, context: CommandContext, finish: (exitCode: number) => void): void {
  const { texts, screen } = context;
  const command = group
    .command('rebuild')
    .summary(texts.crossings.rebuildSummary)
    .description(texts.crossings.rebuildDescription)
    .option('--status', texts.crossings.status);
  withConnectionOptions(command, context).action(async (values: unknown) => {
    const options = parseOptions(RebuildOptions, values);
    const cell = new CellClient(await findCell(options, context));
    const path = '/admin/v1/crossings/rebuild';
    let state = options.status
      ? await cell.get(path, CrossingRebuild)
      : await cell.post(path, {}, CrossingRebuild);
    while (!options.status && state.rebuild.state === 'running') {
      const { entriesRead, entriesTotal } = state.rebuild;
      screen.progress(texts.crossings.rebuilding(entriesRead, entriesTotal));
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      state = await cell.get(path, CrossingRebuild);
    }
    screen.progress('');
    screen.answer(state, options.json, (shown) => describeRebuild(shown, context));
    finish(state.rebuild.state === 'failed' ? 1 : 0);
  });
}
