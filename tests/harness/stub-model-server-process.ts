/**
 * A model server with fixed answers, in a process of its own, so that it can be killed. It counts
 * what reaches it. Arguments: port (0 for any), chunks of a stream, milliseconds between them.
 */
import { createServer, type ServerResponse } from 'node:http';

const [port = '0', chunks = '5', pauseMs = '0'] = process.argv.slice(2);
const counts = { connections: 0, bytes: 0, requests: 0, aborted: 0 };

const server = createServer((request, response) => {
  if (request.url === '/counts') {
    response.end(JSON.stringify(counts));
    return;
  }
  if (request.method === 'GET') {
    // A probe: no data comes with it.
    response.writeHead(200).end('{"object":"list","data":[]}');
    return;
  }
  counts.requests++;
  const parts: Buffer[] = [];
  request.on('data', (bytes: Buffer) => parts.push(bytes));
  request.on('end', () => {
    const { stream } = JSON.parse(Buffer.concat(parts).toString('utf8')) as { stream?: boolean };
    if (stream === true) void answerStream(response);
    else answerWhole(response);
  });
});
server.on('connection', (socket) => {
  counts.connections++;
  socket.on('data', (bytes: Buffer) => (counts.bytes += bytes.length));
});
process.on('disconnect', () => process.exit(0));
server.listen(Number(port), '127.0.0.1', () => {
  const address = server.address();
  process.send?.({ port: typeof address === 'object' ? address?.port : undefined });
});

const usage = { prompt_tokens: 7, completion_tokens: Number(chunks), total_tokens: 7 + Number(chunks) };
const head = { id: 'chatcmpl-stub', created: 1, model: 'stub' };

function answerWhole(response: ServerResponse): void {
  const message = { role: 'assistant', content: 'stub answer' };
  const body = JSON.stringify({
    ...head,
    object: 'chat.completion',
    choices: [{ index: 0, message, finish_reason: 'stop' }],
    usage,
  });
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) });
  response.end(body);
}

async function answerStream(response: ServerResponse): Promise<void> {
  response.on('close', () => {
    if (!response.writableFinished) counts.aborted++;
  });
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  const event = (fields: object): void => {
    response.write(`data: ${JSON.stringify({ ...head, object: 'chat.completion.chunk', ...fields })}\n\n`);
  };
  for (let i = 0; i < Number(chunks) && !response.destroyed; i++) {
    event({ choices: [{ index: 0, delta: { content: `word${i} ` }, finish_reason: null }] });
    if (Number(pauseMs) > 0) await new Promise((resolve) => setTimeout(resolve, Number(pauseMs)));
  }
  event({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] });
  event({ choices: [], usage });
  response.end('data: [DONE]\n\n');
}
