/**
 * What a reverse proxy in Node costs at the very least: node:http in front, undici `dispatch` behind,
 * a whole body collected and written once, a stream handed on piece by piece. It checks nothing.
 * Argument: the upstream's port.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { Pool } from 'undici';

const upstream = new Pool(`http://127.0.0.1:${process.argv[2]}`, { connections: 256 });

const server = createServer((request, response) => {
  const parts: Buffer[] = [];
  request.on('data', (bytes: Buffer) => parts.push(bytes));
  request.on('end', () => forward(request, Buffer.concat(parts), response));
});

function forward(request: IncomingMessage, body: Buffer, response: ServerResponse): void {
  const parts: Buffer[] = [];
  let whole = true;
  const options = {
    path: request.url ?? '/',
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
  } as const;
  upstream.dispatch(options, {
    onRequestStart() {},
    onResponseStart(_controller, statusCode, headers) {
      whole = headers['content-length'] !== undefined;
      response.writeHead(statusCode, {
        'content-type': String(headers['content-type']),
        ...(whole ? { 'content-length': String(headers['content-length']) } : {}),
      });
    },
    onResponseData(_controller, bytes) {
      if (whole) parts.push(bytes);
      else response.write(bytes);
    },
    onResponseEnd() {
      response.end(whole ? Buffer.concat(parts) : undefined);
    },
    onResponseError() {
      response.destroy();
    },
  });
}

process.on('disconnect', () => process.exit(0));
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  process.send?.({ port: typeof address === 'object' ? address?.port : undefined });
});
