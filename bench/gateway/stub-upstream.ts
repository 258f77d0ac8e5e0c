/**
 * The model server behind every contender, a process of its own: prebuilt bytes on raw sockets, so
 * that it costs as little as a server in Node can. A stream's events leave one by one, each in its
 * own turn of the event loop, as a model would produce them, only without the waiting.
 */
import { createServer, type Socket } from 'node:net';
import { HttpMessageReader } from './http-message-reader.ts';
import { streamEvents, wholeAnswer } from './workloads.ts';

const WANTS_STREAM = Buffer.from('"stream":true');
const WANTS_USAGE = Buffer.from('"include_usage":true');

const whole = Buffer.concat([
  Buffer.from(
    `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${wholeAnswer.length}\r\n\r\n`,
  ),
  wholeAnswer,
]);
const streamHead = Buffer.from(
  'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n',
);
const streams = { plain: chunked(streamEvents(false)), withUsage: chunked(streamEvents(true)) };

function chunked(events: readonly Buffer[]): readonly Buffer[] {
  const chunks = events.map((event) =>
    Buffer.concat([Buffer.from(`${event.length.toString(16)}\r\n`), event, Buffer.from('\r\n')]),
  );
  return [Buffer.concat([streamHead, chunks[0]!]), ...chunks.slice(1), Buffer.from('0\r\n\r\n')];
}

function answer(socket: Socket, body: Buffer): void {
  if (!body.includes(WANTS_STREAM)) {
    socket.write(whole);
    return;
  }
  const pieces = body.includes(WANTS_USAGE) ? streams.withUsage : streams.plain;
  let next = 0;
  const writeOne = (): void => {
    const piece = pieces[next++];
    if (piece === undefined || socket.destroyed) return;
    socket.write(piece);
    setImmediate(writeOne);
  };
  writeOne();
}

const server = createServer({ noDelay: true }, (socket) => {
  const reader = new HttpMessageReader(({ body }) => answer(socket, body), { keepBody: true });
  socket.on('data', (bytes) => reader.push(bytes));
  // A contender that stops resets its connections.
  socket.on('error', () => socket.destroy());
});
process.on('disconnect', () => process.exit(0));
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  process.send?.({ port: typeof address === 'object' ? address?.port : undefined });
});
