/**
 * A log of over 100,000 entries, made by the real ledger on files, whose key rotates twice and which
 * witnesses of both algorithms cosign: judged by verifiers that nobody here wrote.
 */
import { createPublicKey } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Sign1 } from '@auth0/cose';
import type { LedgerEntry, OutcomeEntry } from '@sekisho/contract';
import {
  canonicalJson,
  formatCoseReceipt,
  parseCoseReceipt,
  parseNote,
  parseVerifierKey,
  parseVerifierKeys,
  parseWitnessPolicy,
  policySatisfied,
  utf8,
  verifyCoseReceipt,
} from '@sekisho/proof';
import { verifyCheckpoint } from '@sigstore/verify/dist/tlog/checkpoint.js';
import { verifyMerkleInclusion } from '@sigstore/verify/dist/tlog/merkle.js';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import {
  fileTileStore,
  fileWitnessedCheckpoint,
  fileWriteAheadLog,
} from '../../packages/server/src/adapters/ledger-files/index.ts';
import { openSoftwareKeystore } from '../../packages/server/src/adapters/software-keystore/index.ts';
import { httpWitnessClient } from '../../packages/server/src/adapters/witnesses/index.ts';
import { systemClock } from '../../packages/server/src/base/clock.ts';
import { systemRandom } from '../../packages/server/src/base/random.ts';
import { CosignatureCollector, openLedger } from '../../packages/server/src/domains/ledger/index.ts';
import type { Ledger } from '../../packages/server/src/domains/ledger/index.ts';
import { outcomeEntry, quietLog } from '../../packages/server/src/domains/ledger/testing/sample-entries.ts';
import { verifierKeyFile } from '../../packages/server/src/flows/rotate-log-key.ts';
import { WitnessProcess } from '../harness/witness-process.ts';
import { openNoteWithGo, verifyLogWithGo } from './verify-log-with-go.ts';

const FULL = process.env['SEKISHO_TEST_FULL'] === '1';
const LOG = 'cell';
const ENTRIES_A_PERIOD = [45_000, 15_000, 20_000, 10_000, 12_000] as const;
const APPENDS_AT_ONCE = 8192;
/** Of each period: entries whose proofs sigstore checks. */
const PROOFS_A_PERIOD = 40;

/** The log at the end of a period in which the same keys sign. */
interface Period {
  readonly name: string;
  /** Indexes among all keys, oldest first. */
  readonly signers: readonly number[];
  readonly size: number;
  readonly note: string;
  readonly witnessed: string;
  /** File of the note. */
  readonly file: string;
  readonly root: Uint8Array;
  readonly cose: Uint8Array;
}

