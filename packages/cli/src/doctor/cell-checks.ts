import { PlatformHistory } from '@sekisho/contract';
import { findCell, findUrl } from '../cell-address.ts';
import { CellClient } from '../cell-client.ts';
import type { CommandContext } from '../command-context.ts';
import type { ConnectionOptions } from '../command-options.ts';
import { CommandFailure } from '../failure.ts';
import type { Finding } from './finding.ts';

/** A `Date` header has whole seconds, and the answer takes a moment. */
const CLOCK_DIFFERENCE_WARN_MS = 5_000;

/** What the cell says of itself. A cell that is not running ends these checks. */
export async function checkCell(options: ConnectionOptions, context: CommandContext): Promise<Finding[]> {
  try {
    const url = await findUrl(options, context);
    const cell = new CellClient({ url });
    const health = await cell.clockOf('/healthz');
    return [
      judgeHealth(health.status, url),
      ...(health.dateMs === undefined ? [] : [judgeClockDifference(context.now() - health.dateMs)]),
      judgeReadiness((await cell.clockOf('/readyz')).status),
      await checkPlatform(options, context),
    ];
  } catch (error) {
    return [failed('cell', error)];
  }
}

function judgeHealth(status: number, url: URL): Finding {
  if (status === 200) return { check: 'cell', level: 'ok', say: () => url.origin };
  return {
    check: 'cell',
    level: 'fail',
    say: (texts) => texts.doctor.answered(url.origin, status),
    advise: (texts) => texts.doctor.seeLog,
  };
}

function judgeReadiness(status: number): Finding {
  if (status === 200) return { check: 'ready', level: 'ok', say: (texts) => texts.doctor.ready };
  return {
    check: 'ready',
    level: 'fail',
    say: (texts) => texts.doctor.answered('/readyz', status),
    advise: (texts) => texts.doctor.seeLog,
  };
}

export function judgeClockDifference(differenceMs: number): Finding {
  const seconds = Math.round(Math.abs(differenceMs) / 1000);
  const say: Finding['say'] = (texts) => texts.doctor.clockDifference(seconds);
  if (Math.abs(differenceMs) <= CLOCK_DIFFERENCE_WARN_MS) return { check: 'cellClock', level: 'ok', say };
  return { check: 'cellClock', level: 'warn', say, advise: (texts) => texts.doctor.clockWrong };
}

async function checkPlatform(options: ConnectionOptions, context: CommandContext): Promise<Finding> {
  try {
    const cell = new CellClient(await findCell(options, context));
    const { revisions } = await cell.get('/admin/v1/platform/history', PlatformHistory);
    const newest = revisions[0]?.revision;
    if (newest !== undefined) {
      return { check: 'platform', level: 'ok', say: (texts) => texts.doctor.revision(newest) };
    }
    return {
      check: 'platform',
      level: 'warn',
      say: (texts) => texts.history.none,
      advise: (texts) => texts.doctor.applyFirst,
    };
  } catch (error) {
    return failed('platform', error);
  }
}

function failed(check: Finding['check'], error: unknown): Finding {
  if (!(error instanceof CommandFailure)) throw error;
  return { check, level: 'fail', say: error.text };
}
