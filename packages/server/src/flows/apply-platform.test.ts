import { SekishoError, type LedgerEntry, type Platform } from '@sekisho/contract';
import { describe, expect, it } from 'vitest';
import type { Ledger } from '../domains/ledger/index.ts';
import type { PlatformStore, StoredPlatform } from '../domains/platform/index.ts';
import { ApplyPlatform } from './apply-platform.ts';
import { PlatformInForce } from './platform-in-force.ts';
import { chatRoad, FakeServer, fixedClock } from './testing/chat-road.ts';

const DIGEST = `sha256:${'0'.repeat(64)}`;
const model = new FakeServer(() => Promise.reject(new Error('not asked')));
const declared = chatRoad({ one: model }).platform;

function changed(operator: string): Platform {
  return { ...structuredClone(declared), operator: { name: operator, country: 'JP' } };
}

/** Applies to a store and a ledger in memory; `fails` names the step that fails next. */
function cell() {
  const revisions: StoredPlatform[] = [];
  const recorded: { log: string; entry: LedgerEntry }[] = [];
  const state: { fails?: 'record' | 'connect' | undefined } = {};
  const failAt = (step: typeof state.fails): void => {
    if (state.fails !== step) return;
    state.fails = undefined;
    throw new SekishoError('ledger_unavailable');
  };
  const store: PlatformStore = {
    current: async () => revisions.at(-1),
    history: async () => revisions.map(({ revision }) => revision),
    insert: async ({ baseRevision, platform, digest, appliedAt, appliedBy }) => {
      if (baseRevision !== revisions.length) throw new SekishoError('revision_conflict');
      const revision = { revision: baseRevision + 1, digest, appliedAt, appliedBy };
      revisions.push({ revision, platform });
      return { revision, platform };
    },
  };
  const ledger = {
    ensureLog: async () => undefined,
    append: async (log: string, entry: LedgerEntry) => {
      failAt('record');
      recorded.push({ log, entry });
      return { index: recorded.length, leafHash: Buffer.alloc(32) };
    },
  } as unknown as Ledger;
  const inForce = new PlatformInForce();
  const compiler = {
    parse: (input: unknown) => input as Platform,
    compile: (_platform: Platform, platformRevision: number) => ({
      platformRevision,
      digest: DIGEST,
      decide: () => Promise.reject(new Error('not asked')) as never,
      explain: () => Promise.reject(new Error('not asked')) as never,
      judgeCopy: () => Promise.reject(new Error('not asked')) as never,
    }),
  };
  const listener = { platformChanged: async () => failAt('connect') };
  const apply = new ApplyPlatform(store, compiler, ledger, inForce, listener, fixedClock);
  return { apply, inForce, recorded, revisions, state };
}

describe('applying a platform', () => {
  it('is recorded in the cell’s log and in each tenant’s before it is in force', async () => {
    const { apply, inForce, recorded } = cell();
    const { revision } = await apply.apply(declared, 'operator:admin');
    expect(revision.revision).toBe(1);
    expect(inForce.revision).toBe(1);
    expect(recorded.map(({ log }) => log).toSorted((a, b) => (a < b ? -1 : 1))).toEqual(['cell', 'city']);
  });

  it('tells each tenant’s log what its workspaces allow, and the cell’s log nothing of it', async () => {
    const { apply, recorded } = cell();
    await apply.apply(declared, 'operator:admin');
    const workspaces = declared.tenants[0]!.workspaces;
    const rulesOf = (name: string) => recorded.find(({ log }) => log === name)?.entry;
    expect(rulesOf('city')).toMatchObject({
      boundaries: Object.fromEntries(workspaces.map(({ id, boundary }) => [id, boundary])),
      dataClasses: Object.fromEntries(workspaces.map(({ id, dataClasses }) => [id, dataClasses])),
      presets: Object.fromEntries(workspaces.map(({ id, presets }) => [id, presets])),
    });
    expect(rulesOf('cell')).toMatchObject({ boundaries: {} });
    expect(rulesOf('cell')).not.toHaveProperty('dataClasses');
  });

  it('changes nothing the second time', async () => {
    const { apply, recorded } = cell();
    await apply.apply(declared, 'operator:admin');
    expect(await apply.apply(declared, 'operator:admin')).toMatchObject({
      changes: [],
      revision: { revision: 1 },
    });
    expect(recorded).toHaveLength(2);
  });

  it('is refused against another revision than the one in force', async () => {
    const { apply } = cell();
    await apply.apply(declared, 'operator:admin');
    await expect(apply.apply(changed('b'), 'operator:admin', 0)).rejects.toMatchObject({
      code: 'revision_conflict',
    });
  });

  it('happens one at a time: the second of two that race sees the first', async () => {
    const { apply, inForce } = cell();
    const both = await Promise.allSettled([
      apply.apply(changed('a'), 'operator:admin', 0),
      apply.apply(changed('b'), 'operator:admin', 0),
    ]);
    expect(both.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    expect(inForce.current.stored.platform.operator.name).toBe('a');
  });

  it.each(['record', 'connect'] as const)(
    'that failed to %s is not in force, and the next apply succeeds',
    async (step) => {
      const { apply, inForce, state } = cell();
      await apply.apply(declared, 'operator:admin');
      state.fails = step;
      await expect(apply.apply(changed('b'), 'operator:admin')).rejects.toMatchObject({
        code: 'ledger_unavailable',
      });
      expect(inForce.current.stored.platform.operator.name).toBe('Operator');
      const { revision } = await apply.apply(changed('c'), 'operator:admin');
      expect(revision.revision).toBe(3);
      expect(inForce.current.stored.platform.operator.name).toBe('c');
    },
  );
});
