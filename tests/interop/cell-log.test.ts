/** A log of 10,000 entries and more that the running cell made, judged by verifiers that we did not write. */
import { join } from 'node:path';
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CellProcess, temporaryHome } from '../harness/cell-process.ts';
import { startLoad } from '../harness/load.ts';
import { readLog } from '../harness/log-folder.ts';
import { threeSitePlatform } from '../harness/platforms.ts';
import { StubModelServer } from '../harness/stub-model-server.ts';
import { verifyLogWithGo, whyGoIsMissing } from './verify-log-with-go.ts';

const ENTRIES = 10_000;
const full = process.env['SEKISHO_TEST_FULL'] === '1';

let home: Awaited<ReturnType<typeof temporaryHome>>;
let stub: StubModelServer;

beforeAll(async () => {
  home = await temporaryHome();
  stub = await StubModelServer.start();
});

afterAll(async () => {
  await stub?.kill();
  await home?.remove();
});

test.skipIf(!full)(
  `Go's tlog accepts a log of ${ENTRIES} entries that the cell made (needs golang-go, golang-golang-x-mod-dev)`,
  async () => {
    expect(await whyGoIsMissing()).toBeUndefined();
    const cell = await CellProcess.start(home.path, { args: ['--no-demo'] });
    const urls = { ishikari: stub.url, tokyo: stub.url, overseas: stub.url };
    await cell.admin('POST', '/platform/apply', { platform: threeSitePlatform(urls) });
    const apiKey = await cell.createKey('ministry', 'in-japan');
    let answers = 0;
    const { promise, resolve } = Promise.withResolvers<void>();
    const load = startLoad({
      url: cell.url,
      apiKey,
      model: 'stub',
      concurrency: 32,
      // Each crossing makes two entries.
      onAnswer: () => void (++answers * 2 >= ENTRIES && resolve()),
    });
    await promise;
    await load.stop();
    expect(await cell.stop()).toBe(0);

    const log = await readLog(home.path, 'ministry');
    expect(log.checkpoint.size).toBeGreaterThanOrEqual(ENTRIES);
    const keys = (await readFile(join(home.path, 'cell.vkey'), 'utf8')).split('\n');
    const key = keys.find((line) => line.startsWith(`${log.checkpoint.origin}+`))!;
    const verdict = await verifyLogWithGo(join(home.path, 'ledger', 'logs', 'ministry'), key);
    expect(verdict).toMatchObject({ ok: true });
    expect(verdict.output).toMatch(/^verified:/);
  },
  300_000,
);
