import { describeLedgerStorage } from '../../domains/ledger/testing/ledger-storage.contract.ts';
import { payload, replay } from '../../domains/ledger/testing/ledger-storage.contract.ts';
import { memoryKeys } from '../../domains/ledger/testing/memory-storage.ts';
import { fixedClock, keyEntry, quietLog } from '../../domains/ledger/testing/sample-entries.ts';
import { openLedger } from '../../domains/ledger/index.ts';
import type { Ledger, LedgerSink } from '../../domains/ledger/index.ts';
import { entriesPath, tilePath } from '@sekisho/proof';
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, readdir, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { fileTileStore, fileWriteAheadLog } from './index.ts';

let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'sekisho-ledger-'));
});
afterEach(async () => {
  await rm(home, { recursive: true, force: true });
});

// Small segments, so that the suite crosses their edges.
const open = () => ({
  wal: fileWriteAheadLog({ folder: join(home, 'wal'), segmentBytesMax: 2000 }),
  tiles: fileTileStore({ folder: join(home, 'logs') }),
});
describeLedgerStorage('files', async () => ({ open }));

async function segments(): Promise<string[]> {
  const names = await readdir(join(home, 'wal'));
  return names
    .filter((name) => name.endsWith('.wal'))
    .sort()
    .map((name) => join(home, 'wal', name));
}

describe('write-ahead log files', () => {
  async function write(count: number, bytes: number): Promise<void> {
    const { wal } = open();
    await replay(wal);
    await wal.takeOver();
    for (let batch = 0; batch < count; batch++) await wal.append(payload(bytes));
    await wal.close();
  }

  test('a segment is deleted when its last batch is released', async () => {
    const { wal } = open();
    await replay(wal);
    await wal.takeOver();
    const positions: number[] = [];
    for (let batch = 0; batch < 12; batch++) positions.push(await wal.append(payload(500)));
    const before = await segments();
    expect(before.length).toBeGreaterThan(2);
    await wal.release(positions[2]!);
    expect(await segments()).toEqual(before);
    await wal.release(positions[3]!);
    expect(await segments()).toEqual(before.slice(1));
    await wal.close();
  });

  test('a batch apart from earlier ones takes their bytes with it when it is released, also after a restart', async () => {
    const secret = Buffer.alloc(300, 's');
    for (const restarts of [false, true]) {
      let { wal } = open();
      await replay(wal);
      await wal.takeOver();
      // The first append of all: there is nothing to be apart from.
      await wal.append(payload(20), { apartFromEarlier: true });
      await wal.append(secret);
      let last = await wal.append(payload(20), { apartFromEarlier: true });
      if (restarts) {
        await wal.close();
        ({ wal } = open());
        last = (await replay(wal)).at(-1)!.position;
        await wal.takeOver();
      }
      const holdsSecret = async (): Promise<boolean> =>
        (await Promise.all((await segments()).map((file) => readFile(file)))).some((bytes) =>
          bytes.includes(secret),
        );
      expect(await holdsSecret()).toBe(true);
      await wal.release(last);
      expect(await holdsSecret()).toBe(false);
      await wal.close();
    }
  });

  test('the newest segment cut at every byte of its last frame loses that frame only', async () => {
    await write(3, 20);
    const [segment] = await segments();
    const whole = await readFile(segment!);
    const frameBytes = whole.length / 3;
    for (let length = 2 * frameBytes; length < whole.length; length++) {
      await writeFile(segment!, whole.subarray(0, length));
      const { wal } = open();
      expect(await replay(wal), `${length} bytes`).toHaveLength(2);
      await wal.takeOver();
      expect(await wal.append(payload(20))).toBe(2);
      await wal.close();
      expect(await replay(open().wal)).toHaveLength(3);
    }
  });

  test('an older segment that was cut, or is missing, is refused, and nothing is changed', async () => {
    await write(12, 500);
    const all = await segments();
    for (const damage of [() => truncate(all[0]!, 1000), () => rm(all[1]!)]) {
      await damage();
      const before = await contents();
      await expect(replay(open().wal)).rejects.toMatchObject({ code: 'ledger_corrupt' });
      expect(await contents()).toEqual(before);
    }
  });

  test('files and folders are for their owner only', async () => {
    await write(1, 10);
    const [segment] = await segments();
    expect((await stat(segment!)).mode & 0o777).toBe(0o600);
    expect((await stat(join(home, 'wal'))).mode & 0o777).toBe(0o700);
  });
});

/** Digest of every file below the home. */
async function contents(): Promise<Record<string, string>> {
  const digests: Record<string, string> = {};
  for (const entry of await readdir(home, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile())
      digests[path] = createHash('sha256')
        .update(await readFile(path))
        .digest('hex');
  }
  return digests;
}

async function entriesOf(read: ReturnType<Ledger['readEntries']>): Promise<number[]> {
  const indexes: number[] = [];
  for await (const { index } of read) indexes.push(index);
  return indexes;
}

const keys = memoryKeys();

function openOnFiles(sink: LedgerSink['accept'] = async () => {}): Promise<Ledger> {
  const pace = { intervalMs: 0, intervalMsMin: 0 };
  const parts = {
    cellName: 'cell.example',
    keys,
    clock: fixedClock,
    log: quietLog,
    pace,
    sink: { accept: sink },
  };
  return openLedger({
    ...parts,
    wal: fileWriteAheadLog({ folder: join(home, 'wal') }),
    tiles: fileTileStore({ folder: join(home, 'logs') }),
  });
}

