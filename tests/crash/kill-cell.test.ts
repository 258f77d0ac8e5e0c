/**
 * `kill -9` of the whole cell under load, again and again. What a client saw acknowledged is in the
 * ledger afterwards, once; every checkpoint that was ever published is a prefix of the last; usage
 * rebuilt from the ledger is the usage in the table.
 */
import type { LedgerEntry, OutcomeEntry } from '@sekisho/contract';
import { UsageReport } from '@sekisho/contract';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { UsageFold } from '../../packages/server/src/domains/metering/index.ts';
import { CellProcess, temporaryHome } from '../harness/cell-process.ts';
import { startLoad, type LoadAnswer } from '../harness/load.ts';
import { readLog } from '../harness/log-folder.ts';
import { threeSitePlatform } from '../harness/platforms.ts';
import { StubModelServer } from '../harness/stub-model-server.ts';

const KILLS = Number(
  process.env['SEKISHO_TEST_KILLS'] ?? (process.env['SEKISHO_TEST_FULL'] === '1' ? 50 : 4),
);

let home: Awaited<ReturnType<typeof temporaryHome>>;
let servers: StubModelServer[] = [];
let cell: CellProcess | undefined;

beforeAll(async () => {
  home = await temporaryHome();
  servers = await Promise.all([StubModelServer.start(), StubModelServer.start(), StubModelServer.start()]);
});

afterAll(async () => {
  await cell?.kill();
  await Promise.all(servers.map((server) => server.kill()));
  await home?.remove();
});

test(
  `${KILLS} kills lose nothing that was acknowledged`,
  async () => {
    const [ishikari, tokyo, overseas] = servers.map((server) => server.url);
    cell = await CellProcess.start(home.path, { args: ['--no-demo'] });
    await cell.admin('POST', '/platform/apply', {
      platform: threeSitePlatform({ ishikari: ishikari!, tokyo: tokyo!, overseas: overseas! }),
    });
    const apiKey = await cell.createKey('ministry', 'in-japan');
    const acknowledged = new Set<string>();
    const checkpoints: { readonly size: number; readonly root: Uint8Array }[] = [];

    for (let kill = 0; kill < KILLS; kill++) {
      // A different moment each time: after 1 to 60 answers of this life.
      await loadUntil(cell, apiKey, 1 + ((kill * 37) % 60), acknowledged);
      await cell.kill();
      checkpoints.push((await readLog(home.path, 'ministry')).checkpoint);
      cell = await CellProcess.start(home.path, { args: ['--no-demo'] });
    }
    expect(await cell.admin('POST', '/usage/rebuild')).toMatchObject({ equal: true, differences: [] });
    const usage = UsageReport.parse(await cell.admin('GET', '/usage'));
    expect(await cell.stop()).toBe(0);

    const log = await readLog(home.path, 'ministry');
    expectOneOutcomePerIntent(log.entries);
    const completed = new Set(
      outcomesOf(log.entries)
        .filter(({ result }) => result === 'completed')
        .map(({ crossing }) => crossing),
    );
    expect([...acknowledged].filter((crossing) => !completed.has(crossing))).toEqual([]);
    for (const { size, root } of checkpoints) expect(log.rootAt(size)).toEqual(root);
    expect(usage.rows).toEqual(usageOf(log.entries));
    expect(acknowledged.size).toBeGreaterThanOrEqual(KILLS);
  },
  60_000 + KILLS * 15_000,
);

async function loadUntil(
  running: CellProcess,
  apiKey: string,
  answersWanted: number,
  acknowledged: Set<string>,
): Promise<void> {
  let answers = 0;
  const { promise, resolve } = Promise.withResolvers<void>();
  const onAnswer = ({ status, complete, crossing }: LoadAnswer): void => {
    if (status !== 200 || !complete || crossing === undefined) return;
    acknowledged.add(crossing);
    if (++answers >= answersWanted) resolve();
  };
  const load = startLoad({ url: running.url, apiKey, model: 'stub', concurrency: 16, onAnswer });
  await promise;
  // Killed with requests under way: the load stops only afterwards.
  await running.kill();
  await load.stop();
}

function outcomesOf(entries: readonly LedgerEntry[]): OutcomeEntry[] {
  return entries.filter((entry) => entry.kind === 'outcome');
}

/** Also shows that no index was used twice: an outcome points at the index of its own intent. */
function expectOneOutcomePerIntent(entries: readonly LedgerEntry[]): void {
  const intents = entries.flatMap((entry, index) =>
    entry.kind === 'intent' ? [[entry.crossing, index]] : [],
  );
  const outcomes = outcomesOf(entries).map(({ crossing, intent }) => [crossing, intent.index]);
  expect(new Map(outcomes as [string, number][])).toEqual(new Map(intents as [string, number][]));
  expect(outcomes.length).toBe(intents.length);
}

function usageOf(entries: readonly LedgerEntry[]): unknown {
  const fold = new UsageFold();
  for (const entry of entries) fold.addEntry(entry);
  return fold.rows();
}
