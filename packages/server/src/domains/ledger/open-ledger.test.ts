import { decodeEntryBundle, leafHash, parseCanonicalJson } from '@sekisho/proof';
import { beforeEach, describe, expect, test } from 'vitest';
import { openLedger } from './index.ts';
import type { Ledger, LedgerParts, SettledEntry } from './index.ts';
import { MemoryDisk, memoryKeys, openMemoryStorage } from './testing/memory-storage.ts';
import type { WriteFate } from './testing/memory-storage.ts';
import { fixedClock, keyEntry, outcomeEntry, quietLog } from './testing/sample-entries.ts';

const unavailable = { code: 'ledger_unavailable' };

let disk: MemoryDisk;
let fates: WriteFate[];
let delivered: SettledEntry[];
beforeEach(() => {
  disk = new MemoryDisk();
  fates = [];
  delivered = [];
});

function open(parts: Partial<LedgerParts> = {}): Promise<Ledger> {
  return openLedger({
    ...openMemoryStorage(disk, () => fates.shift() ?? 'ok'),
    cellName: 'cell.example',
    keys: memoryKeys(),
    clock: fixedClock,
    log: quietLog,
    pace: { intervalMs: 0, intervalMsMin: 0 },
    retry: { firstMs: 0, lastMs: 0 },
    sink: { accept: async (entries) => void delivered.push(...entries) },
    ...parts,
  });
}

