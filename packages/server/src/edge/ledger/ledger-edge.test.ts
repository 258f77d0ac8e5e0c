import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import { SekishoError } from '@sekisho/contract';
import { entriesPath, tilePath, tilesOfTree } from '@sekisho/proof';
import * as fc from 'fast-check';
import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemRandom } from '../../base/random.ts';
import { KeyDirectory, mintApiKey } from '../../domains/identity/index.ts';
import { openLedger, type Ledger } from '../../domains/ledger/index.ts';
import { MemoryDisk, memoryKeys, openMemoryStorage } from '../../domains/ledger/testing/memory-storage.ts';
import { fixedClock, keyEntry, quietLog } from '../../domains/ledger/testing/sample-entries.ts';
import { Authenticate } from '../../flows/authenticate.ts';
import { readLogFile } from '../../flows/read-log-file.ts';
import { SearchCrossings } from '../../flows/search-crossings.ts';
import { MemoryCrossings } from '../../flows/testing/memory-crossings.ts';
import { createCellServer } from '../http-server.ts';
import { OpenAiEdge } from '../openai/openai-edge.ts';
import { acceptsGzip, matchesEtag } from './conditional-request.ts';
import { ledgerEdge } from './ledger-edge.ts';

const ADMIN_KEY = 'sk-sekisho-admin-test';
const random = systemRandom();
const keyOf = (tenant: string) =>
  mintApiKey(random, { tenant, workspace: 'welfare', label: 'api' }, '2026-04-01T00:00:00.000Z');
const city = keyOf('city');
const town = keyOf('town');

const disk = new MemoryDisk();
let ledger: Ledger;
let open: Listener;
let closed: Listener;

beforeAll(async () => {
  ledger = await openLedger({
    ...openMemoryStorage(disk),
    cellName: 'cell.example',
    keys: memoryKeys(),
    clock: fixedClock,
    log: quietLog,
    pace: { intervalMs: 0, intervalMsMin: 0 },
    sink: { accept: async () => undefined },
  });
  for (const log of ['cell', 'city', 'town']) await ledger.ensureLog(log);
  await grow('city', 299);
  open = await listen('public');
  closed = await listen('tenant');
});

afterAll(async () => {
  await open?.server.close();
  await closed?.server.close();
  await ledger?.close();
});

async function grow(log: string, entries: number): Promise<void> {
  for (let serial = 0; serial < entries; serial++) void ledger.append(log, keyEntry(serial));
  await ledger.settledNow(log);
  await ledger.append(log, keyEntry(entries));
  await ledger.settledNow(log);
}

interface Listener {
  readonly server: FastifyInstance;
  readonly url: string;
}

async function listen(reading: 'tenant' | 'public'): Promise<Listener> {
  const authenticate = new Authenticate(new KeyDirectory([city.stored, town.stored], ADMIN_KEY));
  const noFlow = async (): Promise<never> => Promise.reject(new SekishoError('not_found'));
  const flows = {
    completeChat: { run: noFlow } as never,
    receipt: noFlow,
    models: () => [],
    crossings: new SearchCrossings(new MemoryCrossings()),
  };
  const server = await createCellServer({
    inference: [new OpenAiEdge(authenticate, flows, quietLog, random)],
    adminRoutes: async () => undefined,
    publicRoutes: async (routes) => void routes.get('/ledger/cell.vkey', async () => 'keys'),
    ledgerRoutes: ledgerEdge(
      authenticate,
      { readLogFile: (reader, log, path) => readLogFile(ledger, reader, log, path) },
      reading,
    ),
    tls: undefined,
    log: quietLog,
    random,
  });
  return { server, url: await server.listen({ host: '127.0.0.1', port: 0 }) };
}

const bytesOf = async (response: Response): Promise<Buffer> => Buffer.from(await response.arrayBuffer());
const withKey = (key: string): RequestInit => ({ headers: { authorization: `Bearer ${key}` } });

/** The path as it is: fetch would tidy it. */
async function rawGet(path: string): Promise<{ readonly status: number; readonly body: string }> {
  const sent = request(open.url, { path, agent: false }).end();
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  return { status: response.statusCode ?? 0, body: await text(response) };
}

async function refusalOf(answer: Promise<Response>): Promise<string> {
  const response = await answer;
  const { error } = (await response.json()) as { error: { code: string; message: object } };
  expect(Object.keys(error.message)).toEqual(['ja', 'en']);
  return `${response.status} ${error.code}`;
}

