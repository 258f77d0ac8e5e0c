import {
  decodeEntryBundle,
  leafHash,
  parseCanonicalJson,
  parseVerifierKey,
  verifyCheckpoint,
  verifyConsistency,
  verifyInclusion,
} from '@sekisho/proof';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Ledger, SignedCheckpoint } from '../ledger.ts';
import type { LedgerLimits } from '../ledger-parts.ts';
import type { LedgerSink, SettledEntry } from '../ports.ts';
import type { FateOf } from './faulty-port.ts';
import type { WriteFate } from './memory-storage.ts';
import { keyEntry, outcomeEntry } from './sample-entries.ts';

export interface OpenOptions {
  readonly cellName: string;
  readonly sink: LedgerSink;
  readonly limits: Partial<LedgerLimits>;
  /** Of every call to the ports of this process. */
  readonly fateOf: FateOf;
}

export interface LedgerUnderTest {
  /**
   * Opens the ledger as another process does. One that was opened before is left as by `kill -9`,
   * or, where replicas share a ledger, stays beside it.
   */
  open(options: OpenOptions): Promise<Ledger>;
  /** Notes that were ever published of a log, oldest first. */
  published(log: string): readonly string[];
}

const unavailable = { code: 'ledger_unavailable' };
const PATIENCE_MS = 15_000;

/**
 * What every ledger must do, wherever it keeps its entries. Each test gets an empty one from `make`.
 *
 * @param faultsUpTo each of the first so many calls to a port fails once, in both ways
 */
