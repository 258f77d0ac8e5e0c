import { addFindings, auditLog, findingOf, isCellLog } from '@sekisho/proof';
import type { AuditFinding, AuditReport, VerifierKey, WitnessPolicy } from '@sekisho/proof';
import type { CommandContext } from '../command-context.ts';
import { CommandFailure } from '../failure.ts';
import { AnchorSpool } from './anchor-spool.ts';
import { findLogs, placeOfAnchored } from './find-logs.ts';
import type { FoundLogs } from './find-logs.ts';
import { openLogCopy } from './log-copy.ts';

/** A line on the screen for each bundle would take longer than the bundle. */
const PROGRESS_STEP = 4096;

export interface PlaceAudit {
  readonly place: string;
  /** All logs of the cell at this address. */
  readonly all: boolean;
  readonly keys: readonly VerifierKey[];
  /** Signed notes. */
  readonly older: readonly string[];
  readonly witnessPolicy: WitnessPolicy | undefined;
  readonly apiKey: string | undefined;
}

/**
 * Audits what a place holds: one log, or each of a cell. The cell's own log comes first, in time too: what it
 * anchors, the others must show, however they grow meanwhile. In the order of the audit.
 */
export async function auditPlace(audit: PlaceAudit, context: CommandContext): Promise<AuditReport[]> {
  const found = await findLogs(audit.place, audit.all, audit.apiKey);
  try {
    return found.kind === 'one'
      ? [await auditOne(found.place, audit, audit.older, context, {})]
      : await auditCell(found, audit, context);
  } finally {
    context.screen.progress('');
  }
}

async function auditOne(
  place: string,
  audit: PlaceAudit,
  older: readonly string[],
  context: CommandContext,
  more: Pick<NonNullable<Parameters<typeof auditLog>[2]>, 'anchors' | 'onAnchor'>,
): Promise<AuditReport> {
  const { screen, texts } = context;
  const source = await openLogCopy(place, audit.apiKey, audit.witnessPolicy !== undefined);
  const name = source.checkpoint.split('\n', 1)[0]?.slice(0, 200) ?? '';
  const log = name.slice(name.lastIndexOf('/') + 1);
  return auditLog(source, audit.keys, {
    ...more,
    older,
    witnessPolicy: audit.witnessPolicy,
    onProgress: ({ entries, of }) => {
      if (entries % PROGRESS_STEP !== 0 && entries !== of) return;
      screen.progress(texts.audit.progress(log, entries, of));
    },
  });
}

async function auditCell(
  { cellLog, others }: Extract<FoundLogs, { kind: 'cell' }>,
  audit: PlaceAudit,
  context: CommandContext,
): Promise<AuditReport[]> {
  await using spool = new AnchorSpool();
  const olderOf = Map.groupBy(audit.older, (note) => note.split('\n', 1)[0] ?? '');
  const take = (origin: string): readonly string[] => {
    const notes = olderOf.get(origin) ?? [];
    olderOf.delete(origin);
    return notes;
  };
  const reports: AuditReport[] = [];
  let cellReport: AuditReport | undefined;
  if (cellLog !== undefined) {
    const cellOlder = [...olderOf].filter(([origin]) => isCellLog(origin)).flatMap(([, notes]) => notes);
    for (const origin of olderOf.keys()) if (isCellLog(origin)) olderOf.delete(origin);
    cellReport = await auditOne(cellLog, audit, cellOlder, context, {
      onAnchor: (anchor) => spool.add(anchor),
    });
  }
  const logs = others ?? (cellLog === undefined ? [] : anchoredPlaces(cellLog, cellReport, spool));
  const missing: AuditFinding[] = [];
  for (const { origin, place } of logs) {
    const anchors = cellLog === undefined ? {} : { anchors: spool.of(origin) };
    const report = await auditIfThere(others === undefined, () =>
      auditOne(place, audit, take(origin), context, anchors),
    );
    if (report !== undefined) reports.push(report);
  }
  const seen = new Set(reports.map(({ log }) => log?.origin));
  for (const { origin, index } of spool.firsts()) {
    if (!seen.has(origin)) missing.push(findingOf('anchored_log_missing', index, origin));
  }
  // A checkpoint of a log that is not there must not go unnoticed.
  for (const origin of olderOf.keys()) missing.push(findingOf('older_of_another_log', null, origin));
  const [first, ...rest] = cellReport === undefined ? reports : [cellReport, ...reports];
  return first === undefined ? [] : [addFindings(first, missing), ...rest];
}

function anchoredPlaces(
  cellLog: string,
  cellReport: AuditReport | undefined,
  spool: AnchorSpool,
): { readonly origin: string; readonly place: string }[] {
  const cellOrigin = cellReport?.log?.origin ?? '';
  return spool.firsts().flatMap(({ origin }) => {
    const place = placeOfAnchored(cellLog, cellOrigin, origin);
    return place === undefined ? [] : [{ origin, place }];
  });
}

/** A log that only an anchor names may not be there; a folder that was listed is. */
async function auditIfThere(
  mayBeMissing: boolean,
  run: () => Promise<AuditReport>,
): Promise<AuditReport | undefined> {
  try {
    return await run();
  } catch (error) {
    if (mayBeMissing && error instanceof CommandFailure && error.code === 'file_unreadable') return undefined;
    throw error;
  }
}
