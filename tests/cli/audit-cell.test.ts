/** What an auditor finds with nothing but files, keys and the command: the forgeries that a ledger must not survive. */
import { once } from 'node:events';
import { cp, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { entriesPath, ed25519NoteSigner } from '@sekisho/proof';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { crossingLog, logFiles } from '../../packages/proof/src/testing/audited-log.ts';
import { sampleOrigin } from '../../packages/proof/src/testing/sample-log.ts';
import { displayWidth } from '../../packages/cli/src/terminal-width.ts';
import {
  cellSigner,
  crossings,
  keyEntry,
  tenantSigner,
  witnessPolicy,
  writeCell,
  writeLog,
} from './audited-cell.ts';
import type { Finished } from './run-command.ts';
import { sekishoInProcess } from './run-in-process.ts';

let root: string;
const at = (name: string): string => join(root, name);
const entries = crossings(150);
const second = ed25519NoteSigner(sampleOrigin, new Uint8Array(32).fill(9));

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'sekisho-audit-cell-'));
  await writeFile(at('cell.vkey'), `${cellSigner.verifierKey}\n${tenantSigner.verifierKey}\n`);
  await writeFile(at('second.vkey'), `${second.verifierKey}\n`);
  await writeFile(at('policy'), witnessPolicy);
  await writeCell(at('logs'), entries, [2, 100, 300]);
});
afterAll(() => rm(root, { recursive: true }));

const audit = (args: readonly string[], language: 'ja' | 'en' = 'en'): Promise<Finished> =>
  sekishoInProcess(['audit', ...args, '--key', at('cell.vkey')], { cwd: root, env: {}, language });

const Document = z.looseObject({
  verdict: z.string(),
  logs: z.array(
    z.looseObject({
      log: z.object({ origin: z.string() }).loose().nullable(),
      firstBadIndex: z.number().nullable(),
      findings: z.array(z.object({ code: z.string(), index: z.number().nullable() })),
    }),
  ),
});
/** `log code index` of all findings, and the first bad index of each log. */
const foundIn = async (args: readonly string[]): Promise<unknown> => {
  const { stdout, code } = await audit([...args, '--json']);
  const { logs } = Document.parse(JSON.parse(stdout));
  const found = logs.flatMap(({ log, findings }) =>
    findings.map((each) => `${log?.origin.split('/').at(-1)} ${each.code} ${each.index}`),
  );
  expect(code).toBe(found.length === 0 ? 0 : 1);
  return { found, first: logs.map(({ firstBadIndex }) => firstBadIndex) };
};
const copyOf = async (name: string): Promise<string> => {
  await cp(at('logs'), at(name), { recursive: true });
  return at(name);
};

describe('a whole cell', () => {
  test('is clean with its witnesses and anchors', async () => {
    const { code, stdout } = await audit([at('logs'), '--witness-policy', at('policy'), '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      verdict: 'clean',
      given: { witnessPolicy: { quorum: '2 of (w0, w1)', witnesses: [{ name: 'w0' }, { name: 'w1' }] } },
      logs: [
        { log: { origin: cellSigner.name }, witnesses: { verdict: 'satisfied', lagEntries: 0 } },
        { log: { origin: sampleOrigin }, anchors: { compared: 3, anchoredSize: 300 }, witnesses: null },
      ],
    });
  });

  test('too few witnesses, or none', async () => {
    await writeCell(at('one-witness'), crossings(1), [2], 1);
    const args = [at('one-witness'), '--witness-policy', at('policy')];
    expect(await foundIn(args)).toEqual({ found: ['cell quorum_missing null'], first: [null, null] });
    await rm(join(at('one-witness'), 'cell', 'checkpoint.witnessed'));
    expect(await foundIn(args)).toEqual({ found: ['cell witnessed_missing null'], first: [null, null] });
  });

  test('a log that is not what witnesses saw: another history, or set back', async () => {
    const forked = await copyOf('forked');
    const another = crossingLog(
      Array.from({ length: 150 }, (_, n) => (n === 120 ? { outcome: { status: 201 } } : {})),
    );
    await rm(join(forked, 'asahikawa'), { recursive: true });
    await writeLog(join(forked, 'asahikawa'), another);
    expect(await foundIn([forked])).toEqual({ found: ['asahikawa anchor_mismatch 100'], first: [null, 100] });
    await rm(join(forked, 'asahikawa'), { recursive: true });
    await writeLog(join(forked, 'asahikawa'), entries.slice(0, 200));
    expect(await foundIn([forked])).toEqual({ found: ['asahikawa log_shrank 200'], first: [null, 200] });
  });

  test('a log that was anchored and is gone', async () => {
    const gone = await copyOf('gone');
    await rm(join(gone, 'asahikawa'), { recursive: true });
    expect(await foundIn([gone])).toEqual({ found: ['cell anchored_log_missing 1'], first: [1] });
  });

  test('a second copy of a log is held to the same anchors', async () => {
    const twice = await copyOf('twice');
    await writeLog(join(twice, 'asahikawa-2'), crossingLog([{ outcome: { status: 201 } }, {}]));
    expect(await foundIn([twice])).toMatchObject({
      found: ['asahikawa log_shrank 6'],
      first: [null, null, 6],
    });
  });

  test('a checkpoint of a log that is not there is not passed over', async () => {
    await writeFile(
      at('other'),
      logFiles(crossings(1), ed25519NoteSigner('x/ledger/y', new Uint8Array(32))).checkpoint,
    );
    expect(await foundIn([at('logs'), '--older', at('other')])).toMatchObject({
      found: ['cell older_of_another_log null'],
    });
  });

  test.each(['ja', 'en'] as const)('on the screen, in %s', async (language) => {
    const { stdout } = await audit([at('logs')], language);
    expect(stdout).toContain(cellSigner.name);
    expect(stdout).toContain(sampleOrigin);
    expect(stdout.split('\n').filter((line) => displayWidth(line) > 80)).toEqual([]);
  });
});