describe.skipIf(!FULL)('a log with two rotations and two witnesses (in the full run)', () => {
  let home: string;
  let ledger: Ledger;
  let vkeys: string[];
  const periods: Period[] = [];
  const witnesses: WitnessProcess[] = [];
  let serial = 0;

  const outcome = (n: number): OutcomeEntry =>
    ({
      ...outcomeEntry,
      tenant: LOG,
      subject: `model-${n}`,
      intent: { index: 0, leafHash: ZERO },
    }) as OutcomeEntry;
  const keys = () => ledger.verifierKeys(LOG);

  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), 'sekisho-rotated-'));
    ledger = await openLedger({
      cellName: 'interop.example',
      wal: fileWriteAheadLog({ folder: join(home, 'wal') }),
      tiles: fileTileStore({ folder: join(home, 'logs') }),
      keys: await openSoftwareKeystore({
        folder: join(home, 'keys'),
        passphraseFile: join(home, 'passphrase'),
        random: systemRandom(),
        scryptCost: 10,
      }),
      sink: { accept: async () => {} },
      clock: systemClock,
      log: quietLog,
    });
    await ledger.ensureLog(LOG);

    const rotate = () => ledger.changeKeys(LOG, { change: 'introduce' }, 'operator:tests');
    const retireOldest = () => {
      const { verifierKey } = keys().find(({ standing }) => standing.state === 'signing')!;
      return ledger.changeKeys(LOG, { change: 'retire', verifierKey }, 'operator:tests');
    };
    await period('before', [0]);
    await rotate();
    await period('first overlap', [0, 1]);
    await retireOldest();
    await period('between', [1]);
    await rotate();
    await period('second overlap', [1, 2]);
    await retireOldest();
    await period('after', [2]);
    vkeys = keys().map(({ verifierKey }) => verifierKey);
  }, 120_000);
  afterAll(async () => {
    for (const witness of witnesses) await witness.kill();
    await ledger?.close();
    await rm(home, { recursive: true, force: true });
  });

  async function period(name: string, signers: readonly number[]): Promise<void> {
    const count = ENTRIES_A_PERIOD[periods.length] ?? 0;
    for (let left = count; left > 0; left -= APPENDS_AT_ONCE) {
      const batch: LedgerEntry[] = Array.from({ length: Math.min(left, APPENDS_AT_ONCE) }, () =>
        outcome(serial++),
      );
      await Promise.all(batch.map((entry) => ledger.append(LOG, entry)));
    }
    await ledger.settledNow(LOG);
    const { note, size, root } = ledger.checkpoint(LOG);
    const file = join(home, `${name.replace(' ', '-')}.checkpoint`);
    await writeFile(file, note);
    const witnessed = await cosigned();
    periods.push({ name, signers, size, note, witnessed, file, root, cose: await coseReceipt(size) });
  }

  /** The last outcome before the end, as the cell would hand it out. */
  async function coseReceipt(size: number): Promise<Uint8Array> {
    const index = size - 2;
    const hashes = await ledger.inclusionProof(LOG, index, size);
    return formatCoseReceipt({
      leaf: canonicalJson(outcome(serial - 2)),
      index,
      hashes,
      head: ledger.coseTreeHead(LOG),
    });
  }

  /** The witnesses start anew with the keys that their operators know by now, and the cell shows them the log. */
  async function cosigned(): Promise<string> {
    for (const witness of witnesses.splice(0)) await witness.stop();
    const signing = keys().filter(({ standing }) => standing.state === 'signing');
    const logKeys = signing.map(({ verifierKey }) => verifierKey);
    for (const type of ['ed25519', 'ml-dsa-44']) {
      witnesses.push(await WitnessProcess.start(join(home, type), logKeys, { more: ['--key-type', type] }));
    }
    const store = fileWitnessedCheckpoint({ folder: join(home, 'logs') });
    const collector = new CosignatureCollector({
      ledger,
      log: LOG,
      policy: parseWitnessPolicy(utf8(policyText())),
      client: httpWitnessClient(),
      store,
      clock: systemClock,
      journal: quietLog,
    });
    await collector.start();
    const { size } = ledger.checkpoint(LOG);
    await vi.waitFor(() => expect(collector.report().witnessedSize).toBe(size), { timeout: 20_000 });
    await collector.close();
    return (await store.read(LOG)) ?? '';
  }

  function policyText(): string {
    const lines = witnesses.map(({ verifierKey, url }, at) => `witness w${at} ${verifierKey} ${url}`);
    return `${lines.join('\n')}\ngroup both all w0 w1\nquorum both\n`;
  }

  const others = ({ signers }: Period): string[] => vkeys.filter((_, at) => !signers.includes(at));

  test('is that large, and each period is signed by the keys in force, oldest first', () => {
    expect(periods.at(-1)!.size).toBeGreaterThanOrEqual(100_000);
    for (const { signers, note } of periods) {
      expect(parseNote(note).signatures.map(({ keyId }) => keyId)).toEqual(
        signers.map((at) => parseVerifierKey(vkeys[at]!).keyId),
      );
    }
  });

  test("Go's sumdb opens each checkpoint with any one of its keys, witnessed or not, and with no other", async () => {
    for (const each of periods) {
      const accepted = { ok: true, output: `verified: interop.example/ledger/cell, ${each.size} entries` };
      const witnessed = `${each.file}.witnessed`;
      await writeFile(witnessed, each.witnessed);
      for (const at of each.signers) {
        expect(await openNoteWithGo(each.file, [vkeys[at]!])).toEqual(accepted);
        expect(await openNoteWithGo(witnessed, [vkeys[at]!])).toEqual(accepted);
      }
      expect(await openNoteWithGo(each.file, vkeys)).toEqual(accepted);
      for (const other of others(each)) {
        expect((await openNoteWithGo(each.file, [other])).output).toMatch(/^refused: checkpoint:/);
      }
      // A known key whose signature is bad refuses the note, whatever the others say.
      const [line = ''] = each.note.match(/^\u2014 .*$/mu) ?? [];
      await writeFile(
        witnessed,
        each.note.replace(line, `${line.slice(0, 60)}${flip(line[60])}${line.slice(61)}`),
      );
      expect((await openNoteWithGo(witnessed, vkeys)).ok).toBe(false);
    }
  });

  test(
    "Go's sumdb verifies the whole log, and that it grew through every period",
    { timeout: 60_000 },
    async () => {
      const older = periods.slice(0, -1);
      const { ok, output } = await verifyLogWithGo(
        join(home, 'logs', LOG),
        vkeys,
        ...older.map(({ file }) => file),
      );
      expect(output).toMatch(new RegExp(`, ${older.map(({ size }) => `grown from ${size}`).join(', ')}$`));
      expect({ ok, output }).toEqual({
        ok: true,
        output: expect.stringContaining(`, ${periods.at(-1)!.size} entries, `) as string,
      });
      // With the last key alone, what it did not sign is not believed.
      const alone = await verifyLogWithGo(join(home, 'logs', LOG), vkeys.slice(-1), periods[0]!.file);
      expect(alone.output).toMatch(/^refused: older checkpoint:/);
    },
  );

  test('sigstore-js verifies checkpoint and entries of each period with any one of its keys', async () => {
    for (const { note, size, signers } of periods) {
      for (const at of vkeys.keys()) {
        const entry = await sigstoreEntry(size - 1, size, note);
        if (signers.includes(at))
          expect(verifyCheckpoint(entry, [sigstoreLog(vkeys[at]!)]).logSize).toBe(BigInt(size));
        else
          expect(() => verifyCheckpoint(entry, [sigstoreLog(vkeys[at]!)])).toThrowError(
            /invalid checkpoint signature/,
          );
      }
      const checkpoint = verifyCheckpoint(await sigstoreEntry(0, size, note), vkeys.map(sigstoreLog));
      const step = Math.floor(size / PROOFS_A_PERIOD);
      for (let index = 0; index < size; index += step) {
        const entry = await sigstoreEntry(index, size, note);
        expect(() => verifyMerkleInclusion(entry, checkpoint)).not.toThrow();
        entry.canonicalizedBody[5]! ^= 1;
        expect(() => verifyMerkleInclusion(entry, checkpoint)).toThrowError();
      }
    }
  });

  async function sigstoreEntry(index: number, size: number, note: string) {
    let body = new Uint8Array(0);
    for await (const { bytes } of ledger.readEntries(LOG, index, index + 1)) body = Uint8Array.from(bytes);
    const hashes = await ledger.inclusionProof(LOG, index, size);
    return {
      canonicalizedBody: Buffer.from(body),
      inclusionProof: {
        logIndex: String(index),
        hashes: hashes.map((hash) => Buffer.from(hash)),
        checkpoint: { envelope: note },
      },
    } as unknown as Parameters<typeof verifyMerkleInclusion>[0];
  }

  test('@auth0/cose accepts a receipt of each period under its newest key, and no swapped root', async () => {
    for (const [at, each] of periods.entries()) {
      const { signers, root, cose } = each;
      const newest = vkeys[signers.at(-1)!]!;
      expect(parseCoseReceipt(cose).kid).toBe(newest.split('+', 2).join('+'));
      await expect(
        Sign1.decode(cose).verify(publicKeyOf(newest), { detachedPayload: root }),
      ).resolves.toBeUndefined();
      const swapped = periods[(at + 1) % periods.length]!.root;
      await expect(
        Sign1.decode(cose).verify(publicKeyOf(newest), { detachedPayload: swapped }),
      ).rejects.toThrowError();
      for (const other of vkeys.filter((vkey) => vkey !== newest)) {
        await expect(
          Sign1.decode(cose).verify(publicKeyOf(other), { detachedPayload: root }),
        ).rejects.toThrowError();
      }
      // And by the key file of today, in which all but the last key are retired.
      expect(verifyCoseReceipt(cose, parseVerifierKeys(verifierKeyFile(ledger)))).toMatchObject({
        verdict: 'valid',
        checkpoint: { size: each.size },
      });
    }
  });

  test('the witnesses of both algorithms vouch for every period', () => {
    const policy = parseWitnessPolicy(utf8(policyText()));
    for (const { witnessed, size } of periods) {
      expect(policySatisfied(policy, witnessed, vkeys.map(parseVerifierKey))).toMatchObject({
        verdict: 'satisfied',
        checkpoint: { size },
      });
    }
  });
});

const ZERO = `sha256:${'0'.repeat(64)}`;

const flip = (character = 'A'): string => (character === 'A' ? 'B' : 'A');

function publicKeyOf(vkey: string) {
  const x = Buffer.from(parseVerifierKey(vkey).publicKey).toString('base64url');
  return createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
}

function sigstoreLog(vkey: string): Parameters<typeof verifyCheckpoint>[1][number] {
  const { keyId, name } = parseVerifierKey(vkey);
  const logID = Buffer.alloc(4);
  logID.writeUInt32BE(keyId);
  return {
    logID,
    baseURL: name,
    publicKey: publicKeyOf(vkey),
    validFor: { start: new Date(0), end: new Date(0) },
  };
}
