/** A witness whose key rotates, and a log whose key does, each seen by the other. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  ed25519NoteSigner,
  formatAddCheckpoint,
  formatKeyId,
  parseVerifierKey,
  signCheckpoint,
  verifyNote,
} from '@sekisho/proof';
import type { NoteSigner } from '@sekisho/proof';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { WitnessProcess } from '../harness/witness-process.ts';
import { sekisho } from './run-command.ts';

const origin = 'cell.example.jp/ledger/cell';
const [old, young] = [1, 2].map((seed) => ed25519NoteSigner(origin, new Uint8Array(32).fill(seed)));
const body = { origin, size: 1, root: new Uint8Array(32).fill(3) };

let home: string;
let state: string;
let witness: WitnessProcess | undefined;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'sekisho-witness-rotation-'));
  state = join(home, 'state');
});
afterEach(async () => {
  await witness?.kill();
  await rm(home, { recursive: true, force: true });
});

async function start(logKeys: readonly string[] = [old!.verifierKey]): Promise<WitnessProcess> {
  witness = await WitnessProcess.start(state, logKeys);
  return witness;
}

/** The keys, of those given, that cosigned; the witness knows the tree already but at first. */
async function cosignersOf(
  vkeys: readonly string[],
  oldSize: number,
  ...signers: readonly NoteSigner[]
): Promise<string[] | number> {
  const note = signCheckpoint(body, ...signers);
  const response = await witness!.submit(formatAddCheckpoint({ oldSize, proof: [], checkpoint: note }));
  const lines = await response.text();
  if (response.status !== 200) return response.status;
  return verifyNote(note + lines, vkeys.map(parseVerifierKey)).signedBy.map(({ keyId }) =>
    formatKeyId(keyId),
  );
}

interface Keys {
  readonly name: string;
  readonly verifierKeys: string[];
}
async function key(...args: string[]): Promise<Keys> {
  const { code, stdout, stderr } = await sekisho(['witness', 'key', ...args, '--state', state, '--json']);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout) as Keys;
}
const refused = async (...args: string[]): Promise<unknown> => {
  const { code, stderr } = await sekisho(['witness', 'key', ...args, '--state', state, '--json']);
  expect(code).toBe(2);
  return (JSON.parse(stderr) as { error: { code: string } }).error.code;
};
const idOf = (vkey: string): string => formatKeyId(parseVerifierKey(vkey).keyId);

test('a witness cosigns with both of its keys until one is retired, and knows its own word again', async () => {
  const first = (await key()).verifierKeys;
  await start();
  expect(await cosignersOf(first, 0, old!)).toEqual(first.map(idOf));
  // Under a running witness nothing is changed.
  expect(await refused('rotate')).toBe('witness_state_unusable');
  await witness!.stop();

  const { verifierKeys: both } = await key('rotate', '--key-type', 'ml-dsa-44');
  expect(both).toHaveLength(2);
  expect(both[0]).toBe(first[0]);
  expect(parseVerifierKey(both[1]!).type).toBe(6);
  await start();
  expect(await cosignersOf(both, 1, old!)).toEqual(both.map(idOf));
  await witness!.stop();

  const { verifierKeys: left } = await key('retire', idOf(both[0]!));
  expect(left).toEqual([both[1]]);
  expect(await readFile(join(state, 'witness-key.json'), 'utf8')).toContain(both[0]);
  await start();
  expect(await cosignersOf(both, 0, old!)).toBe(409);
  expect(await cosignersOf(both, 1, old!)).toEqual(left.map(idOf));
});

test('the last key stays, an unknown one is none, and a note of a retired key alone is still known', async () => {
  const { verifierKeys: first } = await key();
  expect(await refused('retire', idOf(first[0]!))).toBe('witness_state_unusable');
  expect(await refused('retire', '00000000')).toBe('witness_state_unusable');
  await start();
  expect(await cosignersOf(first, 0, old!)).toEqual(first.map(idOf));
  await witness!.stop();
  const { verifierKeys: both } = await key('rotate');
  // Nothing was cosigned with the new key, and the old one ends.
  await key('retire', idOf(both[0]!));
  await start();
  expect(await cosignersOf(both, 0, old!)).toBe(409);
  expect(await cosignersOf(both, 1, old!)).toEqual([idOf(both[1]!)]);
});

test('a log is followed from its old key over both to its new one', async () => {
  const { verifierKeys } = await key();
  const ours = verifierKeys.map(idOf);
  await start();
  expect(await cosignersOf(verifierKeys, 0, old!)).toEqual(ours);
  // In overlap the key that the witness knows is enough; alone, an unknown one is not.
  expect(await cosignersOf(verifierKeys, 1, old!, young!)).toEqual(ours);
  expect(await cosignersOf(verifierKeys, 1, young!)).toBe(403);
  await witness!.stop();
  await start([old!.verifierKey, young!.verifierKey]);
  expect(await cosignersOf(verifierKeys, 1, young!)).toEqual(ours);
  expect(await cosignersOf(verifierKeys, 1, old!)).toEqual(ours);
  const forged = { ...young!, sign: () => new Uint8Array(64) };
  expect(await cosignersOf(verifierKeys, 1, old!, forged)).toBe(403);
});
