/**
 * An erasure that fails at each of its steps, and is taken up again: the entry alone is the intent. And the
 * sweep, under a clock that the test sets.
 */
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Platform, type PayloadKind } from '@sekisho/contract';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { backupFolders } from '../../packages/server/src/adapters/backup-folders/index.ts';
import { payloadFiles } from '../../packages/server/src/adapters/payload-files/index.ts';
import { openDatabase, type Database } from '../../packages/server/src/adapters/postgres/index.ts';
import type { Clock } from '../../packages/server/src/base/clock.ts';
import type { Log } from '../../packages/server/src/base/log.ts';
import { systemRandom } from '../../packages/server/src/base/random.ts';
import { composeRetentionFlows } from '../../packages/server/src/compose-retention.ts';
import type { Ledger } from '../../packages/server/src/domains/ledger/index.ts';
import type {
  BackupRows,
  PayloadStore,
  RetentionRegister,
} from '../../packages/server/src/domains/payloads/index.ts';
import { CrossingKernel } from '../../packages/server/src/flows/crossing-kernel.ts';
import { PlatformInForce, snapshotPlatform } from '../../packages/server/src/flows/platform-in-force.ts';
import { allowed } from '../../packages/server/src/flows/testing/chat-road.ts';
import { keepingPlatform } from '../harness/keeping-platform.ts';
import { filesHolding } from '../harness/stored-bytes.ts';
import { openLedgerOnFiles } from './ledger-on-files.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
const START = Date.UTC(2026, 3, 1);
const silent: Log = { info: () => {}, warn: () => {}, error: () => {} };
const usage = { inputTokens: 0, outputTokens: 0, estimated: false, amountYen: '0' };

let folder: string;
let nowMs: number;
const clock: Clock = { nowMs: () => nowMs, monotonicMs: () => performance.now() };
let database: Database;
let ledger: Ledger;
let payloads: PayloadStore;
let register: RetentionRegister;
/** Set to make the projection fail. */
let sinkRefuses: boolean;
/** Every salt and key that was ever attached. */
let secrets: Buffer[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sekisho-erasure-'));
  nowMs = START;
  sinkRefuses = false;
  secrets = [];
  payloads = payloadFiles({ folder: join(folder, 'payloads') });
  await open();
  await ledger.ensureLog('ministry');
}, 60_000);

afterEach(async () => {
  sinkRefuses = false;
  await close();
  await rm(folder, { recursive: true });
}, 60_000);

async function open(): Promise<void> {
  database = await openDatabase({ embeddedIn: join(folder, 'postgres') }, silent, () => []);
  register = database.retention;
  ledger = await openLedgerOnFiles(join(folder, 'ledger'), {
    accept: async (entries) => {
      if (sinkRefuses) throw new Error('the database is away');
      await database.ledgerSink.accept(entries);
    },
  });
}

async function close(): Promise<void> {
  await ledger.close();
  await database.close();
}

function retention(
  over: {
    readonly payloads?: PayloadStore;
    readonly register?: RetentionRegister;
    readonly backupRows?: BackupRows;
  } = {},
) {
  const platform = new PlatformInForce();
  const declared = Platform.parse(
    keepingPlatform('http://127.0.0.1:1/v1', {
      payloads: { 'confidentiality-2': { keep: ['request', 'answer'], days: 30 } },
      saltDays: 400,
    }),
  );
  const revision = {
    revision: 1,
    digest: `sha256:${'0'.repeat(64)}`,
    appliedAt: new Date(START).toISOString(),
    appliedBy: 'operator:admin',
  };
  platform.replace(
    snapshotPlatform({ platform: declared, revision }, { judgeCopy: () => ({ allowed: true }) } as never),
  );
  return composeRetentionFlows({
    ledger,
    register,
    payloads,
    platform,
    clock,
    log: silent,
    cellName: 'drill.example',
    backups: backupFolders(),
    backupRows: database.backupRows,
    plainFiles: async () => [],
    random: systemRandom(),
    ...over,
  });
}