describe('a log over HTTP', () => {
  test('is its files, byte for byte', async () => {
    const { size } = ledger.checkpoint('city');
    expect(size).toBe(301);
    const paths = [...tilesOfTree(size)].flatMap(({ level, index, width }) => [
      tilePath(level, index, width),
      ...(level === 0 ? [entriesPath(index, width)] : []),
    ]);
    for (const path of paths) {
      const response = await fetch(`${open.url}/ledger/city/${path}`);
      expect(response.status).toBe(200);
      expect(response.headers.get('content-type')).toBe('application/octet-stream');
      expect(response.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
      expect(await bytesOf(response)).toEqual(Buffer.from(disk.files.get(`city/${path}`)!));
    }
    const checkpoint = await fetch(`${open.url}/ledger/city/checkpoint`);
    expect(checkpoint.headers.get('content-type')).toBe('text/plain; charset=utf-8');
    expect(checkpoint.headers.get('cache-control')).toBe('public, no-cache');
    expect(await checkpoint.text()).toBe(disk.checkpoints.get('city'));
  });

  test('answers every partial tile of an earlier tree, also those removed from disk', async () => {
    expect(disk.files.has(`city/${tilePath(0, 0, 7)}`)).toBe(false);
    const full = disk.files.get(`city/${tilePath(0, 0)}`)!;
    const bundle = disk.files.get(`city/${entriesPath(0)}`)!;
    for (const width of [1, 7, 255]) {
      const tile = await fetch(`${open.url}/ledger/city/${tilePath(0, 0, width)}`);
      expect(await bytesOf(tile)).toEqual(Buffer.from(full.subarray(0, width * 32)));
      const entries = await bytesOf(await fetch(`${open.url}/ledger/city/${entriesPath(0, width)}`));
      expect(entries.equals(Buffer.from(bundle.subarray(0, entries.length)))).toBe(true);
      let count = 0;
      for (let at = 0; at < entries.length; at += 2 + entries.readUInt16BE(at)) count++;
      expect(count).toBe(width);
    }
  });

  test('a checkpoint is validated by its entity tag until the log grows', async () => {
    const url = `${open.url}/ledger/town/checkpoint`;
    const etag = (await fetch(url)).headers.get('etag')!;
    const again = await fetch(url, { headers: { 'if-none-match': etag } });
    expect([again.status, await again.text(), again.headers.get('etag')]).toEqual([304, '', etag]);
    await grow('town', 1);
    const grown = await fetch(url, { headers: { 'if-none-match': etag } });
    expect([grown.status, grown.headers.get('etag') === etag]).toEqual([200, false]);
  });

  test('entry bundles are compressed for those who take it', async () => {
    const path = entriesPath(0);
    const url = `${open.url}/ledger/city/${path}`;
    const plain = await fetch(url, { headers: { 'accept-encoding': 'identity' } });
    expect([plain.headers.get('content-encoding'), plain.headers.get('vary')]).toEqual([
      null,
      'accept-encoding',
    ]);
    const raw = await open.server.inject({
      url: `/ledger/city/${path}`,
      headers: { 'accept-encoding': 'gzip' },
    });
    expect(raw.headers['content-encoding']).toBe('gzip');
    expect(gunzipSync(raw.rawPayload)).toEqual(await bytesOf(plain));
    const tile = await fetch(`${open.url}/ledger/city/${tilePath(0, 0)}`, {
      headers: { 'accept-encoding': 'gzip' },
    });
    expect(tile.headers.get('content-encoding')).toBeNull();
  });

  test('HEAD says what GET would, without the bytes', async () => {
    for (const path of ['checkpoint', tilePath(0, 0), entriesPath(1, 45)]) {
      const init = { headers: { 'accept-encoding': 'identity' } };
      const got = await fetch(`${open.url}/ledger/city/${path}`, init);
      const head = await fetch(`${open.url}/ledger/city/${path}`, { ...init, method: 'HEAD' });
      expect([head.status, (await bytesOf(head)).length]).toEqual([200, 0]);
      for (const name of ['content-length', 'content-type', 'cache-control', 'etag']) {
        expect(head.headers.get(name)).toBe(got.headers.get(name));
      }
    }
  });

  test.each([
    ['an unknown log', 'village/checkpoint'],
    ['a name that is none', 'City/checkpoint'],
    ['a log without a resource', 'city/'],
    ['another resource', 'city/checkpoint/'],
    ['a tile beyond the tree', `city/${tilePath(0, 2)}`],
    ['a tile wider than the tree', `city/${tilePath(0, 1)}`],
    ['a partial tile wider than the tree', `city/${tilePath(0, 1, 46)}`],
    ['a partial bundle wider than the tree', `city/${entriesPath(1, 46)}`],
    ['a level above the tree', `city/${tilePath(2, 0, 1)}`],
    ['an empty tile', 'city/tile/0/001.p/0'],
    ['a full tile spelled as a partial one', 'city/tile/0/000.p/256'],
    ['a short index', 'city/tile/0/0'],
    ['an index with an idle group', 'city/tile/0/x000/000'],
    ['an escaped character', 'c%69ty/checkpoint'],
    ['an escaped slash', 'city%2Fcheckpoint'],
    ['a way out', 'city/tile/../checkpoint'],
    ['an escaped way out', 'city/..%2Ftown/checkpoint'],
    ['a file beside the tiles', 'city/tile/0/000.next'],
    ['two slashes', 'city//checkpoint'],
  ])('%s is not found', async (_, path) => {
    const { status, body } = await rawGet(`/ledger/${path}`);
    expect(status).toBe(404);
    expect(JSON.parse(body)).toMatchObject({ error: { code: 'not_found', faults: [] } });
  });

  test('no random path gives anything but a resource or a refusal', async () => {
    const part = fc.constantFrom(
      '..',
      '.',
      '',
      'tile',
      'entries',
      '0',
      '000',
      'x000',
      '000.p',
      '1',
      '%2e%2e',
      '%00',
      'checkpoint',
      'city',
    );
    await fc.assert(
      fc.asyncProperty(fc.array(part, { maxLength: 7 }), async (parts) => {
        const { status } = await rawGet(`/ledger/city/${parts.join('/')}`);
        expect([200, 400, 404]).toContain(status);
      }),
      { numRuns: 200 },
    );
  });

  test('a query is refused', async () => {
    expect(await refusalOf(fetch(`${open.url}/ledger/city/checkpoint?size=1`))).toBe('400 invalid_request');
  });

  test('the file of verifier keys stays where it is', async () => {
    expect(await (await fetch(`${closed.url}/ledger/cell.vkey`)).text()).toBe('keys');
  });
});

describe('with ledger-reading: tenant', () => {
  const at = (log: string, path = 'checkpoint'): string => `${closed.url}/ledger/${log}/${path}`;

  test.each(['checkpoint', tilePath(0, 0, 1), entriesPath(0, 1)])(
    '%s of a tenant is read by its keys and the admin key alone',
    async (path) => {
      expect((await fetch(at('city', path), withKey(city.text))).status).toBe(200);
      expect((await fetch(at('city', path), withKey(ADMIN_KEY))).status).toBe(200);
      expect(await refusalOf(fetch(at('city', path), withKey(town.text)))).toBe('404 not_found');
      expect(await refusalOf(fetch(at('city', path)))).toBe('401 authentication_required');
      expect(await refusalOf(fetch(at('city', path), withKey('wrong')))).toBe('401 invalid_api_key');
    },
  );

  test('the log of the cell itself needs the admin key', async () => {
    expect((await fetch(at('cell'), withKey(ADMIN_KEY))).status).toBe(200);
    expect(await refusalOf(fetch(at('cell'), withKey(city.text)))).toBe('404 not_found');
  });

  test("another tenant's log looks like none", async () => {
    const body = async (log: string): Promise<string> =>
      (await (await fetch(at(log), withKey(city.text))).text()).replaceAll(log, '?');
    expect(await body('town')).toBe(await body('nobody'));
  });

  test('no shared cache may keep an answer', async () => {
    for (const path of ['checkpoint', tilePath(0, 0), entriesPath(0)]) {
      const { headers } = await fetch(at('city', path), withKey(city.text));
      expect(headers.get('cache-control')).toMatch(/^private, /);
      expect(headers.get('vary')).toMatch(/^authorization\b/);
    }
  });
});

test('a tile that was changed on disk is not served', async () => {
  // Not read before, so not in the cache of checked tiles.
  const changed = `town/${entriesPath(0, ledger.checkpoint('town').size)}`;
  const intact = disk.files.get(changed)!;
  disk.files.set(changed, intact.with(9, intact[9]! ^ 1));
  expect(await refusalOf(fetch(`${open.url}/ledger/${changed}`))).toBe('500 ledger_corrupt');
  disk.files.set(changed, intact);
  expect((await fetch(`${open.url}/ledger/${changed}`)).status).toBe(200);
});

test.each([
  ['gzip', true],
  ['br, GZIP;q=0.5', true],
  ['*', true],
  ['gzip;q=0', false],
  ['gzip; q=0.000, *', false],
  ['identity', false],
  ['xgzip', false],
  [undefined, false],
])('Accept-Encoding %s takes gzip: %s', (header, takes) => {
  expect(acceptsGzip(header)).toBe(takes);
});

test.each([
  ['"a"', true],
  ['W/"a"', true],
  ['"b", "a"', true],
  ['*', true],
  ['"b"', false],
  ['a', false],
  [undefined, false],
])('If-None-Match %s names the tag: %s', (header, names) => {
  expect(matchesEtag(header, '"a"')).toBe(names);
});