describe('a ledger', () => {
  test('starts each log with its genesis entry, once', async () => {
    const ledger = await open();
    await Promise.all([ledger.ensureLog('north'), ledger.ensureLog('north')]);
    await ledger.ensureLog('north');
    expect(ledger.logs()).toEqual(['north']);
    expect(ledger.checkpoint('north').size).toBe(1);
    for await (const { bytes } of ledger.readEntries('north', 0, 1)) {
      expect(parseCanonicalJson(bytes)).toMatchObject({
        kind: 'genesis',
        origin: 'cell.example/ledger/north',
      });
    }
    expect(ledger.verifierKey('north')).toMatch(/^cell\.example\/ledger\/north\+/);
    await expect(ledger.ensureLog('../north')).rejects.toMatchObject({ code: 'invalid_request' });
    await ledger.close();
  });

  test('signs an earlier tree again, with the root that it had', async () => {
    const ledger = await open();
    await ledger.ensureLog('north');
    const roots = [ledger.checkpoint('north')];
    for (let serial = 1; serial < 5; serial++) {
      await ledger.append('north', keyEntry(serial));
      await ledger.settledNow('north');
      roots.push(ledger.checkpoint('north'));
    }
    for (const earlier of roots) {
      const { note, size, root } = await ledger.checkpointAt('north', earlier.size);
      expect({ note, size }).toEqual({ note: earlier.note, size: earlier.size });
      expect(Buffer.from(root)).toEqual(Buffer.from(earlier.root));
    }
    for (const size of [0, 6, -1, 1.5]) {
      await expect(ledger.checkpointAt('north', size)).rejects.toMatchObject({ code: 'not_found' });
    }
    await ledger.close();
  });

  test('signs as COSE the tree that it has published, and each tree once', async () => {
    const ledger = await open();
    await ledger.ensureLog('north');
    const genesis = ledger.coseTreeHead('north');
    expect(genesis.size).toBe(1);
    expect(ledger.coseTreeHead('north')).toBe(genesis);
    await ledger.append('north', keyEntry(1));
    await ledger.settledNow('north');
    expect(ledger.coseTreeHead('north').size).toBe(ledger.checkpoint('north').size);
    expect(ledger.coseTreeHead('north').signature).not.toEqual(genesis.signature);
    expect(() => ledger.coseTreeHead('south')).toThrowError(expect.objectContaining({ code: 'not_found' }));
    await ledger.close();
  });

  test('gives each tile and bundle in every width that its tree reaches, and no wider', async () => {
    const ledger = await open();
    await ledger.ensureLog('north');
    await Promise.all(Array.from({ length: 259 }, (_, serial) => ledger.append('north', keyEntry(serial))));
    await ledger.settledNow('north');
    for (const [index, most] of [
      [0, 256],
      [1, 4],
      [2, 0],
    ] as const) {
      const at = (width: number) => ledger.readTile('north', { level: 0, index, width });
      const whole = most === 0 ? undefined : await at(most);
      expect(whole?.length).toBe(most === 0 ? undefined : most * 32);
      for (const width of [1, 3, 4, 5, 255, 256]) {
        const bundle = await ledger.readEntryBundle('north', index, width);
        expect(await at(width)).toEqual(width > most ? undefined : whole?.subarray(0, width * 32));
        expect(bundle === undefined).toBe(width > most);
        if (bundle === undefined) continue;
        const hashes = decodeEntryBundle(bundle, width).map(leafHash);
        expect(Buffer.concat(hashes)).toEqual(Buffer.from((await at(width)) ?? []));
      }
    }
    await ledger.close();
  });

  test('is not opened under a name that no checkpoint can carry', async () => {
    for (const cellName of ['a cell', 'a+b', 'a\nb']) {
      await expect(open({ cellName })).rejects.toMatchObject({ code: 'invalid_request' });
    }
  });

  test('writes what is queued together as one batch for all logs', async () => {
    const ledger = await open();
    await ledger.ensureLog('north');
    await ledger.ensureLog('south');
    const before = disk.nextPosition;
    await Promise.all(
      Array.from({ length: 100 }, (_, serial) =>
        ledger.append(serial % 2 ? 'north' : 'south', keyEntry(serial)),
      ),
    );
    expect(disk.nextPosition - before).toBe(1);
    await ledger.close();
  });

  test('hands the sink the entry and its attachment, before settled resolves', async () => {
    const ledger = await open();
    await ledger.ensureLog('north');
    const attachment = Uint8Array.of(1, 2, 3);
    const appending = ledger.append('north', keyEntry(1), attachment);
    attachment.fill(0);
    const { index } = await appending;
    await ledger.settled('north', index);
    expect(delivered[index]).toMatchObject({ log: 'north', index: 1 });
    expect([...(delivered[index]?.attachment ?? [])]).toEqual([1, 2, 3]);
    expect(ledger.checkpoint('north').size).toBe(2);
    await ledger.settledNow('nobody');
    await ledger.close();
  });

  test('refuses what is too long, unknown or out of range', async () => {
    const ledger = await open();
    await ledger.ensureLog('north');
    const tooLarge = { code: 'request_too_large' };
    await expect(ledger.append('north', keyEntry(1), new Uint8Array(4097))).rejects.toMatchObject(tooLarge);
    const longEntry = { ...keyEntry(1), workspace: 'w'.repeat(65_536) };
    await expect(ledger.append('north', longEntry)).rejects.toMatchObject(tooLarge);
    const missing = { code: 'not_found' };
    await expect(ledger.append('nobody', keyEntry(1))).rejects.toMatchObject(missing);
    await expect(ledger.settled('north', 1)).rejects.toMatchObject(missing);
    await expect(ledger.inclusionProof('north', 1, 1)).rejects.toMatchObject(missing);
    await expect(ledger.inclusionProof('north', 0, 2)).rejects.toMatchObject(missing);
    await expect(ledger.consistencyProof('north', 2, 1)).rejects.toMatchObject(missing);
    // None of them has taken an index.
    expect((await ledger.append('north', keyEntry(1), new Uint8Array(4096))).index).toBe(1);
    await ledger.close();
  });

  test('refuses at once when the queue is full, and takes entries again when it is not', async () => {
    const ledger = await open({ limits: { queueEntriesMax: 3 } });
    await ledger.ensureLog('north');
    const appends = Array.from({ length: 5 }, (_, serial) => ledger.append('north', keyEntry(serial)));
    const results = await Promise.allSettled(appends);
    expect(results.map(({ status }) => status)).toEqual([
      'fulfilled',
      'fulfilled',
      'fulfilled',
      'rejected',
      'rejected',
    ]);
    for (const result of results.slice(3)) expect(result).toMatchObject({ reason: unavailable });
    expect((await ledger.append('north', keyEntry(5))).index).toBe(4);
    await ledger.close();
  });

  test('has room for an outcome when there is none for anything else', async () => {
    const accept = async (): Promise<void> => Promise.reject(new Error('the database is down'));
    const ledger = await open({ sink: { accept }, limits: { queueEntriesMax: 1, backlogEntriesMax: 1 } });
    await ledger.ensureLog('north');
    await expect(ledger.append('north', keyEntry(1))).rejects.toMatchObject(unavailable);
    expect((await ledger.append('north', outcomeEntry)).index).toBe(1);
    await ledger.close();
  });

  test('refuses new entries while the sink takes none and the backlog is full', async () => {
    let up = false;
    const accept = async (): Promise<void> => {
      if (!up) throw new Error('the database is down');
    };
    const ledger = await open({ sink: { accept }, limits: { backlogEntriesMax: 4 } });
    await ledger.ensureLog('north');
    for (let serial = 0; serial < 3; serial++) await ledger.append('north', keyEntry(serial));
    await expect(ledger.append('north', keyEntry(3))).rejects.toMatchObject(unavailable);
    up = true;
    await ledger.settled('north', 3);
    expect((await ledger.append('north', keyEntry(3))).index).toBe(4);
    await ledger.close();
  });

  test.each(['lost', 'stored-but-failed'] as const)(
    'refuses everything after a write was %s',
    async (fate) => {
      const ledger = await open();
      await ledger.ensureLog('north');
      await ledger.settledNow('north');
      // The release of the genesis entry is a write of its own.
      await expect.poll(() => disk.batches.length).toBe(0);
      fates = [fate];
      await expect(ledger.append('north', keyEntry(0))).rejects.toMatchObject(unavailable);
      await expect(ledger.append('north', keyEntry(1))).rejects.toMatchObject(unavailable);
      await expect(ledger.ensureLog('south')).rejects.toMatchObject(unavailable);
      expect(ledger.checkpoint('north').size).toBe(1);
      await expect(ledger.close()).rejects.toMatchObject(unavailable);

      const reopened = await open();
      expect(reopened.checkpoint('north').size).toBe(fate === 'lost' ? 1 : 2);
      await reopened.close();
    },
  );

  test('closes once everything accepted is published, and then refuses', async () => {
    const ledger = await open();
    await ledger.ensureLog('north');
    const appends = Array.from({ length: 300 }, (_, serial) => ledger.append('north', keyEntry(serial)));
    await Promise.all([ledger.close(), ledger.close()]);
    expect(await Promise.all(appends)).toHaveLength(300);
    expect(ledger.checkpoint('north').size).toBe(301);
    expect(delivered).toHaveLength(301);
    await expect(ledger.append('north', keyEntry(0))).rejects.toMatchObject(unavailable);
  });
});