export function describeLedger(name: string, make: () => Promise<LedgerUnderTest>, faultsUpTo: number): void {
  let storage: LedgerUnderTest;
  let delivered: SettledEntry[];
  const opened: Ledger[] = [];
  beforeEach(async () => {
    delivered = [];
    storage = await make();
  });
  afterEach(async () => {
    for (const ledger of opened.splice(0)) await ledger.close().catch(() => undefined);
  });

  async function open(over: Partial<OpenOptions> = {}): Promise<Ledger> {
    const ledger = await storage.open({
      cellName: 'cell.example',
      sink: { accept: async (entries) => void delivered.push(...entries) },
      limits: {},
      fateOf: () => 'ok',
      ...over,
    });
    opened.push(ledger);
    return ledger;
  }

  describe(`${name}: a ledger`, () => {
    test('starts each log with its genesis entry, once', async () => {
      const ledger = await open();
      await Promise.all([ledger.ensureLog('north'), ledger.ensureLog('north'), ledger.ensureLog('south')]);
      await ledger.ensureLog('north');
      expect(ledger.logs()).toEqual(['north', 'south']);
      expect(ledger.checkpoint('north').size).toBe(1);
      for await (const { bytes } of ledger.readEntries('north', 0, 1)) {
        const origin = 'cell.example/ledger/north';
        expect(parseCanonicalJson(bytes)).toMatchObject({ kind: 'genesis', origin });
      }
      expect(ledger.verifierKey('north')).toMatch(/^cell\.example\/ledger\/north\+/);
      await expect(ledger.ensureLog('../north')).rejects.toMatchObject({ code: 'invalid_request' });
    });

    test('is not opened under a name that no checkpoint can carry', async () => {
      for (const cellName of ['a cell', 'a+b', 'a\nb']) {
        await expect(open({ cellName })).rejects.toMatchObject({ code: 'invalid_request' });
      }
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
        expect(plain(await ledger.checkpointAt('north', earlier.size))).toEqual(plain(earlier));
      }
      for (const size of [0, 6, -1, 1.5]) {
        await expect(ledger.checkpointAt('north', size)).rejects.toMatchObject({ code: 'not_found' });
      }
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
    });

    test('gives each tile and bundle in every width that its tree reaches, and no wider', async () => {
      const ledger = await open();
      await ledger.ensureLog('north');
      await appendMany(ledger, 'north', 259);
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
      for (const index of [1, -1, 0.5]) {
        await expect(ledger.settled('north', index)).rejects.toMatchObject(missing);
      }
      await expect(ledger.inclusionProof('north', 1, 1)).rejects.toMatchObject(missing);
      await expect(ledger.inclusionProof('north', 0, 2)).rejects.toMatchObject(missing);
      await expect(ledger.consistencyProof('north', 2, 1)).rejects.toMatchObject(missing);
      // None of them has taken an index.
      expect((await ledger.append('north', keyEntry(1), new Uint8Array(4096))).index).toBe(1);
    });

    test('gives each of many logs contiguous indexes, and delivers each entry once, in order', async () => {
      const ledger = await open();
      const logs = ['a', 'b', 'c', 'd', 'e', 'f'];
      await Promise.all(logs.map((log) => ledger.ensureLog(log)));
      const indexes = await Promise.all(logs.map((log) => appendMany(ledger, log, 120)));
      for (const [at, log] of logs.entries()) {
        expect(indexes[at]?.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 120 }, (_, n) => n + 1));
        await ledger.settledNow(log);
        const mine = delivered.filter((entry) => entry.log === log).map(({ index }) => index);
        expect(mine).toEqual(Array.from({ length: 121 }, (_, n) => n));
        await expectProofs(ledger, storage, log);
      }
    });

    test('refuses at once when the queue is full, and takes entries again when it is not', async () => {
      const ledger = await open({ limits: { queueEntriesMax: 3 } });
      await ledger.ensureLog('north');
      const appends = Array.from({ length: 5 }, (_, serial) => ledger.append('north', keyEntry(serial)));
      const results = await Promise.allSettled(appends);
      const states = results.map(({ status }) => status);
      expect(states).toEqual(['fulfilled', 'fulfilled', 'fulfilled', 'rejected', 'rejected']);
      for (const result of results.slice(3)) expect(result).toMatchObject({ reason: unavailable });
      expect((await ledger.append('north', keyEntry(5))).index).toBe(4);
    });

    test('refuses new entries, but no outcome, while the sink takes none and the backlog is full', async () => {
      let up = false;
      const accept = async (): Promise<void> => {
        if (!up) throw new Error('the database is down');
      };
      const ledger = await open({ sink: { accept }, limits: { backlogEntriesMax: 4 } });
      await ledger.ensureLog('north');
      let accepted = 0;
      const fill = async (): Promise<never> => {
        for (;;) {
          await ledger.append('north', keyEntry(accepted));
          expect(++accepted).toBeLessThanOrEqual(4);
        }
      };
      await expect(fill()).rejects.toMatchObject(unavailable);
      expect(accepted).toBeGreaterThanOrEqual(3);
      await ledger.append('north', outcomeEntry);
      up = true;
      await ledger.settled('north', accepted + 1);
      await ledger.append('north', keyEntry(9));
    });

    test('opens again without a close: with everything acknowledged, and on with the next index', async () => {
      const first = await open();
      await first.ensureLog('north');
      expect(await appendMany(first, 'north', 300)).toHaveLength(300);
      const second = await open();
      await second.settledNow('north');
      expect(second.checkpoint('north').size).toBe(301);
      expect((await second.append('north', keyEntry(301))).index).toBe(301);
      await second.settledNow('north');
      expect(new Set(delivered.map(({ index }) => index)).size).toBe(302);
      await expectProofs(second, storage, 'north');
    });

    test('closes once everything accepted is published, and then refuses', async () => {
      const ledger = await open();
      await ledger.ensureLog('north');
      const appends = appendMany(ledger, 'north', 300);
      await Promise.all([ledger.close(), ledger.close()]);
      expect(await appends).toHaveLength(300);
      expect(ledger.checkpoint('north').size).toBe(301);
      expect(delivered).toHaveLength(301);
      await expect(ledger.append('north', keyEntry(0))).rejects.toMatchObject(unavailable);
    });
  });

  describe(`${name}: a call to a port that fails`, () => {
    test.each(['lost', 'stored-but-failed'] as const)(
      `loses nothing that was acknowledged: ${faultsUpTo} calls, each %s`,
      async (fate) => {
        for (let call = 0; call < faultsUpTo; call++) {
          storage = await make();
          delivered = [];
          await failOnce(call, fate);
          for (const ledger of opened.splice(0)) await ledger.close().catch(() => undefined);
        }
      },
      faultsUpTo * PATIENCE_MS,
    );

    async function failOnce(failing: number, fate: WriteFate): Promise<void> {
      let calls = 0;
      const acknowledged = new Map<number, string>();
      const ledger = await open({ fateOf: () => (calls++ === failing ? fate : 'ok') }).catch(ignored);
      await ledger?.ensureLog('north').catch(ignored);
      const append = async (serial: number): Promise<void> => {
        const appended = await ledger?.append('north', keyEntry(serial));
        if (appended === undefined) return;
        expect(acknowledged.has(appended.index), 'an index is never given out twice').toBe(false);
        acknowledged.set(appended.index, Buffer.from(appended.leafHash).toString('hex'));
      };
      // Over the edge of a tile, so that a partial one is superseded.
      for (const count of [3, 270]) {
        await Promise.allSettled(Array.from({ length: count }, (_, at) => append(count + at)));
        await ledger?.settledNow('north').catch(ignored);
      }

      const sound = await open();
      await sound.ensureLog('north');
      await sound.append('north', keyEntry(9999));
      await sound.settledNow('north');
      const { size } = sound.checkpoint('north');
      for await (const { index, bytes } of sound.readEntries('north', 0, size)) {
        const hash = Buffer.from(leafHash(bytes)).toString('hex');
        expect(acknowledged.get(index) ?? hash, `entry ${index} after call ${failing}`).toBe(hash);
        acknowledged.delete(index);
      }
      expect([...acknowledged]).toEqual([]);
      expect(new Set(delivered.map(({ index }) => index)).size).toBe(size);
      await expectProofs(sound, storage, 'north');
    }
  });
}

