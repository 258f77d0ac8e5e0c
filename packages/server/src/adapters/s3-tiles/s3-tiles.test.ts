import { inspect } from 'node:util';
import type { SekishoError } from '@sekisho/contract';
import { entriesPath, tilePath } from '@sekisho/proof';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../base/clock.ts';
import { systemRandom } from '../../base/random.ts';
import { describeTileFiles, payload } from '../../domains/ledger/testing/tile-files.contract.ts';
import { s3TileFiles } from './index.ts';
import type { S3Limits, S3TileFiles, S3TileSettings } from './index.ts';
import { StubObjectStore, etagOf, refusal, send } from './testing/stub-object-store.ts';
import type { Fault } from './testing/stub-object-store.ts';

const SECRET = 'the-secret-access-key';
const KEY_ID = 'THEACCESSKEYID';

let store: StubObjectStore;
let endpoint: string;
const opened: S3TileFiles[] = [];
beforeEach(async () => {
  store = new StubObjectStore();
  endpoint = await store.start();
});
afterEach(async () => {
  for (const tiles of opened.splice(0)) await tiles.close();
  await store.stop();
});

function open(settings: Partial<S3TileSettings> = {}, limits: Partial<S3Limits> = {}): S3TileFiles {
  const tiles = s3TileFiles(
    {
      endpoint,
      region: 'us-east-1',
      bucket: store.bucket,
      accessKeyId: KEY_ID,
      secretAccessKey: SECRET,
      ...settings,
    },
    { clock: systemClock, random: systemRandom(), limits: { backoffMs: 1, attemptMs: 5000, ...limits } },
  );
  opened.push(tiles);
  return tiles;
}

const TILE = tilePath(0, 3);
const BYTES = Buffer.from(payload(8192));
const unavailable = { code: 'object_store_unavailable' };

describeTileFiles('S3 (stub)', async () => ({ open }));

describe('objects', () => {
  test('have the key {prefix}{log}/{path} and what a static site needs', async () => {
    const tiles = open({ prefix: 'cells/north-1/' });
    const paths = [TILE, tilePath(1, 0, 3), entriesPath(1_234_567), entriesPath(0, 9)];
    await tiles.write(
      'city',
      paths.map((path) => ({ path, bytes: payload(96) })),
    );
    await tiles.write('city', [{ path: 'checkpoint', bytes: Buffer.from('origin\n1\nroot\n') }]);
    const stored = [...store.objects].map(([key, { headers }]) => [
      key,
      headers['content-type'],
      headers['cache-control'],
      headers['content-encoding'],
    ]);
    expect(stored).toEqual([
      ...paths.map((path) => [
        `cells/north-1/city/${path}`,
        'application/octet-stream',
        'max-age=31536000, immutable',
        undefined,
      ]),
      ['cells/north-1/city/checkpoint', 'text/plain; charset=utf-8', 'no-cache', undefined],
    ]);
    expect(store.objects.get('cells/north-1/city/checkpoint')?.bytes.toString()).toBe('origin\n1\nroot\n');
  });

  test.each([
    'checkpoint.p/1',
    'checkpoints',
    '../south/tile/0/000',
    'tile/0/000/../001',
    'tile/0/000.p/0',
    '/tile/0/000',
    '',
  ])('are checkpoint, tiles and entry bundles only, not %s', async (path) => {
    const tiles = open();
    const refused = { code: 'internal_error' };
    await expect(tiles.read('city', path)).rejects.toMatchObject(refused);
    await expect(tiles.write('city', [{ path, bytes: BYTES }])).rejects.toMatchObject(refused);
    await expect(tiles.removePartials('city', path)).rejects.toMatchObject(refused);
    await expect(tiles.read('../city', TILE)).rejects.toMatchObject(refused);
    expect(store.seen).toEqual([]);
  });

  test('are never longer than a tile or bundle can be', async () => {
    const tiles = open();
    const long = { path: TILE, bytes: payload(8193) };
    await expect(tiles.write('city', [long])).rejects.toMatchObject({ code: 'internal_error' });
    await tiles.write('city', [{ path: entriesPath(0), bytes: Buffer.alloc(256 * 65_537, 7) }]);
    expect((await tiles.read('city', entriesPath(0)))?.length).toBe(16_777_472);
    store.objects.set(`city/${TILE}`, { bytes: Buffer.alloc(8193), headers: {} });
    await expect(tiles.read('city', TILE)).rejects.toMatchObject({ code: 'ledger_corrupt' });
    store.always = (_, response) => send(response, { status: 200, body: Buffer.alloc(100_000) });
    await expect(tiles.read('city', TILE)).rejects.toMatchObject(unavailable);
  });

  test('are sent at most 16 at once, by all writes together', async () => {
    const tiles = open();
    const files = (level: number) =>
      Array.from({ length: 60 }, (_, at) => ({ path: tilePath(level, at), bytes: payload(64) }));
    // Answers wait for each other, so that all that may be under way are.
    const waiting: (() => void)[] = [];
    store.always = (_, response, carry) => {
      waiting.push(() => send(response, carry()));
      if (waiting.length < 16 && store.seen.length < 120) return;
      // After a seventeenth, if one is on its way.
      setImmediate(() => waiting.splice(0).forEach((answer) => answer()));
    };
    await Promise.all([tiles.write('a', files(0)), tiles.write('b', files(1))]);
    expect(store.objects.size).toBe(120);
    expect(store.busiest).toBe(16);
  });
});

