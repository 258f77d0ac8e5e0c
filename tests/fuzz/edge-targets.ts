import { once } from 'node:events';
import { connect } from 'node:net';
import { SekishoError } from '@sekisho/contract';
import { entriesPath, tilePath, utf8 } from '@sekisho/proof';
import { systemRandom } from '../../packages/server/src/base/random.ts';
import { KeyDirectory } from '../../packages/server/src/domains/identity/index.ts';
import { openLedger } from '../../packages/server/src/domains/ledger/index.ts';
import type { Ledger } from '../../packages/server/src/domains/ledger/index.ts';
import {
  MemoryDisk,
  memoryKeys,
  openMemoryStorage,
} from '../../packages/server/src/domains/ledger/testing/memory-storage.ts';
import {
  fixedClock,
  keyEntry,
  quietLog,
} from '../../packages/server/src/domains/ledger/testing/sample-entries.ts';
import { createCellServer } from '../../packages/server/src/edge/http-server.ts';
import { acceptsGzip, matchesEtag } from '../../packages/server/src/edge/ledger/conditional-request.ts';
import { ledgerEdge } from '../../packages/server/src/edge/ledger/ledger-edge.ts';
import { OpenAiEdge } from '../../packages/server/src/edge/openai/openai-edge.ts';
import { Authenticate } from '../../packages/server/src/flows/authenticate.ts';
import { readLogFile } from '../../packages/server/src/flows/read-log-file.ts';
import { requireThat } from './parser-target.ts';
import type { ParserTarget } from './parser-target.ts';

/** The log over HTTP: request targets and conditional headers, as bytes on the wire. */

const ENTRIES = 300;
/** Of Node's server: the head of a request. */
const HEAD_BYTES_MAX = 16 * 1024;
const paths = [
  'checkpoint',
  tilePath(0, 0),
  tilePath(0, 1, 44),
  tilePath(0, 0, 7),
  tilePath(1, 0, 1),
  entriesPath(0),
  entriesPath(1, 44),
  entriesPath(0, 3),
].map((path) => `/ledger/city/${path}`);

interface Cell {
  readonly ledger: Ledger;
  readonly server: Awaited<ReturnType<typeof createCellServer>>;
  readonly port: number;
}

function pathTarget(): ParserTarget {
  let cell: Promise<Cell> | undefined;
  return {
    name: 'ledger-address',
    corpus: paths.map((path) => utf8(path)),
    outcomes: ['200', '404', '400'],
    bytesMax: 9000,
    share: 0.05,
    waits: true,
    async parse(input) {
      cell ??= openCell();
      const { port } = await cell;
      // One request line: bytes that would end it begin another request, which is no matter of this edge.
      const target = Buffer.from(input)
        .toString('latin1')
        .replace(/[\r\n \0]/g, '');
      const status = await statusOf(port, target);
      requireThat(status !== '200' || paths.includes(target) || isPartial(target), `an answer to ${target}`);
      return { code: status === '431' || status === '414' ? '400' : status };
    },
    async close() {
      const opened = await cell;
      await opened?.server.close();
      await opened?.ledger.close();
    },
  };
}

const headersTarget: ParserTarget = {
  name: 'conditional-headers',
  corpus: ['"abc"', 'W/"abc", "def"', '*', 'gzip', 'gzip;q=0, *;q=1', 'br, gzip;q=0.5', 'identity'].map(
    (text) => utf8(text),
  ),
  outcomes: ['both', 'gzip', 'etag', 'neither'],
  bytesMax: 16_384,
  parse(input) {
    const header = Buffer.from(input).toString('latin1');
    const etag = matchesEtag(header, '"abc"');
    requireThat(!etag || header.includes('*') || header.includes('"abc"'), 'a tag that is not there');
    const gzip = acceptsGzip(header);
    if (etag) return { code: gzip ? 'both' : 'etag' };
    return { code: gzip ? 'gzip' : 'neither' };
  },
};

/** Any part of a tile that the log has is an answer too. */
function isPartial(target: string): boolean {
  const [, index, width] =
    /^\/ledger\/city\/tile\/(?:0|entries)\/00([01])\.p\/([1-9]\d{0,2})$/.exec(target) ?? [];
  return Number(width) <= (index === '0' ? 255 : 44);
}

async function statusOf(port: number, target: string): Promise<string> {
  const socket = connect({ host: '127.0.0.1', port });
  socket.setTimeout(5000, () => socket.destroy(new Error('no answer')));
  let answer = '';
  socket.on('data', (bytes) => {
    if (answer.length < 100) answer += bytes.toString('latin1');
  });
  socket.write(
    Buffer.from(`GET ${target} HTTP/1.1\r\nhost: cell.example\r\nconnection: close\r\n\r\n`, 'latin1'),
  );
  try {
    await once(socket, 'close');
  } catch (error) {
    // A head that is too long is refused before all of it was sent: then nobody may hear the answer.
    if (target.length < HEAD_BYTES_MAX) throw error;
    return '431';
  }
  return /^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1] ?? `no answer: ${answer.slice(0, 50)}`;
}

async function openCell(): Promise<Cell> {
  const ledger = await openLedger({
    ...openMemoryStorage(new MemoryDisk()),
    cellName: 'cell.example',
    keys: memoryKeys(),
    clock: fixedClock,
    log: quietLog,
    pace: { intervalMs: 0, intervalMsMin: 0 },
    sink: { accept: async () => undefined },
  });
  await ledger.ensureLog('city');
  for (let serial = 1; serial < ENTRIES; serial++) void ledger.append('city', keyEntry(serial));
  await ledger.settledNow('city');
  const random = systemRandom();
  const authenticate = new Authenticate(new KeyDirectory([], 'sk-sekisho-admin-test'));
  const noFlow = async (): Promise<never> => Promise.reject(new SekishoError('not_found'));
  const flows = {
    completeChat: { run: noFlow } as never,
    receipt: noFlow,
    models: () => [],
    crossings: {} as never,
  };
  const server = await createCellServer({
    inference: [new OpenAiEdge(authenticate, flows, quietLog, random)],
    adminRoutes: async () => undefined,
    publicRoutes: async () => undefined,
    ledgerRoutes: ledgerEdge(
      authenticate,
      { readLogFile: (reader, log, path) => readLogFile(ledger, reader, log, path) },
      'public',
    ),
    tls: undefined,
    log: quietLog,
    random,
  });
  const url = await server.listen({ host: '127.0.0.1', port: 0 });
  return { ledger, server, port: Number(new URL(url).port) };
}

export function edgeTargets(): ParserTarget[] {
  return [pathTarget(), headersTarget];
}
