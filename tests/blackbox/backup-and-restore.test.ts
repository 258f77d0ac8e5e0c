/** A backup holds what cannot be made again; an erasure reaches it; a restore brings back nothing erased. */
import { appendFile, copyFile, cp, mkdir, readdir, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { BackupManifest, ErasureResult, MadeBackup, Receipt, RetentionReport } from '@sekisho/contract';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sekisho } from '../cli/run-command.ts';
import { CellProcess, temporaryHome } from '../harness/cell-process.ts';
import { keepingPlatform } from '../harness/keeping-platform.ts';
import { filesHolding } from '../harness/stored-bytes.ts';
import { StubModelServer } from '../harness/stub-model-server.ts';

let home: Awaited<ReturnType<typeof temporaryHome>>;
let folder: string;
let stub: StubModelServer;
let cell: CellProcess;
let apiKey: string;

beforeAll(async () => {
  home = await temporaryHome();
  folder = join(home.path, '..', 'medium');
  await mkdir(folder);
  stub = await StubModelServer.start();
  cell = await CellProcess.start(home.path, { args: ['--no-demo'] });
  const platform = keepingPlatform(stub.url);
  const [tenant] = platform.tenants;
  for (const workspace of tenant!.workspaces) workspace.boundary.allow['back-up'] = ['JP-01'];
  await cell.admin('POST', '/platform/apply', { platform });
  apiKey = await cell.createKey('ministry', 'in-japan');
}, 60_000);

afterAll(async () => {
  await cell?.stop();
  await stub?.kill();
  await home?.remove();
});

async function chat(content: string): Promise<string> {
  const response = await fetch(`${cell.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${apiKey}` },
    body: JSON.stringify({ model: 'stub', messages: [{ role: 'user', content }] }),
  });
  await response.text();
  expect(response.status).toBe(200);
  return response.headers.get('x-sekisho-receipt') ?? '';
}

async function salts(crossing: string): Promise<Buffer[]> {
  const response = await fetch(`${cell.url}/v1/receipts/${crossing}`, {
    headers: { authorization: `Bearer ${apiKey}` },
  });
  const { openings } = Receipt.parse(await response.json());
  return Object.values(openings).map((salt) => Buffer.from(salt ?? '', 'base64'));
}

const asText = (secrets: readonly Buffer[]): Buffer[] =>
  secrets.flatMap((secret) => [secret, Buffer.from(secret.toString('base64').slice(0, 40))]);
const erase = async (crossing: string): Promise<ErasureResult> =>
  ErasureResult.parse(await cell.admin('POST', '/erasures', { selection: { crossings: [crossing] } }));
const manifestOf = async (id: string): Promise<BackupManifest> =>
  BackupManifest.parse(JSON.parse(await readFile(join(folder, id, 'manifest.json'), 'utf8')));

