import type { LegalHold } from '@sekisho/contract';
import { startOfCrossing } from './crossing-time.ts';

/** What a hold may cover. */
export interface HeldThing {
  readonly tenant: string;
  readonly workspace: string;
  readonly crossing: string;
}

/** Whether a hold that stands covers this crossing: of its tenant, and fitting every field of its scope. */
export function isCovered(hold: LegalHold, thing: HeldThing): boolean {
  if (hold.releasedAt !== undefined || hold.tenant !== thing.tenant) return false;
  const { workspace, crossing, from, to } = hold.scope;
  const start = startOfCrossing(thing.crossing);
  return (
    (workspace === undefined || workspace === thing.workspace) &&
    (crossing === undefined || crossing === thing.crossing) &&
    (from === undefined || start >= Date.parse(from)) &&
    (to === undefined || start < Date.parse(to))
  );
}

/** The holds that cover any of these. */
export function holdsOver(holds: readonly LegalHold[], things: readonly HeldThing[]): readonly LegalHold[] {
  return holds.filter((hold) => things.some((thing) => isCovered(hold, thing)));
}
