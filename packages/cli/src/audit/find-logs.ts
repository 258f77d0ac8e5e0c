import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Slug } from '@sekisho/contract';
import { NOTE_BYTES_MAX } from '@sekisho/proof';
import { reasonOf } from '../bounded-file.ts';
import { CommandFailure } from '../failure.ts';
import { filesOf, isAddress } from './log-files.ts';

/** More than a platform can declare tenants. */
const LOGS_MAX = 10_000;
const CELL = 'cell';

/** What a place holds. */
export type FoundLogs =
  | { readonly kind: 'one'; readonly place: string }
  | {
      readonly kind: 'cell';
      /** Where the cell's own log is; undefined where it is not in the copy. */
      readonly cellLog: string | undefined;
      /** Of the other logs, by origin: several where a folder has two copies of one. Undefined where only anchors tell. */
      readonly others: readonly { readonly origin: string; readonly place: string }[] | undefined;
    };

/**
 * One log, or all of a cell: `$SEKISHO_HOME`, its `ledger`, `ledger/logs` or a copy of that; an address with
 * `all`. Throws `file_unreadable` where there is no log.
 */
export async function findLogs(place: string, all: boolean, apiKey: string | undefined): Promise<FoundLogs> {
  if (isAddress(place)) {
    if (!all) return { kind: 'one', place };
    const base = place.replace(/\/+$/, '').replace(/\/ledger$/, '');
    return { kind: 'cell', cellLog: `${base}/ledger/${CELL}`, others: undefined };
  }
  if ((await originAt(place, apiKey)) !== undefined) return { kind: 'one', place };
  for (const folder of [place, join(place, 'logs'), join(place, 'ledger', 'logs')]) {
    const logs = await logsIn(folder, apiKey);
    if (logs.length === 0) continue;
    const cellLog = logs.find(({ origin }) => origin.endsWith(`/ledger/${CELL}`));
    return {
      kind: 'cell',
      cellLog: cellLog?.place,
      others: logs.filter((log) => log !== cellLog),
    };
  }
  throw new CommandFailure('file_unreadable', (texts) => texts.audit.noCheckpoint(place));
}

/** Where the log of an anchor is to be found on the cell of `cellLog`; undefined for what is no log of that cell. */
export function placeOfAnchored(cellLog: string, cellOrigin: string, origin: string): string | undefined {
  const prefix = cellOrigin.slice(0, -CELL.length);
  // The origin is a text of the log: only a plain name may become a part of an address.
  const name = origin.startsWith(prefix) ? Slug.safeParse(origin.slice(prefix.length)).data : undefined;
  return name === undefined || name === CELL ? undefined : `${cellLog.slice(0, -CELL.length)}${name}`;
}

async function logsIn(
  folder: string,
  apiKey: string | undefined,
): Promise<{ readonly origin: string; readonly place: string }[]> {
  const logs: { readonly origin: string; readonly place: string }[] = [];
  for (const name of await foldersIn(folder)) {
    const origin = await originAt(join(folder, name), apiKey);
    if (origin !== undefined) logs.push({ origin, place: join(folder, name) });
  }
  return logs;
}

async function foldersIn(folder: string): Promise<string[]> {
  try {
    const found = await readdir(folder, { withFileTypes: true });
    const names = found.filter((each) => each.isDirectory()).map(({ name }) => name);
    if (names.length > LOGS_MAX) {
      throw new CommandFailure('file_unreadable', (texts) => texts.audit.tooManyLogs(folder, LOGS_MAX));
    }
    return names.toSorted();
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(reasonOf(error))) return [];
    throw error instanceof CommandFailure
      ? error
      : new CommandFailure('file_unreadable', (texts) =>
          texts.failures.fileUnreadable(folder, reasonOf(error)),
        );
  }
}

/** What the first line of the checkpoint says; undefined where there is none. */
async function originAt(place: string, apiKey: string | undefined): Promise<string | undefined> {
  const note = await filesOf(place, apiKey).read('checkpoint', NOTE_BYTES_MAX);
  return note === undefined ? undefined : Buffer.from(note).toString('utf8').split('\n', 1)[0];
}
