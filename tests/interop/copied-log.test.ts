/**
 * A log that leaves its cell, by `cp` or over HTTP, while crossings are recorded: Go's own sumdb verifies what
 * arrives, and that the later copy grew from the earlier one.
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { entriesPath, tilePath } from '@sekisho/proof';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CellProcess, temporaryHome } from '../harness/cell-process.ts';
import { downloadLog } from '../harness/download-log.ts';
import { startLoad } from '../harness/load.ts';
import { threeSitePlatform } from '../harness/platforms.ts';
import { StubModelServer } from '../harness/stub-model-server.ts';
import { verifyLogWithGo, whyGoIsMissing } from './verify-log-with-go.ts';

// The full run needs Go, so there a missing Go fails instead of skipping.
const missing = process.env['SEKISHO_TEST_FULL'] === '1' ? undefined : await whyGoIsMissing();
const note = missing === undefined ? '' : ` (skipped: ${missing})`;

describe.skipIf(missing !== undefined)(`Go's sumdb verifies a log that left its cell${note}`, () => {
  let home: Awaited<ReturnType<typeof temporaryHome>>;
  let stub: StubModelServer;
  let cell: CellProcess;
  let apiKey: string;
  let key: string;
  const folderOf = (copy: string): string => join(home.path, '..', copy);
  const logFolder = (): string => join(home.path, 'ledger', 'logs', 'ministry');

  beforeAll(async () => {
    home = await temporaryHome();
    stub = await StubModelServer.start();
    cell = await CellProcess.start(home.path, { args: ['--no-demo'] });
    const urls = { ishikari: stub.url, tokyo: stub.url, overseas: stub.url };
    await cell.admin('POST', '/platform/apply', { platform: threeSitePlatform(urls) });
    apiKey = await cell.createKey('ministry', 'in-japan');
    const keys = (await readFile(join(home.path, 'cell.vkey'), 'utf8')).split('\n');
    key = keys.find((line) => line.includes('/ledger/ministry+'))!;
    // The first build of the Go verifier compiles the standard library too.
    await verifyLogWithGo(logFolder(), key);
  }, 180_000);

  afterAll(async () => {
    await cell?.stop();
    await stub?.kill();
    await home?.remove();
  });

  /** An answer is in a published tree a moment after it was given, later on a busy machine. */
  async function publishedPast(size: number): Promise<void> {
    const publishedSize = async (): Promise<number> => {
      const response = await fetch(`${cell.url}/ledger/ministry/checkpoint`, {
        headers: { authorization: `Bearer ${apiKey}` },
      });
      return Number((await response.text()).split('\n')[1]);
    };
    await expect.poll(publishedSize, { timeout: 60_000 }).toBeGreaterThan(size);
  }

  test(
    'while it grows: copied, then downloaded, each grown from the one before',
    { timeout: 120_000 },
    async () => {
      const load = startLoad({
        url: cell.url,
        apiKey,
        model: 'stub',
        concurrency: 8,
        onAnswer: () => undefined,
      });
      // More than one full tile, so that partial ones are removed while the copies are made.
      await publishedPast(256);
      await copyWhileItGrows(logFolder(), folderOf('copied'));
      const first = await downloadLog(`${cell.url}/ledger/ministry`, apiKey, folderOf('downloaded'));
      await publishedPast(first.size + 300);
      const second = await downloadLog(`${cell.url}/ledger/ministry`, apiKey, folderOf('downloaded-later'));
      await load.stop();

      expect(first.size).toBeGreaterThan(256);
      expect(second.size).toBeGreaterThan(first.size);
      expect(await verifyLogWithGo(folderOf('copied'), key)).toMatchObject({ ok: true });
      for (const [folder, older] of [
        ['downloaded', 'copied'],
        ['downloaded-later', 'downloaded'],
      ] as const) {
        const verdict = await verifyLogWithGo(folderOf(folder), key, join(folderOf(older), 'checkpoint'));
        expect(verdict).toEqual({ ok: true, output: expect.stringMatching(/, grown from \d+$/) as string });
      }
    },
  );

  test('at rest: a plain copy of the folder, and no partial tile beside a full one', async () => {
    expect(await cell.stop()).toBe(0);
    await run('cp', ['-r', logFolder(), folderOf('at-rest')]);
    expect(await verifyLogWithGo(folderOf('at-rest'), key)).toMatchObject({ ok: true });
    expect(existsSync(join(folderOf('at-rest'), `${tilePath(0, 0)}.p`))).toBe(false);
    expect(existsSync(join(folderOf('at-rest'), `${entriesPath(0)}.p`))).toBe(false);
  });
});

/**
 * The checkpoint first: tiles only become more and wider, so those copied after it cover it. A partial tile that
 * vanishes under `cp` has its full one beside it, which is copied or comes with the second pass.
 */
async function copyWhileItGrows(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true });
  await copyFile(join(from, 'checkpoint'), join(to, 'checkpoint'));
  for (let pass = 0; pass < 2; pass++) await run('cp', ['-r', join(from, 'tile'), to]).catch(() => undefined);
}

function run(command: string, parameters: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    execFile(command, parameters, (error) => (error === null ? resolve() : reject(error)));
  });
}
