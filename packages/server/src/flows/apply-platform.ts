import {
  ENTRY_BYTES_MAX,
  SekishoError,
  type ApplyResponse,
  type Fault,
  type PlanResponse,
  type Platform,
  type RevisionEntry,
  type Tenant,
} from '@sekisho/contract';
import { timestamp, type Clock } from '../base/clock.ts';
import type { Ledger } from '../domains/ledger/index.ts';
import {
  planPlatform,
  platformDigest,
  type PlatformStore,
  type StoredPlatform,
} from '../domains/platform/index.ts';
import type { ResidencyPolicy } from '../domains/residency/index.ts';
import { CELL_LOG } from './cell-log.ts';
import { snapshotPlatform, type PlatformInForce } from './platform-in-force.ts';
import { refuseUnallowedRetention } from './retention-faults.ts';

/** What a tenant's workspaces allow, as a revision entry says it. */
type TenantRules = Pick<RevisionEntry, 'boundaries' | 'dataClasses' | 'presets'>;

/** The rest of a revision entry takes under 1 KiB. */
const RULES_BYTES_MAX = ENTRY_BYTES_MAX - 1024;

/** What must follow when a snapshot takes effect, such as connecting its model servers. */
export interface PlatformListener {
  platformChanged(platform: Platform): Promise<void>;
}

export interface PlatformCompiler {
  /** Throws `platform_invalid` with every fault. */
  compile(platform: Platform, revision: number): ResidencyPolicy;
  /** Schema and cross references. Throws `platform_invalid` with every fault. */
  parse(input: unknown): Platform;
}

/** Plans, applies and, at start-up, restores the declared platform. */
export class ApplyPlatform {
  readonly #store: PlatformStore;
  readonly #compiler: PlatformCompiler;
  readonly #ledger: Ledger;
  readonly #inForce: PlatformInForce;
  readonly #listener: PlatformListener;
  readonly #clock: Clock;
  #applying: Promise<unknown> = Promise.resolve();
  /** A revision is stored and not in force: its apply failed in between. */
  #unfinished = false;

  constructor(
    store: PlatformStore,
    compiler: PlatformCompiler,
    ledger: Ledger,
    inForce: PlatformInForce,
    listener: PlatformListener,
    clock: Clock,
  ) {
    this.#store = store;
    this.#compiler = compiler;
    this.#ledger = ledger;
    this.#inForce = inForce;
    this.#listener = listener;
    this.#clock = clock;
  }

