/** The contract of every ledger, and a cell of two processes, with tiles on a real Ceph RADOS gateway. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { s3TileFiles } from '../../packages/server/src/adapters/s3-tiles/index.ts';
import { joinSharedSequence } from '../../packages/server/src/adapters/postgres/shared-sequence.ts';
import {
  machine,
  serverKinds,
  silentLog,
  type TestServer,
} from '../../packages/server/src/adapters/postgres/testing/test-server.ts';
import { describeLedger } from '../../packages/server/src/domains/ledger/testing/ledger.contract.ts';
import { sharedUnderTest } from '../../packages/server/src/domains/ledger/testing/ledgers-under-test.ts';
import { memoryKeys } from '../../packages/server/src/domains/ledger/testing/memory-storage.ts';
import { cephGateway, makeBucket, whyCephIsMissing } from '../harness/ceph-gateway.ts';
import { CellProcess, temporaryHome } from '../harness/cell-process.ts';
import { threeSitePlatform } from '../harness/platforms.ts';
import { startSharedCell } from '../harness/shared-cell.ts';
import { StubModelServer } from '../harness/stub-model-server.ts';

const timeout = 240_000;

describe.skipIf(whyCephIsMissing !== undefined)(
  `a shared ledger on Ceph${whyCephIsMissing ?? ''}`,
  { timeout },
  () => {
    let server: TestServer;
    beforeAll(async () => {
      server = await serverKinds[0]!.start();
    });
    const closers: (() => Promise<void>)[] = [];
    afterAll(async () => {
      for (const close of closers) await close();
      await server?.stop();
    });

    describeLedger(
      'shared, in PostgreSQL and S3',
      async () => {
        const { settings } = await server.freshSettings();
        const { endpoint, region, accessKey, secretKey } = cephGateway();
        const bucket = await makeBucket(cephGateway());
        const tiles = s3TileFiles(
          { endpoint, region, bucket, accessKeyId: accessKey, secretAccessKey: secretKey },
          machine,
        );
        closers.push(() => tiles.close());
        return sharedUnderTest({
          join: (listener) =>
            joinSharedSequence({ settings, clock: machine.clock, log: silentLog, listener }),
          tiles,
          keys: memoryKeys(),
          clock: machine.clock,
        });
      },
      6,
    );

    test('two processes are one cell on one bucket', async () => {
      const { endpoint, region, accessKey, secretKey } = cephGateway();
      const bucket = await makeBucket(cephGateway());
      const shared = await startSharedCell({
        'ledger-bucket': `${endpoint}/${bucket}/cells/one`,
        'ledger-region': region,
      });
      const environment = { AWS_ACCESS_KEY_ID: accessKey, AWS_SECRET_ACCESS_KEY: secretKey };
      const homes = [await temporaryHome(), await temporaryHome()];
      const stub = await StubModelServer.start();
      const cells: CellProcess[] = [];
      try {
        for (const home of homes) {
          cells.push(await CellProcess.start(home.path, { args: shared.args, environment }));
        }
        const [one, two] = cells;
        const urls = { ishikari: stub.url, tokyo: stub.url, overseas: stub.url };
        await one!.admin('POST', '/platform/apply', { platform: threeSitePlatform(urls) });
        const authorization = `Bearer ${await one!.createKey('ministry', 'in-japan')}`;
        const chat = (): Promise<Response> =>
          fetch(`${two!.url}/v1/chat/completions`, {
            method: 'POST',
            headers: { 'content-type': 'application/json', authorization },
            body: JSON.stringify({ model: 'stub', messages: [{ role: 'user', content: 'hello' }] }),
          });
        await expect.poll(async () => (await chat()).status, { timeout: 20_000 }).toBe(200);
        const answer = await chat();
        const crossing = answer.headers.get('x-sekisho-receipt');
        await answer.text();
        for (const cell of [one!, two!]) {
          const receipt = await fetch(`${cell.url}/v1/receipts/${crossing}`, { headers: { authorization } });
          expect(receipt.status).toBe(200);
          await receipt.arrayBuffer();
        }
        for (const cell of cells) expect(await cell.stop()).toBe(0);
      } finally {
        for (const cell of cells) await cell.kill();
        await stub.kill();
        await shared.stop();
        for (const home of homes) await home.remove();
      }
    });
  },
);
