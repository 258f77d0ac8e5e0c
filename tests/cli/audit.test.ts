import { cp, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LedgerEntry } from '@sekisho/contract';
import { canonicalJson, entriesPath } from '@sekisho/proof';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { displayWidth } from '../../packages/cli/src/terminal-width.ts';
import { crossingLog } from '../../packages/proof/src/testing/audited-log.ts';
import { sampleOrigin, sampleSigner } from '../../packages/proof/src/testing/sample-log.ts';
import { writeLogFolder } from '../interop/write-log-folder.ts';
import { sekisho } from './run-command.ts';

const signer = sampleSigner(sampleOrigin);
const crossings = (count: number): LedgerEntry[] => crossingLog(Array.from({ length: count }, () => ({})));
const write = (folder: string, entries: readonly LedgerEntry[]): Promise<void> =>
  writeLogFolder(
    folder,
    entries.map((entry) => canonicalJson(entry)),
    signer,
  );

let root: string;
const at = (name: string): string => join(root, name);
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'sekisho-audit-'));
  await writeFile(at('cell.vkey'), `${signer.verifierKey}\n`);
  await write(at('log'), crossings(150));
});
afterAll(() => rm(root, { recursive: true }));

const audit = (args: readonly string[]): ReturnType<typeof sekisho> =>
  sekisho(['audit', ...args, '--key', at('cell.vkey')], {
    cwd: root,
    env: { SEKISHO_URL: 'http://127.0.0.1:1' },
  });
/** The report of the only log. */
const reportOf = (stdout: string): z.infer<typeof Report> =>
  z.object({ logs: z.tuple([Report]) }).parse(JSON.parse(stdout)).logs[0];
const Report = z.looseObject({
  findings: z.array(z.object({ code: z.string(), index: z.number().nullable() })),
});
const codes = (stdout: string): string[] => reportOf(stdout).findings.map(({ code }) => code);

describe.each(['ja', 'en'])('in %s', (language) => {
  test('a clean log', async () => {
    const { code, stdout, stderr } = await audit([at('log'), '--lang', language]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    for (const fact of [sampleOrigin, '302', 'madoguchi', 'small-chat', '6300', '0.228']) {
      expect(stdout).toContain(fact);
    }
    expect(stdout.split('\n').filter((line) => displayWidth(line) > 80)).toEqual([]);
  });

  test('a log with findings', async () => {
    const forged = {
      endpoint: 'elsewhere',
      copies: [{ kind: 'processing', site: 'x', place: 'US', operator: '\u001b[2J', operatorCountry: 'US' }],
      assurance: 'declared',
    } as const;
    const folder = at(`forged-${language}`);
    await write(
      folder,
      crossingLog([{}, { outcome: { carried: { ...forged, copies: [...forged.copies] } } }]),
    );
    const { code, stdout } = await audit([folder, '--lang', language]);
    expect(code).toBe(1);
    const flat = stdout.replace(/\s+/g, '');
    expect(flat).toContain('[carried_elsewhere]');
    expect(flat).toContain('[outside_boundary]processingx:US/process:JP');
    expect(stdout).not.toContain('\u001b');
    expect(stdout.split('\n').filter((line) => displayWidth(line) > 80)).toEqual([]);
  });
});

test('--report writes what --json says, in canonical form', async () => {
  const { code, stdout } = await audit([at('log'), '--json', '--report', at('report.json')]);
  expect(code).toBe(0);
  const report: unknown = JSON.parse(stdout);
  expect(report).toMatchObject({ format: 'sekisho-audit/v1', verdict: 'clean', place: at('log') });
  expect(reportOf(stdout)).toMatchObject({ entries: 302, tiles: { compared: 3, missing: 0 } });
  const written = await readFile(at('report.json'));
  expect(JSON.parse(written.toString())).toEqual(report);
  expect(written.toString()).toMatch(/^\{"format":"sekisho-audit\/v1","given":\{"olderCheckpoints":0,/);
});

test('checkpoints of other days and of others', async () => {
  await write(at('yesterday'), crossings(20));
  await write(at('other'), crossingLog([{ outcome: { status: 201 } }]));
  const older = (name: string): string[] => ['--older', join(at(name), 'checkpoint')];
  expect((await audit([at('log'), ...older('yesterday'), '--json'])).code).toBe(0);
  const forked = await audit([at('log'), ...older('yesterday'), ...older('other'), '--json']);
  expect([forked.code, codes(forked.stdout)]).toEqual([1, ['fork']]);
});

test('a tail that was cut off', async () => {
  await cp(at('log'), at('cut'), { recursive: true });
  await truncate(join(at('cut'), entriesPath(1, 46)), 100);
  const cut = await audit([at('cut'), '--json']);
  expect([cut.code, codes(cut.stdout)]).toEqual([1, ['bundle_malformed']]);
  await rm(join(at('cut'), entriesPath(1, 46)));
  expect(codes((await audit([at('cut'), '--json'])).stdout)).toEqual(['bundle_missing']);
});

test('a log that grew while it was copied: the full bundle stands for the part', async () => {
  await write(at('grown'), crossings(300));
  await cp(join(at('log'), 'checkpoint'), join(at('grown'), 'checkpoint'));
  const { code, stdout } = await audit([at('grown'), '--json']);
  // Of the tile above them, a wider part is there.
  expect(reportOf(stdout)).toMatchObject({ entries: 302, tiles: { compared: 3, missing: 0 } });
  expect(code).toBe(0);
});

test.each([
  ['no log', ['missing'], 'file_unreadable'],
  ['an address where nobody is', ['http://127.0.0.1:1/ledger/x'], 'log_unreachable'],
  ['no keys', ['log', '--key', 'missing.vkey'], 'file_unreadable'],
])('%s cannot be audited', async (_, args, failure) => {
  const { code, stdout, stderr } = await sekisho(['audit', '--json', '--key', at('cell.vkey'), ...args], {
    cwd: root,
  });
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(JSON.parse(stderr)).toMatchObject({ error: { code: failure } });
});

describe('an address', () => {
  test('is read with the key of --api-key-file, and refused without', async () => {
    const server = createServer((request, response) => {
      if (request.headers.authorization !== 'Bearer sk-1') return void response.writeHead(401).end();
      readFile(join(at('log'), request.url!.replace('/ledger/asahikawa', ''))).then(
        (bytes) => response.end(bytes),
        () => response.writeHead(404).end(),
      );
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = z.object({ port: z.number() }).parse(server.address());
    try {
      await writeFile(at('api.key'), 'sk-1\n');
      const url = `http://127.0.0.1:${port}/ledger/asahikawa`;
      const allowed = await audit([url, '--json', '--api-key-file', at('api.key')]);
      expect(reportOf(allowed.stdout)).toMatchObject({ verdict: 'clean', entries: 302 });
      expect((await audit([url])).code).toBe(2);
    } finally {
      server.close();
    }
  });

  test('never gets the key in clear text', async () => {
    await writeFile(at('api.key'), 'sk-1\n');
    const { code, stderr } = await audit([
      'http://cell.example/ledger/x',
      '--json',
      '--api-key-file',
      at('api.key'),
    ]);
    expect({ code, stderr: JSON.parse(stderr) as unknown }).toMatchObject({
      code: 2,
      stderr: { error: { code: 'insecure_url' } },
    });
  });
});