test('a backup is plain, erasures reach it, also late, and a refused folder leaves nothing', async () => {
  const [erased, later, stays] = [await chat('one'), await chat('two'), await chat('three')];
  const secrets = { erased: await salts(erased), later: await salts(later), stays: await salts(stays) };

  await expect(cell.admin('POST', '/backups', { folder: join(folder, 'absent') })).rejects.toThrow(
    /backup_failed/,
  );
  const made = MadeBackup.parse(await cell.admin('POST', '/backups', { folder }));
  expect(made).toMatchObject({ leftOut: [] });
  const abroad = MadeBackup.parse(await cell.admin('POST', '/backups', { folder, site: 'tokyo' }));
  expect(abroad.leftOut).toEqual(['ministry/in-japan confidentiality-2']);
  expect(
    (await manifestOf(abroad.backup.id)).files.filter(({ path }) => path.startsWith('payloads/')),
  ).toEqual([]);
  const { id } = made.backup;
  const backup = join(folder, id);
  const before = await manifestOf(id);
  expect(before.files.filter(({ path }) => path.startsWith('payloads/'))).toHaveLength(6);
  expect(before.site).toBe('ishikari');
  expect(await filesHolding([backup], asText(secrets.erased))).not.toEqual([]);
  expect(await filesHolding([backup], [Buffer.from('passphrase'), Buffer.from(apiKey)])).toEqual([]);

  // The logs in it are what an auditor reads.
  const audit = await sekisho([
    'audit',
    join(backup, 'ledger', 'logs', 'ministry'),
    '--key',
    join(backup, 'cell.vkey'),
    '--json',
  ]);
  expect(audit).toMatchObject({ code: 0, stderr: '' });

  // A copy that nobody told the cell of, from before the erasures.
  const unknown = join(home.path, '..', 'unknown-copy');
  await cp(backup, unknown, { recursive: true });

  // An erasure reaches both backups at once.
  expect(await erase(erased)).toMatchObject({ crossings: 1, pending: [] });
  expect(await filesHolding([home.path, folder], asText(secrets.erased))).toEqual([]);
  expect((await readdir(backup, { recursive: true })).filter((name) => name.includes(erased))).toEqual([]);
  expect((await manifestOf(id)).files.filter(({ path }) => path.startsWith('payloads/'))).toHaveLength(4);

  // A medium that is away is reached later: until then the erasure is pending there, and says so.
  await rename(folder, `${folder}-away`);
  expect((await erase(later)).pending.map(({ target }) => target).sort()).toEqual(
    [id, abroad.backup.id].sort(),
  );
  expect(RetentionReport.parse(await cell.admin('GET', '/retention')).pending).toHaveLength(2);
  await rename(`${folder}-away`, folder);
  expect(await filesHolding([folder], asText(secrets.later))).not.toEqual([]);
  await cell.stop();
  cell = await CellProcess.start(home.path, { args: ['--no-demo'] });
  expect(await filesHolding([home.path, folder], asText(secrets.later))).toEqual([]);
  expect(RetentionReport.parse(await cell.admin('GET', '/retention')).pending).toEqual([]);
  expect(await filesHolding([folder], asText(secrets.stays))).not.toEqual([]);

  // Restored from that copy with the newest log, nothing that was erased comes back; what was not, does.
  const restored = join(home.path, '..', 'restored');
  const ledger = join(home.path, '..', 'newest-logs');
  await cell.stop();
  await cp(join(home.path, 'ledger', 'logs'), ledger, { recursive: true });
  const options = ['--home', restored, '--ledger', ledger];
  const damaged = join(home.path, '..', 'damaged');
  await cp(unknown, damaged, { recursive: true });
  await appendFile(join(damaged, 'api-keys.ndjson'), ' ');
  expect((await sekisho(['restore', '--from', damaged, ...options])).code).toBe(1);
  const result = await sekisho(['restore', '--from', unknown, ...options]);
  expect(result).toMatchObject({ code: 0 });
  expect(JSON.parse(result.stdout)).toMatchObject({ erased: 2, home: restored });
  expect((await sekisho(['restore', '--from', unknown, ...options])).code).toBe(1);
  const gone = [...secrets.erased, ...secrets.later];
  expect(await filesHolding([restored], asText(gone))).toEqual([]);

  await copyFile(join(home.path, 'keys', 'passphrase'), join(restored, 'keys', 'passphrase'));
  cell = await CellProcess.start(restored, { args: ['--no-demo'] });
  expect(await salts(erased)).toEqual([]);
  expect(await salts(stays)).toEqual(secrets.stays);
  expect(RetentionReport.parse(await cell.admin('GET', '/retention'))).toMatchObject({
    rows: [
      { kind: 'answer', count: 1 },
      { kind: 'request', count: 1 },
      { kind: 'salts', count: 1 },
    ],
    pending: [],
  });
  await salts(await chat('after the restore'));
  expect(await cell.admin('POST', '/usage/rebuild')).toMatchObject({ equal: true });
}, 180_000);
