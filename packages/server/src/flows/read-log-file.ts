import { SekishoError, Slug } from '@sekisho/contract';
import { parseTilePath } from '@sekisho/proof';
import type { Principal } from '../domains/identity/index.ts';
import type { Ledger, WitnessedCheckpointStore } from '../domains/ledger/index.ts';

/** A key's holder, or anyone where the cell's settings open its ledger. */
export type LogReader = Principal | 'anyone';

export interface LogFile {
  /** A checkpoint is replaced as the log grows; the others never change. */
  readonly kind: 'checkpoint' | 'tile' | 'entries';
  readonly bytes: Uint8Array;
}

/**
 * One resource of a log as C2SP tlog-tiles names them: `checkpoint`, `tile/0/x001/234.p/5`,
 * `tile/entries/000`. The path is parsed into numbers, so no text of a reader's becomes the name of a file.
 * A log that the reader may not read looks like none. Beside them, `checkpoint.witnessed`: the newest
 * checkpoint that witnesses have cosigned.
 *
 * @throws SekishoError `not_found`
 */
export async function readLogFile(
  ledger: Ledger,
  reader: LogReader,
  log: string,
  path: string,
  witnessed?: Pick<WitnessedCheckpointStore, 'read'>,
): Promise<LogFile> {
  if (!mayRead(reader, log) || !Slug.safeParse(log).success || !ledger.logs().includes(log)) {
    throw notFound(log, path);
  }
  if (path === 'checkpoint') {
    return { kind: 'checkpoint', bytes: Buffer.from(ledger.checkpoint(log).note, 'utf8') };
  }
  if (path === 'checkpoint.witnessed') {
    const note = await witnessed?.read(log);
    if (note === undefined) throw notFound(log, path);
    return { kind: 'checkpoint', bytes: Buffer.from(note, 'utf8') };
  }
  const asked = parseTilePath(path);
  if (asked === undefined) throw notFound(log, path);
  const { kind, tile } = asked;
  const bytes =
    kind === 'tile'
      ? await ledger.readTile(log, tile)
      : await ledger.readEntryBundle(log, tile.index, tile.width);
  if (bytes === undefined) throw notFound(log, path);
  return { kind, bytes };
}

/** The cell's own log belongs to no tenant: the operator reads it. */
function mayRead(reader: LogReader, log: string): boolean {
  return reader === 'anyone' || reader.kind === 'operator' || reader.tenant === log;
}

function notFound(log: string, path: string): SekishoError {
  return new SekishoError('not_found', `/ledger/${log}/${path}`.slice(0, 200));
}