describe('forgeries', () => {
  const bundle = (folder: string, index: number, width?: number): string =>
    join(folder, 'asahikawa', entriesPath(index, width));
  const log = (folder: string): string => join(folder, 'asahikawa');

  test('an edited row', async () => {
    const folder = await copyOf('edited');
    const bytes = await readFile(bundle(folder, 0));
    let from = 0;
    for (let entry = 0; entry < 77; entry++) from += 2 + bytes.readUInt16BE(from);
    bytes[bytes.indexOf('"inputTokens":42', from) + 15] = '9'.charCodeAt(0);
    await writeFile(bundle(folder, 0), bytes);
    expect(await foundIn([log(folder)])).toEqual({
      found: ['asahikawa tile_mismatch 77', 'asahikawa root_mismatch 77'],
      first: [77],
    });
  });

  test('a deleted entry', async () => {
    const folder = await copyOf('deleted');
    const bytes = await readFile(bundle(folder, 0));
    let from = 0;
    for (let entry = 0; entry < 200; entry++) from += 2 + bytes.readUInt16BE(from);
    const to = from + 2 + bytes.readUInt16BE(from);
    await writeFile(bundle(folder, 0), Buffer.concat([bytes.subarray(0, from), bytes.subarray(to)]));
    expect(await foundIn([log(folder)])).toEqual({ found: ['asahikawa bundle_malformed 200'], first: [200] });
  });

  test('a truncated tail', async () => {
    const folder = await copyOf('truncated');
    await truncate(bundle(folder, 1, 46), 30_000);
    const bytes = await readFile(bundle(folder, 1, 46));
    let whole = 0;
    for (let from = 0; from + 2 <= bytes.length; whole++) {
      const to = from + 2 + bytes.readUInt16BE(from);
      if (to > bytes.length) break;
      from = to;
    }
    expect(await foundIn([log(folder)])).toEqual({
      found: [`asahikawa bundle_malformed ${256 + whole}`],
      first: [256 + whole],
    });
    await rm(bundle(folder, 1, 46));
    expect(await foundIn([log(folder)])).toMatchObject({ first: [256] });
  });

  test('a fork shown to two auditors', async () => {
    const theirs = crossingLog([{}, {}, { outcome: { status: 201 } }]);
    await writeFile(at('theirs'), logFiles(theirs).checkpoint);
    await writeFile(at('shared'), logFiles(entries.slice(0, 5)).checkpoint);
    const args = ['--older', at('theirs'), '--older', at('shared')];
    expect(await foundIn([log(at('logs')), ...args])).toEqual({ found: ['asahikawa fork 5'], first: [5] });
  });

  test('a checkpoint signed by a revoked key, and a rotation as it should be', async () => {
    const rotated = [
      ...entries,
      keyEntry('introduced', second.verifierKey),
      keyEntry('retired', tenantSigner.verifierKey),
    ];
    await writeLog(at('rotated'), rotated, second);
    await writeFile(at('vouching'), logFiles(rotated.slice(0, -1)).checkpoint);
    expect(await foundIn([at('rotated')])).toMatchObject({ found: ['asahikawa checkpoint_untrusted null'] });
    expect(await foundIn([at('rotated'), '--older', at('vouching')])).toMatchObject({ found: [] });
    expect(await foundIn([at('rotated'), '--key', at('second.vkey')])).toMatchObject({ found: [] });
    await writeLog(at('revoked'), rotated, tenantSigner);
    expect(await foundIn([at('revoked')])).toEqual({
      found: ['asahikawa checkpoint_key_revoked 303'],
      first: [303],
    });
  });

  test('a crossing outside its boundary', async () => {
    const abroad = {
      endpoint: 'asahikawa-1-chat',
      copies: [{ kind: 'processing', site: 'x', place: 'US', operator: 'X', operatorCountry: 'US' }],
      assurance: 'declared',
    } as const;
    const changes = Array.from({ length: 50 }, (_, n) =>
      n === 30 ? { outcome: { carried: { ...abroad, copies: [...abroad.copies] } } } : {},
    );
    await writeLog(at('abroad'), crossingLog(changes));
    expect(await foundIn([at('abroad')])).toEqual({ found: ['asahikawa outside_boundary 63'], first: [63] });
  });
});

