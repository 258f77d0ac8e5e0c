import { parseVerifierKeys, verifyCheckpoint } from '@sekisho/proof';
import { beforeEach, describe, expect, test } from 'vitest';
import { openLedger } from '../domains/ledger/index.ts';
import type { Ledger } from '../domains/ledger/index.ts';
import { MemoryDisk, openMemoryStorage } from '../domains/ledger/testing/memory-storage.ts';
import { keyEntry, outcomeEntry, quietLog } from '../domains/ledger/testing/sample-entries.ts';
import { listAffectedCrossings } from './list-affected-crossings.ts';
import { RotateLogKeys, keyFileWriter, keyIdOf, verifierKeyFile } from './rotate-log-key.ts';

const START_MS = Date.UTC(2026, 3, 1);
const BY = 'operator:tests';
const refused = { code: 'log_key_refused' };
const unknown = { code: 'not_found' };

let nowMs: number;
let disk: MemoryDisk;
let ledger: Ledger;
let keyFiles: string[];
let keys: RotateLogKeys;

const clock = { nowMs: () => nowMs, monotonicMs: () => nowMs };

async function open(): Promise<void> {
  ledger = await openLedger({
    ...openMemoryStorage(disk),
    cellName: 'cell.example',
    clock,
    log: quietLog,
    pace: { intervalMs: 0, intervalMsMin: 0 },
    sink: { accept: async () => {} },
  });
  keys = new RotateLogKeys(ledger, clock, async () => void keyFiles.push(verifierKeyFile(ledger)));
  await ledger.ensureLog('north');
}

beforeEach(async () => {
  nowMs = START_MS;
  disk = new MemoryDisk();
  keyFiles = [];
  await open();
});

const first = (): string => keyIdOf(ledger.verifierKeys('north')[0]!.verifierKey);
const outcome = async (serial: number): Promise<number> => {
  const crossing = `01a20aad-5836-7925-bd53-${String(serial).padStart(12, '0')}`;
  const { index } = await ledger.append('north', { ...outcomeEntry, crossing } as typeof outcomeEntry);
  await ledger.settledNow('north');
  return index;
};
const affected = async (keyId: string, earlier = false, from?: number) =>
  listAffectedCrossings(ledger, 'north', { keyId, earlier, ...(from === undefined ? {} : { from }) });
const serials = ({ crossings }: Awaited<ReturnType<typeof affected>>): number[] =>
  crossings.map(({ crossing }) => Number(crossing.slice(-12)));