/** One crossing, with what is kept of it: opened and ended at the test's time. */
async function crossing(kept: readonly PayloadKind[], workspace = 'in-japan'): Promise<string> {
  const attach = ledger.append.bind(ledger);
  const recorder = {
    append: (...[log, entry, attachment]: Parameters<Ledger['append']>) => {
      const bytes = Buffer.from(attachment ?? []);
      for (let at = 0; at + 32 <= bytes.length; at += 32) secrets.push(bytes.subarray(at, at + 32));
      return attach(log, entry, attachment);
    },
  };
  const body = Buffer.from('{"prompt":"secret"}');
  const opened = await new CrossingKernel(recorder, clock, systemRandom()).recordIntent(
    {
      tenant: 'ministry',
      workspace,
      principal: 'key:a',
      action: 'process',
      subject: 'stub',
      dataClass: 'confidentiality-2',
      purpose: 'inference',
      payload: body,
      keepsPayloads: kept.length > 0,
    },
    allowed(['stub-tokyo']),
  );
  const bytes: Partial<Record<PayloadKind, number>> = {};
  for (const kind of kept) {
    const writer = await payloads.create(
      { tenant: 'ministry', crossing: opened.id, kind },
      opened.payloadKey,
    );
    await writer.write(body);
    bytes[kind] = await writer.finish();
  }
  await opened.recordOutcome(
    { result: 'completed', status: 200, answer: opened.commitAnswer(body), usage },
    bytes,
  );
  return opened.id;
}

const has = async (id: string): Promise<boolean> => (await register.find([id])).length > 0;

async function expectGone(id: string): Promise<void> {
  expect(await has(id)).toBe(false);
  expect(await register.pending(10)).toEqual([]);
  expect(await filesHolding([folder], secrets)).toEqual([]);
  const left = payloads.read({ tenant: 'ministry', crossing: id, kind: 'request' }, Buffer.alloc(32));
  await expect(left[Symbol.asyncIterator]().next()).rejects.toThrow('ENOENT');
}

describe('an erasure', () => {
  test('whose entry is durable and that was never projected is done at the next start', async () => {
    const id = await crossing(['request', 'answer']);
    await ledger.settledNow('ministry');
    sinkRefuses = true;
    const erasing = retention()
      .flows.erase({ crossings: [id] }, 'request', 'operator:admin')
      .catch((cause: unknown) => cause);
    // The entry is in the tree, and nothing else has happened.
    const size = (): number => ledger.checkpoint('ministry').size;
    const before = size();
    while (size() === before) await new Promise((resolve) => setImmediate(resolve));
    expect(await has(id)).toBe(true);
    expect(await filesHolding([folder], secrets)).not.toEqual([]);
    await ledger.close();
    await erasing;
    await database.close();

    sinkRefuses = false;
    await open();
    await ledger.settledNow('ministry');
    await retention().recover();
    await expectGone(id);
  }, 60_000);

  test.each([
    ['the payloads cannot be removed', 'payloads', 'remove'],
    ['the database cannot be scrubbed', 'register', 'scrub'],
  ] as const)(
    'is pending while %s, and done afterwards',
    async (_name, part, method) => {
      const id = await crossing(['request']);
      const fails = (): Promise<never> => Promise.reject(new Error('input/output error'));
      const broken = {
        payloads,
        register,
        [part]: Object.assign(Object.create(part === 'payloads' ? payloads : register), { [method]: fails }),
      };
      const result = await retention(broken).flows.erase({ crossings: [id] }, 'request', 'operator:admin');
      expect(result).toMatchObject({
        crossings: 1,
        pending: [{ tenant: 'ministry', target: 'cell', reason: expect.stringContaining('input/output') }],
      });
      // What the entry says holds already: nobody gets the salts from this cell.
      expect(await has(id)).toBe(false);
      expect(await filesHolding([folder], secrets)).not.toEqual([]);
      // As at a start: over the same rows.
      await close();
      await open();
      await retention().recover();
      await expectGone(id);
    },
    60_000,
  );

  test('that was done and not struck off is done again', async () => {
    const id = await crossing(['request']);
    const broken = Object.assign(Object.create(register), {
      reached: () => Promise.reject(new Error('the connection was lost')),
    });
    await expect(
      retention({ register: broken }).flows.erase({ crossings: [id] }, 'request', 'operator:admin'),
    ).rejects.toThrow('connection');
    expect(await register.pending(10)).toHaveLength(1);
    await retention().recover();
    await expectGone(id);
  }, 60_000);
});

