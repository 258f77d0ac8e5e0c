import type { LedgerEntry } from '@sekisho/contract';
import {
  canonicalJson,
  ed25519NoteSigner,
  leafHash,
  parseCheckpoint,
  parseNote,
  signCheckpoint,
} from '@sekisho/proof';
import { createHash } from 'node:crypto';
import { beforeEach, describe, expect, test } from 'vitest';
import { openLedger } from './index.ts';
import type { Ledger } from './index.ts';
import { LogKeys } from './log-keys.ts';
import { LogTree } from './log-tree.ts';
import { TileCache } from './tile-cache.ts';
import { MemoryDisk, memoryKeys, openMemoryStorage } from './testing/memory-storage.ts';
import { fixedClock, keyEntry, quietLog } from './testing/sample-entries.ts';

const BY = 'operator:tests';
const ORIGIN = 'cell.example/ledger/north';
const corrupt = { code: 'ledger_corrupt' };
/** As the memory keystore makes them. */
const [first, second] = [0, 1].map((number) =>
  ed25519NoteSigner(ORIGIN, createHash('sha256').update(`${ORIGIN} ${number}`).digest()),
);

let disk: MemoryDisk;
let ledger: Ledger;

async function open(): Promise<Ledger> {
  disk.generation++;
  return openLedger({
    ...openMemoryStorage(disk),
    cellName: 'cell.example',
    clock: fixedClock,
    log: quietLog,
    pace: { intervalMs: 0, intervalMsMin: 0 },
    sink: { accept: async () => {} },
  });
}
/** The log's newest tree, as if only these had signed it. */
function resign(...signers: (typeof first)[]): void {
  const { body } = parseNote(disk.checkpoints.get('north')!);
  disk.checkpoints.set('north', signCheckpoint(parseCheckpoint(body), ...signers.map((signer) => signer!)));
}

beforeEach(async () => {
  disk = new MemoryDisk();
  ledger = await open();
  await ledger.ensureLog('north');
  await ledger.changeKeys('north', { change: 'introduce' }, BY);
});

describe('a stored checkpoint', () => {
  test('of the overlap is taken up with either key', async () => {
    await ledger.close();
    for (const signers of [[first], [second], [second, first]]) {
      resign(...signers);
      const opened = await open();
      expect(opened.checkpoint('north').size).toBe(2);
      await opened.close();
    }
  });

  test.each([
    ['retired', { change: 'retire' as const }],
    ['compromised', { change: 'compromise' as const, trustedToSize: 2 }],
  ])('is refused when only a %s key signed it, at the first size that it did not sign', async (_, change) => {
    const verifierKey = first!.verifierKey;
    await ledger.changeKeys('north', { ...change, verifierKey }, BY);
    expect(ledger.checkpoint('north').size).toBe(3);
    await ledger.close();
    resign(first);
    await expect(open()).rejects.toMatchObject(corrupt);
    resign(first, second);
    await (await open()).close();
  });

  test('of a retired key is taken up at the last size that it signed, of a compromised one never', async () => {
    await ledger.close();
    const before = disk.checkpoints.get('north');
    const [ring] = disk.keyring.values();
    const { signer: _, ...ended } = ring![0]!;
    resign(first);
    ring![0] = { ...ended, standing: { state: 'retired', fromSize: 0, toSize: 2 } };
    await (await open()).close();
    ring![0] = { ...ended, standing: { state: 'retired', fromSize: 0, toSize: 1 } };
    await expect(open()).rejects.toMatchObject(corrupt);
    ring![0] = { ...ended, standing: { state: 'compromised', fromSize: 0, toSize: 2, trustedToSize: 2 } };
    await expect(open()).rejects.toMatchObject(corrupt);
    disk.checkpoints.set('north', before!);
    await (await open()).close();
  });

  test('is judged by what its own entries say, where a crash left the keystore behind them', async () => {
    await ledger.changeKeys('north', { change: 'retire', verifierKey: first!.verifierKey }, BY);
    await ledger.close();
    const [ring] = disk.keyring.values();
    const behind = (): void => {
      const { verifierKey } = first!;
      ring![0] = { verifierKey, signer: first!, standing: { state: 'signing', fromSize: 0, lookFrom: 2 } };
    };
    behind();
    resign(second);
    await (await open()).close();
    expect(ring![0]!.standing).toEqual({ state: 'retired', fromSize: 0, toSize: 2 });
    behind();
    resign(first);
    await expect(open()).rejects.toMatchObject(corrupt);
  });
});

test('a key that another process of the cell made signs here, from its entry on', async () => {
  await ledger.close();
  const store = memoryKeys(disk.keyring);
  const origin = 'cell.example/ledger/south';
  const [here, there] = [
    await LogKeys.openOrCreate(store, origin),
    await LogKeys.openOrCreate(store, origin),
  ];
  const { tiles } = openMemoryStorage(disk);
  const grow = async (tree: LogTree, entry: LedgerEntry): Promise<number> => {
    const bytes = canonicalJson(entry);
    await tree.grow([{ bytes, leafHash: leafHash(bytes) }]);
    return parseNote(tree.published().note).signatures.length;
  };
  const parts = { log: 'south', store: tiles, cache: new TileCache(8) };
  const tree = LogTree.empty({ ...parts, keys: here });
  expect(await grow(tree, keyEntry(1))).toBe(1);
  const follower = await LogTree.open({ ...parts, keys: there });
  const { verifierKey } = await there.pendingKey(1);
  const entry: LedgerEntry = {
    version: 1,
    kind: 'log-key',
    time: '2026-04-01T00:00:00.000Z',
    principal: BY,
    event: 'introduced',
    verifierKey,
  };
  expect(await grow(tree, entry)).toBe(2);
  await follower.refresh();
  expect(there.list()).toEqual(here.list());
  expect(there.signersAt(2)).toHaveLength(2);
});

test('a log that no key can sign any more takes no entry, and says why', async () => {
  await ledger.close();
  const [ring] = disk.keyring.values();
  for (const [at, { verifierKey, standing }] of ring!.entries()) ring![at] = { verifierKey, standing };
  const opened = await open();
  await opened.append('north', keyEntry(1));
  await expect(opened.settledNow('north')).rejects.toMatchObject({ code: 'ledger_unavailable' });
});

test('one COSE tree head, by the newest key, also for the tree before it', async () => {
  const head = ledger.coseTreeHead('north');
  expect(Buffer.from(head.protectedHeader).toString('latin1')).toContain(second!.verifierKey.split('+')[1]);
  const { note } = await ledger.checkpointAt('north', 1);
  expect(parseNote(note).signatures.map(({ keyId }) => keyId)).toEqual([first!.keyId, second!.keyId]);
  await ledger.close();
});