describe('keys of a log', () => {
  test('rotate with overlap, and the key file follows', async () => {
    const before = ledger.checkpoint('north').note;
    const young = await keys.rotate('north', BY);
    expect(young).toMatchObject({ log: 'north', state: 'signing', fromSize: 2 });
    const overlap = ledger.checkpoint('north').note;
    const old = await keys.retire('north', { keyId: first(), overlapSecondsMin: 0 }, BY);
    expect(old).toMatchObject({ state: 'retired', fromSize: 0, toSize: 2 });
    const after = ledger.checkpoint('north').note;

    expect(keyFiles).toHaveLength(2);
    const trusted = parseVerifierKeys(keyFiles[1]!);
    expect(trusted.map(({ mark }) => mark)).toEqual([{ state: 'retired', toSize: 2 }, undefined]);
    const [oldOnly, youngOnly] = trusted.map((key) => [key]);
    expect(verifyCheckpoint(before, oldOnly!).size).toBe(1);
    expect(verifyCheckpoint(overlap, oldOnly!).size).toBe(2);
    expect(verifyCheckpoint(overlap, youngOnly!).size).toBe(2);
    expect(() => verifyCheckpoint(after, oldOnly!)).toThrowError(
      expect.objectContaining({ code: 'note_unsigned' }),
    );
    expect(verifyCheckpoint(after, youngOnly!).size).toBe(3);

    disk.generation++;
    await open();
    expect((await keys.list()).keys.map(({ state }) => state)).toEqual(['retired', 'signing']);
  });

  test('a log is never left without a key, nor are keys piled up', async () => {
    await expect(keys.retire('north', { keyId: first(), overlapSecondsMin: 0 }, BY)).rejects.toMatchObject(
      refused,
    );
    for (let more = 0; more < 3; more++) await keys.rotate('north', BY);
    await expect(keys.rotate('north', BY)).rejects.toMatchObject(refused);
    expect(ledger.checkpoint('north').note.match(/^\u2014/gmu)).toHaveLength(4);
    const { keys: listed } = await keys.list();
    for (const { keyId } of listed.slice(0, 3)) {
      await keys.retire('north', { keyId, overlapSecondsMin: 0 }, BY);
      await expect(keys.retire('north', { keyId, overlapSecondsMin: 0 }, BY)).rejects.toMatchObject(refused);
    }
    const { keyId } = listed[3]!;
    await expect(keys.retire('north', { keyId, overlapSecondsMin: 0 }, BY)).rejects.toMatchObject(refused);
    await expect(keys.rotate('south', BY)).rejects.toMatchObject(unknown);
    await expect(
      keys.compromised('north', { keyId: '00000000', trustedToSize: 0 }, BY),
    ).rejects.toMatchObject(unknown);
  });

  test('the overlap that is asked for is kept', async () => {
    await keys.rotate('north', BY);
    const wish = { keyId: first(), overlapSecondsMin: 3600 };
    nowMs += 3_599_999;
    await expect(keys.retire('north', wish, BY)).rejects.toMatchObject(refused);
    nowMs += 1;
    await expect(keys.retire('north', wish, BY)).resolves.toMatchObject({ state: 'retired' });
  });

  test('two at once take turns', async () => {
    await Promise.all([keys.rotate('north', BY), keys.rotate('north', BY)]);
    const { keys: listed } = await keys.list();
    const retired = await Promise.allSettled(
      listed.map(({ keyId }) => keys.retire('north', { keyId, overlapSecondsMin: 0 }, BY)),
    );
    expect(retired.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected']);
  });
});

describe('a compromised key', () => {
  test('signs no more at once, another takes its place, and the file leaves it out', async () => {
    const lost = first();
    await expect(keys.compromised('north', { keyId: lost, trustedToSize: 2 }, BY)).rejects.toMatchObject(
      refused,
    );
    expect(await keys.compromised('north', { keyId: lost, trustedToSize: 1 }, BY)).toMatchObject({
      state: 'compromised',
      toSize: 2,
      trustedToSize: 1,
    });
    expect(ledger.checkpoint('north').note.match(/^\u2014/gmu)).toHaveLength(1);
    expect(parseVerifierKeys(keyFiles[0]!).map(({ mark }) => mark)).toEqual([undefined]);
    expect(parseVerifierKeys(keyFiles[0]!, { withCompromised: true })).toHaveLength(2);
    for (const { signer, standing } of [...disk.keyring.values()].flat()) {
      expect(signer === undefined).toBe(standing.state === 'compromised');
    }
  });

  test('leaves in doubt what it alone signed beyond the trusted size, and no more', async () => {
    await outcome(1);
    await outcome(2);
    const trustedToSize = ledger.checkpoint('north').size;
    await outcome(3);
    await outcome(4);
    const lastAlone = ledger.checkpoint('north').size;
    const lost = first();
    await expect(affected(lost)).rejects.toMatchObject(refused);
    await keys.rotate('north', BY);
    await outcome(5);
    await keys.compromised('north', { keyId: lost, trustedToSize }, BY);
    await outcome(6);

    const found = await affected(lost);
    expect(found.ranges).toEqual([{ fromSize: trustedToSize + 1, toSize: lastAlone }]);
    expect(serials(found)).toEqual([3, 4]);
    expect(found.next).toBeUndefined();
    expect(serials(await affected(lost, true))).toEqual([1, 2, 3, 4]);
    expect(serials(await affected(lost, false, found.crossings[1]!.index))).toEqual([4]);
  });

  test('that was retired long ago can still be named, and leaves in doubt what it signed alone', async () => {
    await outcome(1);
    const lost = first();
    await keys.rotate('north', BY);
    await keys.retire('north', { keyId: lost, overlapSecondsMin: 0 }, BY);
    await outcome(2);
    const { toSize } = await keys.compromised('north', { keyId: lost, trustedToSize: 0 }, BY);
    expect(toSize).toBe(3);
    const found = await affected(lost);
    expect(found.ranges).toEqual([{ fromSize: 1, toSize: 2 }]);
    expect(serials(found)).toEqual([1]);
  });

  test('beside which another good one signed all along leaves nothing in doubt', async () => {
    await keys.rotate('north', BY);
    await outcome(1);
    const young = (await keys.list()).keys[1]!.keyId;
    await keys.compromised('north', { keyId: young, trustedToSize: 0 }, BY);
    expect(await affected(young)).toMatchObject({ ranges: [], crossings: [] });
  });

  test('gives pages of at most 1,000 crossings', { timeout: 60_000 }, async () => {
    await Promise.all(
      Array.from({ length: 1500 }, (_, serial) =>
        ledger.append('north', { ...outcomeEntry, subject: `m${serial}` } as typeof outcomeEntry),
      ),
    );
    await ledger.append('north', keyEntry(1));
    await ledger.settledNow('north');
    const lost = first();
    await keys.compromised('north', { keyId: lost, trustedToSize: 0 }, BY);
    const page = await affected(lost);
    expect(page.crossings).toHaveLength(1000);
    const rest = await affected(lost, false, page.next);
    expect(rest.crossings).toHaveLength(500);
    expect(rest.next).toBeUndefined();
  });
});

test('the key file is written one time after the other, and a failed time is not the last', async () => {
  const ended: string[] = [];
  let writing = 0;
  const write = keyFileWriter(ledger, async (text) => {
    expect(++writing).toBe(1);
    await new Promise((resolve) => setImmediate(resolve));
    writing--;
    ended.push(text);
    if (ended.length === 1) throw new Error('disk full');
  });
  const written = await Promise.allSettled([write(), write()]);
  expect(written.map(({ status }) => status)).toEqual(['rejected', 'fulfilled']);
  expect(ended.at(-1)).toBe(verifierKeyFile(ledger));
});
