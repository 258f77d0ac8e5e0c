import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { Log } from '../../base/log.ts';
import { systemRandom } from '../../base/random.ts';
import type { Authenticate } from '../../flows/authenticate.ts';
import { chatRoad, keysOfWorkspace, type FakeServer } from '../../flows/testing/chat-road.ts';
import { SearchCrossings } from '../../flows/search-crossings.ts';
import { MemoryCrossings } from '../../flows/testing/memory-crossings.ts';
import { createCellServer } from '../http-server.ts';
import { inferenceEdges } from '../inference-edges.ts';

/** A listener with the real edges over the road of fakes, and what it logged as an error. */
export async function edgeServer(
  model: FakeServer,
  adminRoutesOf: (authenticate: Authenticate) => Parameters<typeof createCellServer>[0]['adminRoutes'] = () =>
    async () =>
      undefined,
  search = new MemoryCrossings(),
) {
  const random = systemRandom();
  const errors: { event: string; fields: object }[] = [];
  const log: Log = {
    info: () => {},
    warn: () => {},
    error: (event, fields) => void errors.push({ event, fields: fields ?? {} }),
  };
  const road = chatRoad({ one: model });
  const { authenticate, apiKey } = keysOfWorkspace();
  const flows = {
    completeChat: road.completeChat,
    receipt: async () => Buffer.from('{}'),
    models: () => ['mini'],
    crossings: new SearchCrossings(search),
  };
  const server = await createCellServer({
    inference: inferenceEdges({ authenticate, log, random }, flows),
    adminRoutes: adminRoutesOf(authenticate),
    publicRoutes: async () => undefined,
    ledgerRoutes: async () => undefined,
    tls: undefined,
    log,
    random,
  });
  const url = await server.listen({ host: '127.0.0.1', port: 0 });
  const port = Number(new URL(url).port);
  const close = async (): Promise<void> => {
    server.server.closeAllConnections();
    await server.close();
  };
  return { ...road, port, url, apiKey, errors, close, swagger: () => server.swagger() };
}

/** A connection on which a test writes bytes of its own. */
export class RawClient {
  readonly socket: Socket;
  received = '';
  ended = false;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (bytes: Buffer) => (this.received += bytes.toString('utf8')));
    socket.on('close', () => (this.ended = true));
    // A reset is what some of these tests are about.
    socket.on('error', () => undefined);
  }

  static async to(port: number): Promise<RawClient> {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    return new RawClient(socket);
  }
}

/** A request as bytes. */
export function rawPost(apiKey: string, body: string, headers: readonly string[] = []): string {
  return [
    'POST /v1/chat/completions HTTP/1.1',
    'host: cell',
    `authorization: Bearer ${apiKey}`,
    'content-type: application/json',
    ...(headers.some((header) => /^(content-length|transfer-encoding)/i.test(header))
      ? []
      : [`content-length: ${Buffer.byteLength(body)}`]),
    ...headers,
    '',
    body,
  ].join('\r\n');
}