describe('a fault that passes', () => {
  const internal: Fault = (_, response) => send(response, refusal(500, 'InternalError'));
  const slowDown: Fault = (_, response) => send(response, refusal(503, 'SlowDown'));
  const cut: Fault = (_, response) => void response.destroy();
  const stall: Fault = () => {};
  const cutBody: Fault = (_, response) => {
    response.writeHead(200, { 'content-length': 8192, etag: etagOf(BYTES) });
    response.write(BYTES.subarray(0, 4000), () => response.destroy());
  };
  const stallBody: Fault = (_, response) => {
    response.writeHead(200, { 'content-length': 8192, etag: etagOf(BYTES) });
    response.write(BYTES.subarray(0, 4000));
  };
  const shortBody: Fault = (_, response) =>
    send(response, { status: 200, headers: { etag: etagOf(BYTES) }, body: BYTES.subarray(0, 4000) });
  const endedByClose: Fault = (_, response) => {
    response.writeHead(200, { connection: 'close', etag: etagOf(BYTES) });
    response.end(BYTES.subarray(0, 8160));
  };
  const portal: Fault = (_, response) => send(response, { status: 200, body: '<html>Please log in</html>' });
  const otherBytes: Fault = (_, response) =>
    send(response, { status: 200, headers: { etag: etagOf(payload(8191)) }, body: BYTES });
  const storedThenCut: Fault = (_, response, carry) => {
    carry();
    response.destroy();
  };
  const corruptedOnTheWay: Fault = (_, response) => send(response, refusal(400, 'XAmzContentSHA256Mismatch'));
  const noAnswerOfS3: Fault = (_, response) => send(response, { status: 200, body: 'OK' });

  test.each<[string, Fault]>([
    ['500', internal],
    ['503', slowDown],
    ['a cut connection', cut],
    ['no answer', stall],
    ['stored, then cut', storedThenCut],
    ['a body corrupted on the way', corruptedOnTheWay],
    ['200 of something in between', portal],
    ['200 for other bytes', otherBytes],
  ])('%s: the write is repeated', async (_, fault) => {
    const tiles = open({}, { attemptMs: 300 });
    store.faults.push(fault, fault);
    await tiles.write('city', [{ path: TILE, bytes: BYTES }]);
    expect(store.objects.get(`city/${TILE}`)?.bytes).toEqual(BYTES);
    expect(store.seen).toHaveLength(3);
  });

  test.each<[string, Fault]>([
    ['500', internal],
    ['a cut connection', cut],
    ['no answer', stall],
    ['a body that is cut', cutBody],
    ['a body that stalls', stallBody],
    ['a body that is shorter, and says so', shortBody],
    ['a body that ends with the connection, early', endedByClose],
    ['200 of something in between', portal],
    ['other bytes than the ETag says', otherBytes],
  ])('%s: the read is repeated', async (_, fault) => {
    const tiles = open({}, { attemptMs: 300 });
    await tiles.write('city', [{ path: TILE, bytes: BYTES }]);
    store.faults.push(fault, fault);
    expect(await tiles.read('city', TILE)).toEqual(BYTES);
    expect(store.seen).toHaveLength(4);
  });

  test.each<[string, Fault]>([
    ['500', internal],
    ['200 without a word of S3', noAnswerOfS3],
    ['done, then cut', storedThenCut],
  ])('%s: the removal is repeated', async (_, fault) => {
    const tiles = open();
    await tiles.write('city', [{ path: tilePath(0, 3, 7), bytes: payload(224) }]);
    // The listing, its repetition, the removal, its repetition.
    store.faults.push(fault, (_seen, response, carry) => send(response, carry()), fault);
    await tiles.removePartials('city', TILE);
    expect(store.objects.size).toBe(0);
    expect(store.seen.slice(1).map(({ method }) => method)).toEqual(['GET', 'GET', 'POST', 'POST']);
  });

  test.each<[string, Fault]>([
    ['500', internal],
    ['no answer', stall],
    ['stored, then cut', storedThenCut],
  ])('%s that stays: rejects after four attempts, and the same write later succeeds', async (_, fault) => {
    const tiles = open({}, { attemptMs: 200 });
    store.always = fault;
    const write = () => tiles.write('city', [{ path: TILE, bytes: BYTES }]);
    await expect(write()).rejects.toMatchObject(unavailable);
    expect(store.seen).toHaveLength(4);
    store.always = undefined;
    await write();
    expect(await tiles.read('city', TILE)).toEqual(BYTES);
  });
});