describe('an address', () => {
  /** Serves the folder of logs; `interfere` may answer instead. */
  const served = async (
    interfere: (request: IncomingMessage, response: ServerResponse) => boolean,
    use: (url: string) => Promise<void>,
  ): Promise<void> => {
    const server = createServer((request, response) => {
      if (interfere(request, response)) return;
      readFile(join(at('logs'), request.url!.replace(/^\/ledger/, ''))).then(
        (bytes) => {
          // A client that did not ask for this could not read it.
          const zipped = request.headers['accept-encoding'] === 'gzip';
          if (zipped) response.setHeader('content-encoding', 'gzip');
          return response.end(zipped ? gzipSync(bytes) : bytes);
        },
        () => response.writeHead(404).end(),
      );
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = z.object({ port: z.number() }).parse(server.address());
    try {
      await use(`http://127.0.0.1:${port}`);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  };

  test('of a cell gives all logs that it anchors', async () => {
    await served(
      () => false,
      async (url) => {
        for (const place of [url, `${url}/`, `${url}/ledger`]) {
          const { stdout } = await audit([place, '--all', '--json']);
          expect(JSON.parse(stdout)).toMatchObject({
            verdict: 'clean',
            logs: [{ entries: 4 }, { entries: 302, anchors: { compared: 3 } }],
          });
        }
      },
    );
  });

  test('may refuse what it does not have, unless that is asked for', async () => {
    const refusing = (request: IncomingMessage, response: ServerResponse): boolean => {
      if (!request.url!.endsWith('.witnessed')) return false;
      response.writeHead(403).end();
      return true;
    };
    await served(refusing, async (url) => {
      const place = `${url}/ledger/asahikawa`;
      expect((await audit([place, '--json'])).code).toBe(0);
      expect((await audit([place, '--json', '--witness-policy', at('policy')])).code).toBe(2);
    });
  });

  test('is asked again when it stumbles, and not when it refuses', async () => {
    const asked = new Map<string, number>();
    const stumbling = (status: number) => (request: IncomingMessage, response: ServerResponse) => {
      if (!request.url!.includes('/tile/entries/000')) return false;
      const times = (asked.get(request.url!) ?? 0) + 1;
      asked.set(request.url!, times);
      if (times > 2) return false;
      response.writeHead(status).end();
      return true;
    };
    await served(stumbling(503), async (url) => {
      expect((await audit([`${url}/ledger/asahikawa`, '--json'])).code).toBe(0);
    });
    asked.clear();
    await served(stumbling(403), async (url) => {
      const { code, stderr } = await audit([`${url}/ledger/asahikawa`, '--json']);
      expect(code).toBe(2);
      expect(JSON.parse(stderr)).toMatchObject({ error: { code: 'log_unreachable' } });
      expect([...asked.values()]).toEqual([1]);
    });
  });

  test.each<[string, string | Buffer]>([
    ['a page in place of a checkpoint', '<!doctype html><title>Sign in</title>'],
    ['a note without end', Buffer.alloc(2_000_000, 'x')],
  ])('%s is no log', async (_, answer) => {
    const instead = (request: IncomingMessage, response: ServerResponse): boolean => {
      if (!request.url!.endsWith('/checkpoint')) return false;
      response.end(answer);
      return true;
    };
    await served(instead, async (url) => {
      const { code, stdout, stderr } = await audit([`${url}/ledger/asahikawa`, '--json']);
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
      expect(JSON.parse(stderr)).toMatchObject({ error: { code: 'log_unreachable' } });
    });
  });
});