/** The fault itself, or that it made the ledger unavailable. */
function ignored(error: unknown): undefined {
  if (error instanceof Error && / was (?:lost|stored but failed)$/.test(error.message)) return;
  expect(error).toMatchObject(unavailable);
}

function plain({ note, size, root }: SignedCheckpoint): unknown {
  return { note, size, root: Buffer.from(root).toString('hex') };
}

/** Indexes in the order of the appends. */
async function appendMany(ledger: Ledger, log: string, count: number): Promise<number[]> {
  const appends = Array.from({ length: count }, (_, serial) => ledger.append(log, keyEntry(serial)));
  return (await Promise.all(appends)).map(({ index }) => index);
}

/** Every published checkpoint is inside the newest, and entries at both edges of a tile are proven in it. */
async function expectProofs(ledger: Ledger, storage: LedgerUnderTest, log: string): Promise<void> {
  const newest = ledger.checkpoint(log);
  const keys = [parseVerifierKey(ledger.verifierKey(log))];
  const notes = storage.published(log);
  expect(notes.length).toBeGreaterThan(0);
  for (const note of notes) {
    const { size, root } = verifyCheckpoint(note, keys);
    const hashes = await ledger.consistencyProof(log, size, newest.size);
    const claim = { oldSize: size, oldRoot: root, size: newest.size, root: newest.root, hashes };
    expect(verifyConsistency(claim)).toEqual({ ok: true });
  }
  for (const index of new Set([0, Math.min(255, newest.size - 1), newest.size - 1])) {
    const hashes = await ledger.inclusionProof(log, index, newest.size);
    for await (const { bytes } of ledger.readEntries(log, index, index + 1)) {
      const claim = { index, size: newest.size, root: newest.root, leafHash: leafHash(bytes), hashes };
      expect(verifyInclusion(claim)).toEqual({ ok: true });
    }
  }
}
