/** A cell and two real witnesses: cosigned checkpoints, witnesses that are killed, a cell that is set back. */
import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { WitnessList } from '@sekisho/contract';
import { parseVerifierKeys, parseWitnessPolicy, policySatisfied } from '@sekisho/proof';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CellProcess, temporaryHome } from '../harness/cell-process.ts';
import { readLog } from '../harness/log-folder.ts';
import { threeSitePlatform } from '../harness/platforms.ts';
import { StubModelServer } from '../harness/stub-model-server.ts';
import { sekisho } from '../cli/run-command.ts';
import { WitnessProcess } from '../harness/witness-process.ts';

const PATIENCE = { timeout: 20_000, interval: 100 };

let home: Awaited<ReturnType<typeof temporaryHome>>;
let stub: StubModelServer;
let cell: CellProcess | undefined;
let logKey: string;
const witnesses = new Map<string, WitnessProcess>();

beforeAll(async () => {
  home = await temporaryHome();
  stub = await StubModelServer.start();
});
afterAll(async () => {
  await cell?.kill();
  await Promise.all([...witnesses.values()].map((witness) => witness.kill()));
  await stub?.kill();
  await home?.remove();
});

async function startWitness(name: string): Promise<WitnessProcess> {
  const port = witnesses.get(name)?.port ?? '0';
  const more = name === 'south' ? ['--key-type', 'ml-dsa-44'] : [];
  const witness = await WitnessProcess.start(`${home.path}-${name}`, [logKey], { port, more });
  witnesses.set(name, witness);
  return witness;
}

const startCell = (...args: string[]): Promise<CellProcess> =>
  CellProcess.start(home.path, { args: ['--no-demo', ...args] });

const report = async () => WitnessList.parse(await cell!.admin('GET', '/witnesses'));
const states = async () => (await report()).witnesses.map(({ name, state }) => `${name} ${state}`);