describe('the sweep', () => {
  test('erases what has outlived its days, and nothing that a hold covers or no rule speaks of', async () => {
    const old = await crossing(['request', 'answer']);
    const held = await crossing(['request']);
    const unkept = await crossing([]);
    const elsewhere = await crossing(['request'], 'in-hokkaido');
    await retention().flows.placeHold('ministry', 'case-7', { crossing: held }, 'operator:admin');
    nowMs = START + 5 * DAY_MS;
    const young = await crossing(['request']);
    const present = async (): Promise<boolean[]> =>
      Promise.all([old, held, unkept, elsewhere, young].map(has));

    const { sweep } = retention();
    nowMs = START + 30 * DAY_MS;
    expect(await sweep.sweep()).toBe(0);
    nowMs = START + 30 * DAY_MS + 1;
    expect(await sweep.sweep()).toBe(1);
    expect(await present()).toEqual([false, true, true, true, true]);
    nowMs = START + 36 * DAY_MS;
    expect(await sweep.sweep()).toBe(1);
    expect(await present()).toEqual([false, true, true, true, false]);
    // Salts without a payload have days of their own; of `in-hokkaido` the platform says nothing.
    nowMs = START + 401 * DAY_MS;
    expect(await sweep.sweep()).toBe(1);
    expect(await present()).toEqual([false, true, false, true, false]);
    await retention().flows.releaseHold('ministry', 'case-7', 'operator:admin');
    expect(await sweep.sweep()).toBe(1);
    expect(await present()).toEqual([false, false, false, true, false]);
    expect(await register.pending(10)).toEqual([]);
  }, 60_000);

  test('is refused nothing by a crossing that has not ended: that one stays', async () => {
    const kernel = new CrossingKernel(ledger, clock, systemRandom());
    const unended = await kernel.recordIntent(
      {
        tenant: 'ministry',
        workspace: 'in-japan',
        principal: 'key:a',
        action: 'process',
        subject: 'stub',
        dataClass: 'confidentiality-2',
        purpose: 'inference',
        payload: Buffer.from('x'),
      },
      allowed(['stub-tokyo']),
    );
    nowMs = START + 1000 * DAY_MS;
    await ledger.settledNow('ministry');
    expect(await retention().sweep.sweep()).toBe(0);
    await expect(
      retention().flows.erase({ crossings: [unended.id] }, 'request', 'operator:admin'),
    ).rejects.toMatchObject({ code: 'receipt_not_ready' });
    expect(await has(unended.id)).toBe(true);
  }, 60_000);
});

describe('a backup', () => {
  test('that fails half-way leaves nothing, and one that a crash cut off is removed at the next start', async () => {
    const id = await crossing(['request']);
    await ledger.settledNow('ministry');
    const medium = join(folder, 'medium');
    await mkdir(medium);
    await writeFile(join(medium, 'of somebody else'), '');
    const left = async (): Promise<readonly string[]> => (await readdir(medium)).sort();

    const broken = Object.assign(Object.create(database.backupRows), {
      openings: () => Promise.reject(new Error('the connection was lost')),
    });
    await expect(retention({ backupRows: broken }).flows.backUp(medium, undefined)).rejects.toMatchObject({
      code: 'backup_failed',
    });
    expect(await left()).toEqual(['of somebody else']);
    expect(await register.unfinishedBackups()).toEqual([]);

    // One at a time: the second is refused, and the first is not disturbed.
    const both = await Promise.allSettled([
      retention().flows.backUp(medium, undefined),
      retention().flows.backUp(medium, undefined),
    ]);
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    const [whole] = await register.backups();
    expect(await left()).toEqual([whole!.id, 'of somebody else']);

    // As a crash leaves it: begun and registered, without a manifest, and an erasure came in between.
    const begun = { id: 'backup-cut', folder: medium, madeAt: new Date(START).toISOString() };
    await register.registerBackup(begun);
    await (await backupFolders().create(begun)).add('openings/000000.ndjson', secrets);
    const result = await retention().flows.erase({ crossings: [id] }, 'request', 'operator:admin');
    expect(result.pending).toMatchObject([{ target: 'backup-cut' }]);
    await retention().recover();
    expect(await left()).toEqual([whole!.id, 'of somebody else']);
    await expectGone(id);
  }, 60_000);
});