describe('a refusal', () => {
  test.each([
    [403, 'AccessDenied'],
    [403, 'SignatureDoesNotMatch'],
    [400, 'InvalidArgument'],
    [404, 'NoSuchBucket'],
    [412, 'PreconditionFailed'],
  ])('%i %s rejects at once, and is never "no such tile"', async (status, code) => {
    const tiles = open();
    store.always = (_, response) => send(response, refusal(status, code));
    await expect(tiles.read('city', TILE)).rejects.toMatchObject(unavailable);
    await expect(tiles.write('city', [{ path: TILE, bytes: BYTES }])).rejects.toMatchObject(unavailable);
    await expect(tiles.removePartials('city', TILE)).rejects.toMatchObject(unavailable);
    expect(store.seen).toHaveLength(3);
  });

  test('a 404 that does not come from S3 is not "no such tile"', async () => {
    store.always = (_, response) => send(response, { status: 404, body: '<h1>Not found</h1>' });
    await expect(open().read('city', TILE)).rejects.toMatchObject(unavailable);
  });

  test.each([301, 302, 307, 308])('%i is not followed', async (status) => {
    const other = new StubObjectStore();
    const location = `${await other.start()}/tiles/city/${TILE}`;
    store.always = (_, response) => send(response, { status, headers: { location } });
    const tiles = open();
    await expect(tiles.read('city', TILE)).rejects.toMatchObject(unavailable);
    await expect(tiles.write('city', [{ path: TILE, bytes: BYTES }])).rejects.toMatchObject(unavailable);
    expect([store.seen.length, other.seen.length]).toEqual([2, 0]);
    await other.stop();
  });

  test('an object that was copied compressed is refused', async () => {
    store.always = (_, response) =>
      send(response, {
        status: 200,
        headers: { etag: etagOf(BYTES), 'content-encoding': 'gzip' },
        body: BYTES,
      });
    await expect(open().read('city', TILE)).rejects.toMatchObject(unavailable);
  });

  test('of one file ends the write: nothing is begun after it, nothing is under way when it rejects', async () => {
    const tiles = open();
    store.faults.push((_, response) => send(response, refusal(403, 'AccessDenied')));
    const files = Array.from({ length: 200 }, (_, at) => ({ path: tilePath(0, at), bytes: payload(64) }));
    await expect(tiles.write('city', files)).rejects.toMatchObject(unavailable);
    const seen = store.seen.length;
    expect(seen).toBeLessThan(100);
    await tiles.read('city', TILE);
    expect(store.seen).toHaveLength(seen + 1);
  });

  test('of one removal is seen in the answer of the whole', async () => {
    const tiles = open();
    await tiles.write('city', [{ path: tilePath(0, 3, 7), bytes: payload(224) }]);
    store.always = (seen, response, carry) =>
      send(
        response,
        seen.method === 'POST'
          ? { status: 200, body: '<DeleteResult><Error><Code>AccessDenied</Code></Error></DeleteResult>' }
          : carry(),
      );
    await expect(tiles.removePartials('city', TILE)).rejects.toMatchObject(unavailable);
  });

  test('names bucket and key, in both languages, and nothing secret', async () => {
    const tiles = open({ sessionToken: 'the-session-token' }, { attempts: 1 });
    const errors: SekishoError[] = [];
    const keep = (error: unknown) => void errors.push(error as SekishoError);
    store.faults.push((_, response) => send(response, refusal(403, 'AccessDenied')));
    await tiles.read('city', TILE).catch(keep);
    store.faults.push((_, response) => void response.destroy());
    await tiles.write('city', [{ path: TILE, bytes: BYTES }]).catch(keep);
    store.faults.push((_, response) => send(response, refusal(403, '\u001b[2J of the store')));
    await tiles.read('city', TILE).catch(keep);
    expect(errors).toHaveLength(3);
    for (const error of errors) {
      const told =
        inspect(error, { depth: 20, showHidden: true }) + error.messageIn('ja') + error.messageIn('en');
      for (const secret of [SECRET, KEY_ID, 'the-session-token', 'AWS4-HMAC', 'of the store'])
        expect(told).not.toContain(secret);
      expect(error.detail.ja).toContain(`s3://tiles/city/${TILE}`);
      expect(error.detail.en).toContain(`s3://tiles/city/${TILE}`);
    }
    expect(inspect(tiles, { depth: 20, showHidden: true })).not.toContain(SECRET);
  });
});

