/** A cell and two real witnesses: receipts that say who signed, with the witnesses there, away and back. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Receipt, WitnessList } from '@sekisho/contract';
import {
  canonicalJson,
  parseVerifierKeys,
  parseWitnessPolicy,
  requireWitnesses,
  utf8,
  verifyReceipt,
  verifyTlogProof,
} from '@sekisho/proof';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sekisho } from '../cli/run-command.ts';
import { CellProcess, temporaryHome } from '../harness/cell-process.ts';
import { threeSitePlatform } from '../harness/platforms.ts';
import { StubModelServer } from '../harness/stub-model-server.ts';
import { WitnessProcess } from '../harness/witness-process.ts';

let home: Awaited<ReturnType<typeof temporaryHome>>;
let stub: StubModelServer;
let cell: CellProcess | undefined;
let apiKey: string;
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

const startCell = (...args: string[]): Promise<CellProcess> =>
  CellProcess.start(home.path, { args: ['--no-demo', ...args] });

async function startWitness(name: string, logKey: string): Promise<WitnessProcess> {
  const port = witnesses.get(name)?.port ?? '0';
  const more = name === 'south' ? ['--key-type', 'ml-dsa-44'] : [];
  const witness = await WitnessProcess.start(`${home.path}-${name}`, [logKey], { port, more });
  witnesses.set(name, witness);
  return witness;
}

/** The id of the crossing. */
async function ask(): Promise<string> {
  const response = await fetch(`${cell!.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'stub', messages: [{ role: 'user', content: 'hello' }] }),
  });
  await response.text();
  expect(response.status).toBe(200);
  return response.headers.get('x-sekisho-receipt')!;
}

const fetchReceipt = (id: string, query = ''): Promise<Response> =>
  fetch(`${cell!.url}/v1/receipts/${id}${query}`, { headers: { authorization: `Bearer ${apiKey}` } });

async function receiptBytes(id: string, query = ''): Promise<Uint8Array> {
  const response = await fetchReceipt(id, query);
  expect(response.status).toBe(200);
  return new Uint8Array(await response.arrayBuffer());
}

const codeOf = async (response: Response): Promise<unknown> => [
  response.status,
  ((await response.json()) as { error: { code: string } }).error.code,
];

const trusted = async () => parseVerifierKeys(await readFile(join(home.path, 'cell.vkey'), 'utf8'));

test('receipts say which witnesses signed, and a policy demands them', async () => {
  // Without witnesses: receipts as ever, and a clear answer to whoever demands more.
  cell = await startCell();
  const urls = { ishikari: stub.url, tokyo: stub.url, overseas: stub.url };
  await cell.admin('POST', '/platform/apply', { platform: threeSitePlatform(urls) });
  apiKey = await cell.createKey('ministry', 'in-japan');
  const first = await ask();
  expect(Receipt.parse(JSON.parse(await (await fetchReceipt(first)).text())).witnessed).toBeUndefined();
  for (const query of ['?witnessed=required', '?format=anchor-tlog-proof']) {
    expect(await codeOf(await fetchReceipt(first, query))).toEqual([409, 'witnesses_not_configured']);
  }
  for (const query of ['?witnessed=yes', '?witnessed=required&witnessed=required']) {
    expect(await codeOf(await fetchReceipt(first, query))).toEqual([400, 'invalid_request']);
  }
  const cose = await fetchReceipt(first, '?format=cose&witnessed=required');
  expect(await codeOf(cose)).toEqual([400, 'unsupported_parameter']);
  const logKey = (await readFile(join(home.path, 'cell.vkey'), 'utf8'))
    .split('\n')
    .find((line) => line.includes('/ledger/cell+'))!;
  expect(await cell.stop()).toBe(0);

  const [north, south] = [await startWitness('north', logKey), await startWitness('south', logKey)];
  const policyFile = `${home.path}.policy`;
  const policyText = [
    `witness north ${north.verifierKey} ${north.url}`,
    `witness south ${south.verifierKey} ${south.url}`,
    'group both all north south',
    'quorum both',
    '',
  ].join('\n');
  await writeFile(policyFile, policyText);
  const policy = parseWitnessPolicy(utf8(policyText));
  cell = await startCell('--witness-policy', policyFile);
  const keys = await trusted();

  // A new crossing and one from before there were witnesses.
  const second = await ask();
  for (const id of [second, first]) {
    const verdict = verifyReceipt(await receiptBytes(id, '?witnessed=required'), keys);
    expect(verdict.verdict).toBe('valid');
    expect(requireWitnesses(verdict, policy)).toMatchObject({
      verdict: 'satisfied',
      witnesses: [{ witness: 'north' }, { witness: 'south' }],
    });
  }
  // Once it is there, whoever asks gets it, and the command line says the same.
  const receipt = await receiptBytes(second);
  const file = `${home.path}.receipt`;
  await writeFile(file, receipt);
  const judged = await sekisho([
    'verify',
    file,
    '--home',
    home.path,
    '--witness-policy',
    policyFile,
    '--json',
  ]);
  expect([judged.code, JSON.parse(judged.stdout)]).toMatchObject([
    0,
    {
      verdict: 'valid',
      witnessed: { quorum: 'met', witnesses: [{ witness: 'north' }, { witness: 'south' }] },
    },
  ]);

  // A tree that the witnesses did not see is refused, whoever signed it.
  const parsed = Receipt.parse(JSON.parse(Buffer.from(receipt).toString('utf8')));
  const anchor = { ...parsed.witnessed!.anchor, root: `sha256:${'0'.repeat(64)}` };
  const forked = canonicalJson({ ...parsed, witnessed: { ...parsed.witnessed!, anchor } });
  expect(verifyReceipt(forked, keys)).toMatchObject({
    code: 'anchor_mismatch',
    where: 'witnessed.anchor.root',
  });

  // As two tlog-proofs. The log rests, so both speak of one tree.
  const statementProof = await receiptBytes(second, '?format=tlog-proof&witnessed=required');
  const anchorProof = await receiptBytes(second, '?format=anchor-tlog-proof');
  const pair = verifyTlogProof(statementProof, keys, anchorProof);
  expect(requireWitnesses(pair, policy).verdict).toBe('satisfied');

  // Witnesses away: plain receipts come as fast as ever, those that were witnessed stay so.
  await Promise.all([...witnesses.values()].map((witness) => witness.kill()));
  const third = await ask();
  const plain = verifyReceipt(await receiptBytes(third), keys);
  expect(plain.verdict).toBe('valid');
  expect(requireWitnesses(plain, policy)).toMatchObject({ code: 'not_witnessed' });
  const required = await fetchReceipt(third, '?witnessed=required');
  expect(required.headers.get('retry-after')).toBe('5');
  expect(await codeOf(required)).toEqual([503, 'receipt_not_witnessed']);
  const kept = verifyReceipt(await receiptBytes(second), keys);
  expect(requireWitnesses(kept, policy).verdict).toBe('satisfied');

  // The cell dies, the witnesses come back: nothing was lost, and the third is witnessed as well.
  await cell.kill();
  await Promise.all(['north', 'south'].map((name) => startWitness(name, logKey)));
  cell = await startCell('--witness-policy', policyFile);
  for (const id of [third, second, first]) {
    const verdict = verifyReceipt(await receiptBytes(id, '?witnessed=required'), keys);
    expect(requireWitnesses(verdict, policy).verdict).toBe('satisfied');
  }
  const { checkpointSize, witnessedSize } = WitnessList.parse(await cell.admin('GET', '/witnesses'));
  expect(witnessedSize).toBeLessThanOrEqual(checkpointSize);
  expect(cell.output()).not.toContain('witnessed.');
  expect(await cell.stop()).toBe(0);
}, 180_000);
