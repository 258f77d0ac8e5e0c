import {
  DataClass,
  type PayloadKind,
  type PayloadRule,
  type Platform,
  type Retention,
} from '@sekisho/contract';
import { firstCrossingAt } from './crossing-time.ts';

const DAY_MS = 24 * 60 * 60 * 1000;

/** Which payloads of a crossing of this class are kept; undefined when none is. */
export function payloadRule(retention: Retention | undefined, dataClass: DataClass): PayloadRule | undefined {
  return retention?.payloads[dataClass];
}

export function keeps(rule: PayloadRule | undefined, kind: PayloadKind): boolean {
  return rule?.keep.includes(kind) === true;
}

/** Something that has outlived its days: of this workspace, begun before the crossing `before`. */
export interface EndedRetention {
  readonly tenant: string;
  readonly workspace: string;
  /** Crossings with a kept payload of this class; without it those that have salts and no payload. */
  readonly dataClass?: DataClass;
  readonly before: string;
}

/**
 * What the rules of a platform end at this moment. What no rule speaks of stays: a workspace or a
 * class that is no longer declared keeps what it has until somebody erases it, for a slip in a
 * document must not destroy what cannot be brought back.
 */
export function endedRetention(platform: Platform, nowMs: number): EndedRetention[] {
  const before = (days: number): string => firstCrossingAt(nowMs - days * DAY_MS);
  return platform.tenants.flatMap((tenant) =>
    tenant.workspaces.flatMap(({ id, retention }) => {
      const where = { tenant: tenant.id, workspace: id };
      const ended: EndedRetention[] = [];
      for (const dataClass of DataClass.options) {
        const rule = retention?.payloads[dataClass];
        if (rule !== undefined) ended.push({ ...where, dataClass, before: before(rule.days) });
      }
      if (retention?.saltDays !== undefined) ended.push({ ...where, before: before(retention.saltDays) });
      return ended;
    }),
  );
}

/** When something begun at `startMs` ends under a rule of so many days. */
export function endOf(startMs: number, days: number): string {
  return new Date(startMs + days * DAY_MS).toISOString();
}
