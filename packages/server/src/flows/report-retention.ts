import type { KeptRow, LegalHold, RetentionQuery, RetentionReport } from '@sekisho/contract';
import { endOf, startOfCrossing, type RetentionRegister } from '../domains/payloads/index.ts';
import type { PlatformInForce, PlatformSnapshot } from './platform-in-force.ts';

/** Pending targets that a report lists. */
const PENDING_LISTED_MAX = 1000;

/** What is kept, where, until when, and under which holds. */
export async function reportRetention(
  register: RetentionRegister,
  platform: PlatformInForce,
  query: RetentionQuery,
): Promise<RetentionReport> {
  const snapshot = platform.optional;
  const holds = (await register.holds(query.tenant)).filter(({ releasedAt }) => releasedAt === undefined);
  const kept = await register.kept(query);
  const cell = cellOf(snapshot);
  return {
    ...(cell === undefined ? {} : { cell }),
    rows: kept.map((row): KeptRow => {
      const days = daysOf(snapshot, row);
      return {
        ...row,
        ...(days === undefined
          ? {}
          : {
              days,
              firstEnds: endOf(Date.parse(row.oldest), days),
              lastEnds: endOf(Date.parse(row.newest), days),
            }),
        holds: holds.filter((hold) => mayCover(hold, row)).map(({ hold }) => hold),
      };
    }),
    backups: [...(await register.backups())],
    pending: [...(await register.pending(PENDING_LISTED_MAX))],
  };
}

function cellOf(snapshot: PlatformSnapshot | undefined): RetentionReport['cell'] {
  const declared = snapshot?.stored.platform;
  const site = declared?.sites.find(({ id }) => id === declared.cell?.site);
  if (site === undefined) return undefined;
  const { place, operator } = site;
  return { site: site.id, place, operator: operator.name, operatorCountry: operator.country };
}

/** By the rule in force now: a change of the rule moves the end of what is kept already. */
function daysOf(
  snapshot: PlatformSnapshot | undefined,
  { tenant, workspace, dataClass }: Pick<KeptRow, 'tenant' | 'workspace' | 'dataClass'>,
): number | undefined {
  const retention = snapshot?.workspaces.get(`${tenant}/${workspace}`)?.retention;
  return dataClass === undefined ? retention?.saltDays : retention?.payloads[dataClass]?.days;
}

/** Whether something between the oldest and the newest of the row can be under the hold. */
function mayCover(
  hold: LegalHold,
  row: Pick<KeptRow, 'tenant' | 'workspace' | 'oldest' | 'newest'>,
): boolean {
  const { workspace, crossing, from, to } = hold.scope;
  const begun = crossing === undefined ? undefined : startOfCrossing(crossing);
  return (
    (begun === undefined || (begun >= Date.parse(row.oldest) && begun <= Date.parse(row.newest))) &&
    hold.tenant === row.tenant &&
    (workspace === undefined || workspace === row.workspace) &&
    (from === undefined || Date.parse(row.newest) >= Date.parse(from)) &&
    (to === undefined || Date.parse(row.oldest) < Date.parse(to))
  );
}