async function ask(apiKey: string): Promise<number> {
  const response = await fetch(`${cell!.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'stub', messages: [{ role: 'user', content: 'hello' }] }),
  });
  await response.text();
  return response.status;
}

/** Everything the cell's log says is under a quorum of witnesses. */
async function caughtUp(): Promise<void> {
  await expect
    .poll(async () => {
      const { checkpointSize, witnessedSize } = await report();
      return witnessedSize > 0 && checkpointSize === witnessedSize;
    }, PATIENCE)
    .toBe(true);
}

test('witnesses hold a cell to its past', async () => {
  // Without a policy everything works, and says so.
  cell = await startCell();
  const urls = { ishikari: stub.url, tokyo: stub.url, overseas: stub.url };
  await cell.admin('POST', '/platform/apply', { platform: threeSitePlatform(urls) });
  const apiKey = await cell.createKey('ministry', 'in-japan');
  expect(await report()).toMatchObject({ configured: false, witnessedSize: 0, witnesses: [] });
  logKey = (await readFile(join(home.path, 'cell.vkey'), 'utf8'))
    .split('\n')
    .find((line) => line.includes('/ledger/cell+'))!;
  expect(await cell.stop()).toBe(0);

  const [north, south] = [await startWitness('north'), await startWitness('south')];
  const policyFile = `${home.path}.policy`;
  const policyText = [
    `log ${logKey}`,
    `witness north ${north.verifierKey} ${north.url}`,
    `witness south ${south.verifierKey} ${south.url}/`,
    'group both all north south',
    'quorum both',
    '',
  ].join('\n');
  await writeFile(policyFile, policyText);
  const policy = parseWitnessPolicy(Buffer.from(policyText));
  cell = await startCell('--witness-policy', policyFile);
  await caughtUp();
  expect(await states()).toEqual(['north cosigned', 'south cosigned']);

  // What an auditor takes away: the note stands alone under the policy.
  const noteFile = join(home.path, 'ledger', 'logs', 'cell', 'checkpoint.witnessed');
  const note = await readFile(noteFile, 'utf8');
  const served = await fetch(`${cell.url}/ledger/cell/checkpoint.witnessed`, {
    headers: { authorization: `Bearer ${await cell.adminKey()}` },
  });
  expect([served.status, await served.text()]).toEqual([200, note]);
  const checked = await sekisho(['witness', 'check', noteFile, '--policy', policyFile]);
  expect([checked.code, checked.stderr]).toEqual([0, '']);
  const verdict = policySatisfied(policy, note);
  expect(verdict).toMatchObject({
    verdict: 'satisfied',
    witnesses: [{ witness: 'north' }, { witness: 'south' }],
  });

  // A crossing reaches the witnesses by way of an anchor.
  const sizeBefore = (await report()).witnessedSize;
  expect(await ask(apiKey)).toBe(200);
  await expect.poll(async () => (await report()).witnessedSize, PATIENCE).toBeGreaterThan(sizeBefore);

  // One killed: the cell works on, the lack shows, and ends when the witness is back.
  await south.kill();
  expect(await ask(apiKey)).toBe(200);
  await expect.poll(states, PATIENCE).toEqual(['north cosigned', 'south unreachable']);
  const { checkpointSize, witnessedSize } = await report();
  expect(checkpointSize).toBeGreaterThan(witnessedSize);
  await startWitness('south');
  await caughtUp();

  // All of them down: still at work.
  await Promise.all([...witnesses.values()].map((witness) => witness.kill()));
  expect(await ask(apiKey)).toBe(200);
  await expect.poll(states, PATIENCE).toEqual(['north unreachable', 'south unreachable']);
  expect((await fetch(`${cell.url}/readyz`)).status).toBe(200);
  await Promise.all([startWitness('north'), startWitness('south')]);
  await caughtUp();
  expect(await cell.stop()).toBe(0);

  // Every anchor tells the truth about the tenant's log.
  const [cellLog, tenantLog] = [await readLog(home.path, 'cell'), await readLog(home.path, 'ministry')];
  const anchors = cellLog.entries.filter((entry) => entry.kind === 'anchor');
  expect(anchors.length).toBeGreaterThanOrEqual(2);
  for (const { origin, size, root } of anchors) {
    expect(origin).toBe(tenantLog.checkpoint.origin);
    expect(root).toBe(`sha256:${Buffer.from(tenantLog.rootAt(size)).toString('hex')}`);
  }
  expect(anchors.map(({ size }) => size)).toEqual(anchors.map(({ size }) => size).toSorted((a, b) => a - b));

  // Set back to an old copy of everything, keys included: the cell is consistent in itself, and caught.
  const backup = `${home.path}-backup`;
  await cp(home.path, backup, { recursive: true, preserveTimestamps: true });
  cell = await startCell('--witness-policy', policyFile);
  for (let crossing = 0; crossing < 3; crossing++) {
    const before = (await report()).witnessedSize;
    expect(await ask(apiKey)).toBe(200);
    await expect.poll(async () => (await report()).witnessedSize, PATIENCE).toBeGreaterThan(before);
  }
  await caughtUp();
  expect(await cell.stop()).toBe(0);
  await rm(home.path, { recursive: true });
  await cp(backup, home.path, { recursive: true, preserveTimestamps: true });
  await rm(backup, { recursive: true });
  cell = await startCell('--witness-policy', policyFile);
  await expect.poll(states, PATIENCE).toEqual(['north ahead', 'south ahead']);
  expect(cell.output()).toContain('"level":"error","event":"witness.state"');
  expect(await cell.stop()).toBe(0);

  const keys = parseVerifierKeys(await readFile(join(home.path, 'cell.vkey'), 'utf8'));
  expect(keys.every(({ role }) => role === 'log')).toBe(true);
}, 180_000);

test('a policy that cannot be used keeps the cell from starting', async () => {
  const file = `${home.path}.bad-policy`;
  await writeFile(file, 'quorum nobody\n');
  const refused = await CellProcess.startAndEnd(`${home.path}-other`, {
    args: ['--no-demo', '--witness-policy', file],
  });
  expect(refused.code).toBe(1);
  expect(refused.output).toContain('line 1');
});