describe('a store that lists what it was not asked for', () => {
  test('does not make us delete it', async () => {
    const tiles = open();
    const contents = [
      'city/checkpoint',
      `city/${TILE}`,
      `city/${TILE}.p/x`,
      `city/${TILE}.p/7/8`,
      `city/${TILE}.p/7`,
    ];
    const listing = contents.map((key) => `<Contents><Key>${key}</Key></Contents>`).join('');
    store.faults.push((_, response) =>
      send(response, {
        status: 200,
        body: `<ListBucketResult><IsTruncated>false</IsTruncated>${listing}</ListBucketResult>`,
      }),
    );
    await tiles.removePartials('city', TILE);
    expect(store.seen[1]?.body.toString()).toBe(
      `<Delete><Quiet>true</Quiet><Object><Key>city/${TILE}.p/7</Key></Object></Delete>`,
    );
  });
});

describe('an ETag that is no MD5', () => {
  test.each([
    ['of another form', { etag: '"8f2-3"' }],
    ['of an encrypted object', { etag: etagOf(payload(1)), 'x-amz-server-side-encryption': 'aws:kms' }],
  ])('%s is not compared', async (_, headers) => {
    const tiles = open();
    store.always = (seen, response) =>
      send(response, { status: 200, headers, body: seen.method === 'GET' ? BYTES : '' });
    await tiles.write('city', [{ path: TILE, bytes: BYTES }]);
    expect(await tiles.read('city', TILE)).toEqual(BYTES);
  });
});

test('close ends what is under way', async () => {
  // Far longer than a test may take.
  const tiles = open({}, { attemptMs: 600_000 });
  let asked: () => void = () => {};
  const underWay = new Promise<void>((resolve) => (asked = resolve));
  store.always = () => asked();
  const read = tiles.read('city', TILE);
  const rejected = expect(read).rejects.toMatchObject(unavailable);
  await underWay;
  await tiles.close();
  await rejected;
  expect(store.seen).toHaveLength(1);
});

describe('settings', () => {
  test.each<[string, Partial<S3TileSettings>]>([
    ['plain http to another machine', { endpoint: 'http://s3.example.jp' }],
    ['credentials in the URL', { endpoint: 'https://key:secret@s3.example.jp' }],
    ['a path', { endpoint: 'https://s3.example.jp/base' }],
    ['a query', { endpoint: 'https://s3.example.jp/?a=b' }],
    ['no URL', { endpoint: 's3.example.jp' }],
    ['another scheme', { endpoint: 'file:///tmp' }],
    ['a bucket with a slash', { bucket: 'a/bc' }],
    ['a prefix without its slash', { prefix: 'cells' }],
    ['a prefix that climbs', { prefix: '../' }],
    ['a prefix that begins with a slash', { prefix: '/cells/' }],
    ['a region with a space', { region: 'us east' }],
    ['no key', { accessKeyId: '' }],
  ])('%s is refused, without a word of the secret', (_, settings) => {
    let error: unknown;
    try {
      open(settings);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toMatchObject({ code: 'invalid_request' });
    expect(inspect(error, { depth: 20 })).not.toContain(SECRET);
  });
});