describe('a stored ledger', () => {
  const SIZE = 700;
  beforeEach(async () => {
    const ledger = await openOnFiles();
    await ledger.ensureLog('north');
    await Promise.all(
      Array.from({ length: SIZE - 1 }, (_, serial) => ledger.append('north', keyEntry(serial))),
    );
    await ledger.close();
  });
  const file = (path: string) => join(home, 'logs', 'north', path);
  const flip = async (path: string, at: number) => {
    const bytes = await readFile(path);
    bytes[at]! ^= 1;
    await writeFile(path, bytes);
  };

  test('opens again, with its right edge', async () => {
    const ledger = await openOnFiles();
    expect(ledger.checkpoint('north').size).toBe(SIZE);
    await ledger.append('north', keyEntry(SIZE));
    await ledger.close();
    const reopened = await openOnFiles();
    expect(reopened.checkpoint('north').size).toBe(SIZE + 1);
    await reopened.close();
  });

  test.each([
    ['the checkpoint', 'checkpoint', 20],
    ['the partial tile', tilePath(0, 2, SIZE - 512), 40],
    ['the tile above', tilePath(1, 0, 2), 0],
    ['the partial entry bundle', entriesPath(2, SIZE - 512), 100],
  ])('is not opened after one bit of %s has changed', async (_, path, at) => {
    await flip(file(path), at);
    const before = await contents();
    await expect(openOnFiles()).rejects.toMatchObject({ code: 'ledger_corrupt' });
    expect(await contents()).toEqual(before);
  });

  test('is not opened without its right edge, or with the checkpoint of another log', async () => {
    const other = await openOnFiles();
    await other.ensureLog('south');
    await other.close();
    await writeFile(file('checkpoint'), await readFile(join(home, 'logs', 'south', 'checkpoint')));
    await expect(openOnFiles()).rejects.toMatchObject({ code: 'ledger_corrupt' });
    await rm(file('checkpoint'));
    await rm(join(home, 'logs', 'south', tilePath(0, 0, 1)));
    await expect(openOnFiles()).rejects.toMatchObject({ code: 'ledger_corrupt' });
  });

  test('does not hand out a changed full tile or entry', async () => {
    await flip(file(tilePath(0, 0)), 32 * 17);
    await flip(file(entriesPath(1)), 30);
    const ledger = await openOnFiles();
    const corrupt = { code: 'ledger_corrupt' };
    await expect(ledger.inclusionProof('north', 3, SIZE)).rejects.toMatchObject(corrupt);
    await expect(entriesOf(ledger.readEntries('north', 0, 10))).rejects.toMatchObject(corrupt);
    await expect(entriesOf(ledger.readEntries('north', 256, 300))).rejects.toMatchObject(corrupt);
    // What is whole is still read.
    expect(await entriesOf(ledger.readEntries('north', 512, SIZE))).toHaveLength(SIZE - 512);
    await ledger.close();
  });

  test('keeps the partial tiles of a published checkpoint until the full tile exists', async () => {
    const folder = file(`${tilePath(0, 2)}.p`);
    expect(await readdir(folder)).toContain(String(SIZE - 512));
    const ledger = await openOnFiles();
    await Promise.all(Array.from({ length: 67 }, (_, serial) => ledger.append('north', keyEntry(serial))));
    await ledger.settledNow('north');
    expect(await readdir(folder)).toContain(String(SIZE - 512));
    await ledger.append('north', keyEntry(0));
    await ledger.settledNow('north');
    await ledger.close();
    await expect(readdir(folder)).rejects.toMatchObject({ code: 'ENOENT' });
    expect((await readFile(file(tilePath(0, 2)))).length).toBe(8192);
  });
});

describe('a write-ahead log that does not fit its tree', () => {
  /** Leaves entries in the write-ahead log: the sink takes nothing. */
  async function withUnsettledEntries(): Promise<void> {
    const ledger = await openOnFiles(async () => {
      throw new Error('the database is down');
    });
    await ledger.ensureLog('north');
    for (let serial = 0; serial < 5; serial++) await ledger.append('north', keyEntry(serial));
    await ledger.close();
  }

  test('comes again to the sink after a restart, with attachments', async () => {
    await withUnsettledEntries();
    const indexes: number[] = [];
    const ledger = await openOnFiles(async (entries) => {
      indexes.push(...entries.map((entry) => entry.index));
    });
    await ledger.settledNow('north');
    expect(indexes).toEqual([0, 1, 2, 3, 4, 5]);
    await ledger.close();
  });

  test('is refused when it lost a batch that the tree has, and is left as it is', async () => {
    await withUnsettledEntries();
    const [segment] = await segments();
    await truncate(segment!, (await stat(segment!)).size - 1);
    const before = await contents();
    await expect(openOnFiles()).rejects.toMatchObject({ code: 'ledger_corrupt' });
    expect(await contents()).toEqual(before);
  });

  test('is refused when the tree is older', async () => {
    const ledger = await openOnFiles();
    await ledger.ensureLog('north');
    await ledger.close();
    await withUnsettledEntries();
    await rm(join(home, 'logs'), { recursive: true });
    await expect(openOnFiles()).rejects.toMatchObject({ code: 'ledger_corrupt' });
  });
});
