import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { RequestListener, Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { httpWitnessClient, loadWitnessPolicy } from './index.ts';

const submission = { oldSize: 0, proof: [new Uint8Array(32)], checkpoint: 'o\n1\nroot\n\n\u2014 o sig\n' };

let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

async function serve(listener: RequestListener): Promise<string> {
  server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
}

const answering =
  (status: number, body: string, type = 'text/plain'): RequestListener =>
  (_, response) =>
    void response.writeHead(status, { 'content-type': type }).end(body);

describe('the client of a witness', () => {
  const client = httpWitnessClient({ connectMs: 500, answerMs: 500 });
  afterAll(() => client.close());

  test('sends what the specification says, to the prefix', async () => {
    let seen = '';
    const url = await serve((request, response) => {
      seen = `${request.method} ${request.url}\n`;
      request.on('data', (chunk: Buffer) => (seen += chunk.toString('utf8')));
      request.on('end', () => response.end('\u2014 w sig\n'));
    });
    expect(await client.addCheckpoint(`${url}/prefix/`, submission)).toEqual({
      kind: 'cosigned',
      lines: '\u2014 w sig\n',
    });
    expect(seen).toBe(`POST /prefix/add-checkpoint\nold 0\n${'A'.repeat(43)}=\n\n${submission.checkpoint}`);
  });

  test.each([
    [409, '12\n', 'text/x.tlog.size', { kind: 'conflict', size: 12 }],
    [409, '0\n', 'text/x.tlog.size; charset=utf-8', { kind: 'conflict', size: 0 }],
    [400, 'bad', 'text/plain', { kind: 'refused', status: 400 }],
    [404, '', 'text/plain', { kind: 'refused', status: 404 }],
    [422, '', 'text/plain', { kind: 'refused', status: 422 }],
  ])('reads %i %j', async (status, body, type, expected) => {
    const url = await serve(answering(status, body, type));
    expect(await client.addCheckpoint(url, submission)).toEqual(expected);
  });

  const meaningless: [string, RequestListener][] = [
    ['a size of another type', answering(409, '12\n')],
    ['no size', answering(409, 'many\n', 'text/x.tlog.size')],
    ['a size with leading zeros', answering(409, '012\n', 'text/x.tlog.size')],
    ['a size that is no number here', answering(409, '9007199254740992\n', 'text/x.tlog.size')],
    ['a redirect', (_, response) => void response.writeHead(307, { location: '/elsewhere' }).end()],
    ['a fault of its own', answering(500, '')],
    ['too many requests', answering(429, '')],
    ['65 KiB', answering(200, 'x'.repeat(65 * 1024))],
    ['half an answer, then silence', (_, response) => void response.writeHead(200).write('\u2014')],
    ['silence', () => undefined],
    ['a closed connection', (request) => void request.socket.destroy()],
  ];
  test.each(meaningless)('takes no meaning from %s', async (_, listener) => {
    const url = await serve(listener);
    await expect(client.addCheckpoint(url, submission)).rejects.toThrowError();
  });
});

describe('a policy file', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sekisho-policy-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));
  const key = 'PeterNeumann+00000000+AAAA';

  test.each([
    ['nothing'],
    ['quorum none'],
    [`witness w ${key} http://w.example\nquorum w\n`],
    ['quorum nobody\n'],
    [`#${'x'.repeat(1024 * 1024)}\nquorum none\n`],
  ])('%# is refused', async (text) => {
    const file = join(folder, 'policy');
    await writeFile(file, text);
    await expect(loadWitnessPolicy(file)).rejects.toMatchObject({ code: 'invalid_request' });
  });

  test('that does not exist is refused, one that is good is read', async () => {
    await expect(loadWitnessPolicy(join(folder, 'none'))).rejects.toMatchObject({ code: 'invalid_request' });
    await writeFile(join(folder, 'good'), '# no witness yet\nquorum none\n');
    expect(await loadWitnessPolicy(join(folder, 'good'))).toEqual({
      logs: [],
      witnesses: [],
      quorum: { kind: 'none' },
    });
  });
});
