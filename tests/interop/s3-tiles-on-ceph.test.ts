/**
 * The S3 tile store on a real Ceph RADOS gateway, through bad networks and kills; and a log stored in it,
 * copied out object by object, passes `sekisho audit`.
 */
import dns from 'node:dns';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { canonicalJson, entriesPath, tilePath } from '@sekisho/proof';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { s3TileFiles } from '../../packages/server/src/adapters/s3-tiles/index.ts';
import type {
  S3Limits,
  S3TileFiles,
  S3TileSettings,
} from '../../packages/server/src/adapters/s3-tiles/index.ts';
import { systemClock } from '../../packages/server/src/base/clock.ts';
import { systemRandom } from '../../packages/server/src/base/random.ts';
import {
  describeTileFiles,
  payload,
} from '../../packages/server/src/domains/ledger/testing/tile-files.contract.ts';
import { crossingLog } from '../../packages/proof/src/testing/audited-log.ts';
import { sampleOrigin, sampleSigner } from '../../packages/proof/src/testing/sample-log.ts';
import { sekisho } from '../cli/run-command.ts';
import { SpareGateway, askCeph, cephGateway, makeBucket, whyCephIsMissing } from '../harness/ceph-gateway.ts';
import { SpoilingProxy } from '../harness/spoiling-proxy.ts';
import { logFiles } from './write-log-folder.ts';

type LookupAll = (error: null, addresses: readonly { address: string; family: number }[]) => void;

// Everything on Ceph goes over a network and through three programs: slow on a busy machine.
const timeout = 120_000;