  /** The differences that `apply` would make. Changes nothing. */
  async plan(input: unknown): Promise<PlanResponse> {
    const platform = this.#parse(input);
    const baseRevision = this.#inForce.revision;
    refuseUnallowedRetention(platform, this.#compiler.compile(platform, baseRevision + 1));
    return { baseRevision, changes: [...planPlatform(this.#inForce.optional?.stored.platform, platform)] };
  }

  /**
   * Makes the platform so, atomically: the new revision is compiled before it is stored, stored
   * before it is recorded in the ledger, and recorded before the first request sees it. A crash
   * after storing is finished by `restore` at the next start.
   */
  async apply(input: unknown, appliedBy: string, expectedRevision?: number): Promise<ApplyResponse> {
    return this.#inTurn(async () => {
      const platform = this.#parse(input);
      // Else every later apply would be made against a revision that is no longer the newest.
      if (this.#unfinished) await this.restore();
      const baseRevision = this.#inForce.revision;
      if (expectedRevision !== undefined && expectedRevision !== baseRevision) {
        throw new SekishoError('revision_conflict', `${expectedRevision} != ${baseRevision}`);
      }
      const before = this.#inForce.optional?.stored;
      const changes = [...planPlatform(before?.platform, platform)];
      if (before !== undefined && changes.length === 0) return { revision: before.revision, changes };

      const policy = this.#compiler.compile(platform, baseRevision + 1);
      refuseUnallowedRetention(platform, policy);
      const stored = await this.#store.insert({
        baseRevision,
        platform,
        digest: platformDigest(platform),
        appliedAt: timestamp(this.#clock),
        appliedBy,
      });
      await this.#takeEffect(stored, policy);
      return { revision: stored.revision, changes };
    });
  }

  #parse(input: unknown): Platform {
    const platform = this.#compiler.parse(input);
    refuseOversizedRules(platform);
    return platform;
  }

  /** Puts the stored platform in force again after a start; false when none was ever applied. */
  async restore(): Promise<boolean> {
    await this.#ledger.ensureLog(CELL_LOG);
    const stored = await this.#store.current();
    if (stored === undefined) return false;
    const policy = this.#compiler.compile(stored.platform, stored.revision.revision);
    await this.#takeEffect(stored, policy);
    return true;
  }

  /** Takes up a newer revision that another replica has stored. It is recorded again, as at a start. */
  async follow(): Promise<void> {
    await this.#inTurn(async () => {
      const newest = (await this.#store.current())?.revision.revision ?? 0;
      if (newest > this.#inForce.revision) await this.restore();
    });
  }

  /**
   * Records the revision in every log that it binds, then lets requests see it. A start records
   * the revision in force again: readers find the boundary that held at any index, also after a
   * crash between storing and recording.
   */
  async #takeEffect(stored: StoredPlatform, policy: ResidencyPolicy): Promise<void> {
    this.#unfinished = true;
    const { platform } = stored;
    const entries = revisionEntries(stored, policy, timestamp(this.#clock));
    await Promise.all(
      [...entries].map(async ([log, entry]) => {
        await this.#ledger.ensureLog(log);
        await this.#ledger.append(log, entry);
      }),
    );
    await this.#listener.platformChanged(platform);
    this.#inForce.replace(snapshotPlatform(stored, policy));
    this.#unfinished = false;
  }

  /** One apply at a time: each sees the revision that the one before it left. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#applying.then(work);
    this.#applying = result.catch(() => undefined);
    return result;
  }
}

/** What each log learns of a revision: a tenant's log its boundaries, the cell's log that it happened. */
function revisionEntries(
  stored: StoredPlatform,
  policy: ResidencyPolicy,
  time: string,
): Map<string, RevisionEntry> {
  const { revision, platform } = stored;
  const entryFor = (rules: TenantRules): RevisionEntry => ({
    version: 1,
    kind: 'revision',
    time,
    principal: revision.appliedBy,
    platformRevision: revision.revision,
    platformDigest: revision.digest,
    policyDigest: policy.digest,
    ...rules,
  });
  return new Map([
    [CELL_LOG, entryFor({ boundaries: {} })],
    ...platform.tenants.map((tenant) => [tenant.id, entryFor(rulesOf(tenant))] as const),
  ]);
}

function rulesOf({ workspaces }: Tenant): TenantRules {
  return {
    boundaries: Object.fromEntries(workspaces.map(({ id, boundary }) => [id, boundary])),
    dataClasses: Object.fromEntries(workspaces.map(({ id, dataClasses }) => [id, dataClasses])),
    presets: Object.fromEntries(workspaces.map(({ id, presets }) => [id, presets])),
  };
}

/** A revision must fit its ledger entry, so a tenant whose boundaries do not is refused beforehand. */
function refuseOversizedRules(platform: Platform): void {
  const faults: Fault[] = [];
  platform.tenants.forEach((tenant, position) => {
    const bytes = Buffer.byteLength(JSON.stringify(rulesOf(tenant)));
    if (bytes <= RULES_BYTES_MAX) return;
    faults.push({
      path: `tenants.${position}.workspaces`,
      message: {
        ja: `境界とデータ区分の合計が ${bytes} バイトです。上限は ${RULES_BYTES_MAX} バイトです。`,
        en: `Boundaries and data classes take ${bytes} bytes together; the limit is ${RULES_BYTES_MAX}.`,
      },
    });
  });
  if (faults.length > 0) throw new SekishoError('platform_invalid', '', { faults });
}
