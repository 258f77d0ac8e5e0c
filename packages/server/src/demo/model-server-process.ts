/**
 * A model server of the demo, in a process of its own: OpenAI's HTTP API over the embedded model.
 * It counts every connection and every byte that reaches it, and tells the counts on a second
 * listener, so that asking does not change them. It ends when its parent does.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { ChatCompletionRequest, SekishoError } from '@sekisho/contract';
import { EmbeddedModelServer } from '../adapters/model-servers/embedded.ts';
import { systemClock } from '../base/clock.ts';
import { systemRandom } from '../base/random.ts';
import type { ModelAnswer } from '../domains/inference/index.ts';

/** What the process tells its parent once it listens. */
export interface ModelServerStarted {
  readonly port: number;
  readonly countsPort: number;
}

const BODY_BYTES_MAX = 4 * 1024 * 1024;

const [modelFile = '', port = '0', countsPort = '0'] = process.argv.slice(2);
const model = new EmbeddedModelServer(modelFile, systemClock, systemRandom());
const counts = { connections: 0, bytesReceived: 0, requests: 0 };

const server = createServer((request, response) => {
  counts.requests++;
  answer(request, response).catch((cause: unknown) => {
    const refusal = cause instanceof SekishoError ? cause : undefined;
    if (!response.headersSent)
      response.writeHead(refusal?.status ?? 500, { 'content-type': 'application/json' });
    const type = refusal === undefined ? 'server_error' : 'invalid_request_error';
    const param = refusal?.faults[0]?.path ?? null;
    response.end(
      JSON.stringify({ error: { message: String(cause), type, param, code: refusal?.code ?? null } }),
    );
  });
});
server.on('connection', (socket) => {
  counts.connections++;
  socket.on('data', (bytes: Buffer) => (counts.bytesReceived += bytes.length));
});
const countsServer = createServer((_request, response) => {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(counts));
});

process.on('disconnect', () => process.exit(0));
// Ctrl-C in a terminal reaches the whole group; the cell decides when this process ends.
process.on('SIGINT', () => undefined);
const started: ModelServerStarted = {
  port: await listen(server, Number(port)),
  countsPort: await listen(countsServer, Number(countsPort)),
};
process.send?.(started);

function listen(listener: Server, wanted: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const bound = (): void => resolve(portOf(listener));
    // A port that another program took since the last start is replaced, never shared.
    listener.once('error', () => listener.once('error', reject).listen(0, '127.0.0.1', bound));
    listener.listen(wanted, '127.0.0.1', bound);
  });
}

function portOf(listener: Server): number {
  const address = listener.address();
  if (address === null || typeof address === 'string') throw new Error('not listening on a port');
  return address.port;
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.method === 'GET' && request.url === '/health') {
    response.writeHead(200, { 'content-type': 'application/json' }).end('{"status":"ok"}');
    return;
  }
  if (request.method !== 'POST' || request.url !== '/v1/chat/completions') {
    response.writeHead(404).end();
    return;
  }
  const body = await readAll(request);
  const completion = ChatCompletionRequest.parse(JSON.parse(body.toString('utf8')));
  const unsupported = model.unsupportedParameters(completion);
  if (unsupported.length > 0) {
    const message = { ja: 'このモデルは対応していません。', en: 'This model does not support it.' };
    const faults = unsupported.map((path) => ({ path, message }));
    throw new SekishoError('unsupported_parameter', unsupported.join(', '), { faults });
  }
  const gone = new AbortController();
  response.once('close', () => gone.abort(new Error('the client left')));
  await send(response, await model.complete({ upstreamModel: completion.model, completion }, gone.signal));
}

async function send(response: ServerResponse, result: ModelAnswer): Promise<void> {
  if (result.kind === 'whole') {
    response.writeHead(result.status, { 'content-type': 'application/json' }).end(result.body);
    return;
  }
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  for await (const chunk of result.chunks) response.write(`data: ${chunk.toString('utf8')}\n\n`);
  response.end('data: [DONE]\n\n');
}

async function readAll(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    if (!(chunk instanceof Buffer)) throw new TypeError('a body is bytes');
    bytes += chunk.length;
    if (bytes > BODY_BYTES_MAX) throw new SekishoError('request_too_large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