describe.skipIf(whyCephIsMissing !== undefined)(
  `S3 tiles on Ceph${whyCephIsMissing ?? ''}`,
  { timeout },
  () => {
    const opened: S3TileFiles[] = [];
    afterEach(async () => {
      for (const tiles of opened.splice(0)) await tiles.close();
    });

    function open(
      bucket: string,
      settings: Partial<S3TileSettings> = {},
      limits: Partial<S3Limits> = {},
    ): S3TileFiles {
      const { endpoint, region, accessKey, secretKey } = cephGateway();
      const tiles = s3TileFiles(
        { endpoint, region, bucket, accessKeyId: accessKey, secretAccessKey: secretKey, ...settings },
        { clock: systemClock, random: systemRandom(), limits: { backoffMs: 10, ...limits } },
      );
      opened.push(tiles);
      return tiles;
    }

    let bucket: string;
    beforeEach(async () => {
      bucket = await makeBucket(cephGateway());
    });

    describeTileFiles('S3 (Ceph)', async () => {
      const own = await makeBucket(cephGateway());
      return { open: () => open(own, { prefix: 'cells/north/' }) };
    });

    const TILE = tilePath(0, 3);
    const BYTES = payload(8192);
    const unavailable = { code: 'object_store_unavailable' };
    const object = (key: string): Promise<Response> => askCeph(cephGateway(), 'GET', `/${bucket}/${key}`);

    test('objects carry what a static site needs, and the bytes alone', async () => {
      const tiles = open(bucket, { prefix: 'public/' });
      await tiles.write('city', [
        { path: TILE, bytes: BYTES },
        { path: 'checkpoint', bytes: Buffer.from('origin\n') },
      ]);
      const told = async (path: string) => {
        const answer = await object(`public/city/${path}`);
        const { headers } = answer;
        const names = ['content-type', 'cache-control', 'content-encoding', 'content-length'];
        return [
          ...names.map((name) => headers.get(name)),
          Buffer.from(await answer.arrayBuffer()).toString('hex'),
        ];
      };
      expect(await told(TILE)).toEqual([
        'application/octet-stream',
        'max-age=31536000, immutable',
        null,
        '8192',
        Buffer.from(BYTES).toString('hex'),
      ]);
      expect(await told('checkpoint')).toEqual([
        'text/plain; charset=utf-8',
        'no-cache',
        null,
        '7',
        Buffer.from('origin\n').toString('hex'),
      ]);
    });

    test('takes the largest entry bundle, and 255 partial tiles away at once', async () => {
      const tiles = open(bucket);
      const largest = Buffer.alloc(256 * (2 + 65_535), 'entry');
      await tiles.write('city', [{ path: entriesPath(0), bytes: largest }]);
      expect((await tiles.read('city', entriesPath(0)))?.length).toBe(largest.length);
      const widths = Array.from({ length: 255 }, (_, at) => at + 1);
      await tiles.write(
        'city',
        widths.map((width) => ({ path: entriesPath(0, width), bytes: payload(width) })),
      );
      await tiles.removePartials('city', entriesPath(0));
      const listing = await (await askCeph(cephGateway(), 'GET', `/${bucket}`)).text();
      expect([...listing.matchAll(/<Key>([^<]*)/g)].map((match) => match[1])).toEqual([
        `city/${entriesPath(0)}`,
      ]);
    });

    test('a bucket may be part of the host name', async () => {
      const { port } = new URL(cephGateway().endpoint);
      // Whatever resolves names here: every name is this machine.
      const lookup = vi
        .spyOn(dns, 'lookup')
        .mockImplementation((_name: string, ...rest: unknown[]) =>
          (rest.at(-1) as LookupAll)(null, [{ address: '127.0.0.1', family: 4 }]),
        );
      try {
        const tiles = open(bucket, { endpoint: `http://localhost:${port}`, pathStyle: false, prefix: 'a/' });
        await tiles.write('city', [{ path: `${TILE}.p/9`, bytes: payload(288) }]);
        expect((await tiles.read('city', `${TILE}.p/9`))?.length).toBe(288);
        expect((await object(`a/city/${TILE}.p/9`)).status).toBe(200);
        await tiles.removePartials('city', TILE);
        expect((await object(`a/city/${TILE}.p/9`)).status).toBe(404);
        expect(lookup.mock.calls.map(([name]) => name)).toContain(`${bucket}.localhost`);
      } finally {
        lookup.mockRestore();
      }
    });

    test.each<[string, Partial<S3TileSettings>]>([
      ['a wrong secret', { secretAccessKey: 'wrong' }],
      ['an unknown key', { accessKeyId: 'unknown' }],
      ['a bucket that is not there', { bucket: 'no-such-bucket' }],
    ])('%s rejects, and is never "no such tile"', async (_, settings) => {
      const tiles = open(bucket, settings);
      await expect(tiles.read('city', TILE)).rejects.toMatchObject(unavailable);
      await expect(tiles.write('city', [{ path: TILE, bytes: BYTES }])).rejects.toMatchObject(unavailable);
      await expect(tiles.removePartials('city', TILE)).rejects.toMatchObject(unavailable);
      expect((await object(`city/${TILE}`)).status).toBe(404);
    });

    test('a clock that is hours off is refused', async () => {
      const { endpoint, region, accessKey, secretKey } = cephGateway();
      const behind = { ...systemClock, nowMs: () => systemClock.nowMs() - 5 * 3_600_000 };
      const tiles = s3TileFiles(
        { endpoint, region, bucket, accessKeyId: accessKey, secretAccessKey: secretKey },
        { clock: behind, random: systemRandom() },
      );
      opened.push(tiles);
      await expect(tiles.read('city', TILE)).rejects.toMatchObject({
        ...unavailable,
        detail: { en: expect.stringContaining('RequestTimeTooSkewed') },
      });
    });

    describe('over a bad network', () => {
      let proxy: SpoilingProxy;
      let tiles: S3TileFiles;
      beforeEach(async () => {
        proxy = await SpoilingProxy.start(cephGateway().endpoint);
        tiles = open(bucket, { endpoint: proxy.url });
      });
      afterEach(() => proxy.stop());

      const flipped = (bytes: Buffer): Buffer => {
        const copy = Buffer.from(bytes);
        if (copy.length > 0) copy.writeUInt8(copy.readUInt8(0) ^ 1, 0);
        return copy;
      };

      test('a corrupted upload is refused by the gateway, and sent again', async () => {
        proxy.spoilings.push({ body: flipped }, { body: flipped });
        await tiles.write('city', [{ path: TILE, bytes: BYTES }]);
        expect(Buffer.from(await (await object(`city/${TILE}`)).arrayBuffer())).toEqual(Buffer.from(BYTES));
        proxy.always = { body: flipped };
        await expect(tiles.write('city', [{ path: tilePath(0, 4), bytes: BYTES }])).rejects.toMatchObject(
          unavailable,
        );
        expect((await object(`city/${tilePath(0, 4)}`)).status).toBe(404);
      });

      test('stored but reported as failed: the same write again succeeds', async () => {
        const files = [TILE, entriesPath(3)].map((path) => ({ path, bytes: BYTES }));
        proxy.always = { loseAnswer: true };
        await expect(tiles.write('city', files)).rejects.toMatchObject(unavailable);
        // It was stored indeed.
        expect((await object(`city/${TILE}`)).status).toBe(200);
        proxy.always = undefined;
        await tiles.write('city', files);
        expect(Buffer.from((await tiles.read('city', TILE)) ?? [])).toEqual(Buffer.from(BYTES));
      });

      test('removed but reported as failed: the same removal again succeeds', async () => {
        const partial = `${TILE}.p/9`;
        await tiles.write('city', [{ path: partial, bytes: payload(288) }]);
        proxy.spoilings.push(undefined);
        proxy.always = { loseAnswer: true };
        await expect(tiles.removePartials('city', TILE)).rejects.toMatchObject(unavailable);
        expect((await object(`city/${partial}`)).status).toBe(404);
        proxy.always = undefined;
        await tiles.removePartials('city', TILE);
      });
    });

    test('the gateway is killed in the middle of writes: what resolved is there, what rejected can be repeated', async () => {
      const gateway = await SpareGateway.start(cephGateway());
      const tiles = open(bucket, { endpoint: gateway.endpoint }, { attempts: 2 });
      const outcomes = { resolved: 0, rejected: 0 };
      try {
        for (let round = 0; round < 4; round++) {
          const files = Array.from({ length: 80 }, (_, at) => ({
            path: tilePath(round, at),
            bytes: Buffer.alloc(8192, at),
          }));
          // Somewhere in the middle: when so many of them have come to an end.
          let ended = 0;
          let killed: Promise<void> | undefined;
          const settled = await Promise.allSettled(
            files.map(async (file) => {
              try {
                await tiles.write('city', [file]);
              } finally {
                if (++ended === 10 + round * 15) killed = gateway.kill();
              }
            }),
          );
          await killed;
          await gateway.start();
          for (const [at, outcome] of settled.entries()) {
            outcomes[outcome.status === 'fulfilled' ? 'resolved' : 'rejected']++;
            if (outcome.status === 'rejected') {
              expect(outcome.reason).toMatchObject(unavailable);
              continue;
            }
            expect(Buffer.from((await tiles.read('city', files[at]!.path)) ?? [])).toEqual(files[at]!.bytes);
          }
          await tiles.write('city', files);
          for (const { path, bytes } of files) {
            expect(Buffer.from((await tiles.read('city', path)) ?? [])).toEqual(bytes);
          }
        }
      } finally {
        await gateway.kill();
      }
      // Otherwise nothing was in the middle.
      expect(outcomes.resolved).toBeGreaterThanOrEqual(50);
      expect(outcomes.rejected).toBeGreaterThanOrEqual(50);
    });

    test('a gateway that comes back within the attempts: the write never notices', async () => {
      const gateway = await SpareGateway.start(cephGateway());
      const tiles = open(bucket, { endpoint: gateway.endpoint }, { attempts: 12 });
      try {
        await gateway.kill();
        const write = tiles.write('city', [{ path: TILE, bytes: BYTES }]);
        await gateway.start();
        await write;
        expect((await object(`city/${TILE}`)).status).toBe(200);
      } finally {
        await gateway.kill();
      }
    });

    describe('a log in the bucket', () => {
      let folder: string;
      beforeAll(async () => {
        folder = await mkdtemp(join(tmpdir(), 'sekisho-copied-'));
      });
      afterAll(() => rm(folder, { recursive: true, force: true }));

      test('passes the audit as a plain copy, and no more after one byte of it changed', async () => {
        const signer = sampleSigner(sampleOrigin);
        const entries = crossingLog(Array.from({ length: 150 }, () => ({}))).map((entry) =>
          canonicalJson(entry),
        );
        const tiles = open(bucket);
        await tiles.write('city', logFiles(entries, signer));

        // As plain tools copy: every listed key becomes a file.
        const listing = await (await askCeph(cephGateway(), 'GET', `/${bucket}`)).text();
        const keys = [...listing.matchAll(/<Key>([^<]*)/g)].map((match) => match[1]!);
        for (const key of keys) {
          const file = join(folder, key);
          await mkdir(dirname(file), { recursive: true });
          await writeFile(file, Buffer.from(await (await object(key)).arrayBuffer()));
        }
        await writeFile(join(folder, 'cell.vkey'), `${signer.verifierKey}\n`);
        const audit = () =>
          sekisho(['audit', join(folder, 'city'), '--key', join(folder, 'cell.vkey'), '--json'], {
            cwd: folder,
            env: { SEKISHO_URL: 'http://127.0.0.1:1' },
          });
        const { code, stdout } = await audit();
        expect(JSON.parse(stdout)).toMatchObject({ verdict: 'clean', logs: [{ entries: 302 }] });
        expect(code).toBe(0);

        const bundle = join(folder, 'city', entriesPath(0));
        const bytes = Buffer.from((await tiles.read('city', entriesPath(0))) ?? []);
        bytes.writeUInt8(bytes.readUInt8(100) ^ 1, 100);
        await writeFile(bundle, bytes);
        expect((await audit()).code).toBe(1);
      });
    });
  },
);
