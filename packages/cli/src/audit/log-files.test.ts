import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { placeOfAnchored } from './find-logs.ts';
import { filesOf } from './log-files.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sekisho-log-files-'));
});
afterAll(() => rm(folder, { recursive: true }));

describe('a folder', () => {
  test('gives a file, and nothing where there is none', async () => {
    await mkdir(join(folder, 'tile/0/000.p'), { recursive: true });
    await writeFile(join(folder, 'tile/0/000.p/5'), 'five');
    const files = filesOf(folder, undefined);
    expect(Buffer.from((await files.read('tile/0/000.p/5', 4)) ?? []).toString()).toBe('five');
    expect(await files.read('tile/0/001', 4)).toBeUndefined();
    expect(await files.read('tile/0/000.p/5/6', 4)).toBeUndefined();
    expect([
      await files.partialWidths('tile/0/000.p/3'),
      await files.partialWidths('tile/1/000.p/3'),
    ]).toEqual([[5], []]);
  });

  test('with something else in the place of a file says so at once', async () => {
    execFileSync('mkfifo', [join(folder, 'checkpoint')]);
    const files = filesOf(folder, undefined);
    await expect(files.read('checkpoint', 100)).rejects.toMatchObject({ code: 'file_unreadable' });
    await expect(files.read('tile', 100)).rejects.toMatchObject({ code: 'file_unreadable' });
    await expect(files.read('tile/0/000.p/5', 3)).rejects.toMatchObject({ code: 'file_too_large' });
  });
});

describe('an address', () => {
  const served = async (
    answer: (response: ServerResponse) => void,
    use: (url: string) => Promise<void>,
  ): Promise<void> => {
    const server = createServer((_, response) => answer(response)).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = z.object({ port: z.number() }).parse(server.address());
    try {
      await use(`http://127.0.0.1:${port}`);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  };

  test.each<[string, (response: ServerResponse) => void]>([
    ['never answers', () => undefined],
    ['begins and never ends', (response) => void response.writeHead(200).write('x')],
    ['sends the reader elsewhere', (response) => void response.writeHead(302, { location: '/other' }).end()],
    ['sends more than there can be', (response) => void response.end(Buffer.alloc(2000))],
    [
      'sends little that becomes much',
      (response) => {
        response.writeHead(200, { 'content-encoding': 'gzip' });
        response.end(gzipSync(Buffer.alloc(10_000_000)));
      },
    ],
  ])('that %s is unreachable', async (_, answer) => {
    await served(answer, async (url) => {
      const reading = filesOf(url, undefined, 300).read('checkpoint', 1000);
      await expect(reading).rejects.toMatchObject({ code: 'log_unreachable' });
    });
  });
});

test.each([
  ['cell.example/ledger/city', 'https://h/ledger/city'],
  ['cell.example/ledger/cell', undefined],
  ['other.example/ledger/city', undefined],
  ['cell.example/ledger/../admin', undefined],
  ['cell.example/ledger/a/b', undefined],
  ['cell.example/ledger/a?b', undefined],
  ['cell.example/ledger/', undefined],
])('an anchor of %s leads to %s', (origin, place) => {
  expect(placeOfAnchored('https://h/ledger/cell', 'cell.example/ledger/cell', origin)).toBe(place);
});
