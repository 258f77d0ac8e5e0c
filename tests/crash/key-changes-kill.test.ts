import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { LedgerEntry } from '@sekisho/contract';
import type { LogKeyEntry } from '@sekisho/contract';
import {
  parseCanonicalJson,
  parseCheckpoint,
  parseNote,
  parseVerifierKey,
  verifiedSignatures,
  verifyConsistency,
} from '@sekisho/proof';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Ledger } from '../../packages/server/src/domains/ledger/index.ts';
import { openLedgerOnFiles } from './ledger-on-files.ts';

const LOG = 'north';
/** Every step in the full run, else some of them; a prime, so that every kind of step is met. */
const STRIDE = process.env['SEKISHO_TEST_FULL'] === '1' ? 1 : 11;
const STEPS_MAX = 400;
const sink = { accept: async () => {} };

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sekisho-key-drill-'));
  const ledger = await openLedgerOnFiles(join(folder, 'begun'), sink);
  await ledger.ensureLog(LOG);
  await ledger.close();
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** What a writer said before it died at this step. */
async function runWriter(home: string, dieAt: number): Promise<{ lines: string[]; killed: boolean }> {
  const writer = spawn(
    process.execPath,
    [join(import.meta.dirname, 'key-changes-writer.ts'), home, String(dieAt)],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const closed = once(writer, 'close');
  const lines: string[] = [];
  for await (const line of createInterface({ input: writer.stdout })) lines.push(line);
  await closed;
  return { lines, killed: writer.signalCode === 'SIGKILL' };
}

type Event = LogKeyEntry & { readonly index: number };

async function eventsOf(ledger: Ledger): Promise<Event[]> {
  const events: Event[] = [];
  for await (const { index, bytes } of ledger.readEntries(LOG, 0, ledger.checkpoint(LOG).size)) {
    const entry = LedgerEntry.parse(parseCanonicalJson(bytes));
    if (entry.kind === 'log-key') events.push({ ...entry, index });
  }
  return events;
}

function signersAt(first: string, events: readonly Event[], size: number): string[] {
  const signers = new Set([first]);
  for (const { index, event, verifierKey } of events) {
    if (index >= size) break;
    if (event === 'introduced') signers.add(verifierKey);
    else signers.delete(verifierKey);
  }
  return [...signers];
}

async function expectWhole(home: string, lines: readonly string[]): Promise<void> {
  const ledger = await openLedgerOnFiles(home, sink);
  const keys = ledger.verifierKeys(LOG);
  const vkeys = keys.map(({ verifierKey }) => verifierKey);
  const events = await eventsOf(ledger);
  // What was answered is on record.
  for (const line of lines) {
    const [what, change = '', vkey = ''] = line.split(' ');
    if (what !== 'done') continue;
    const event = { introduce: 'introduced', retire: 'retired', compromise: 'compromised' }[change];
    expect(events.some((each) => each.event === event && each.verifierKey === vkey)).toBe(true);
  }
  // What was shown stands, and the newest is signed by the keys in force.
  const shown = lines.flatMap((line) => (line.startsWith('checkpoint ') ? [line.slice(11)] : []));
  const newest = ledger.checkpoint(LOG);
  for (const note of [...shown.map((text) => Buffer.from(text, 'base64').toString()), newest.note]) {
    const { size, root } = parseCheckpoint(parseNote(note).body);
    const { signatures } = verifiedSignatures(note, vkeys.map(parseVerifierKey));
    expect(
      signatures.map(({ key }) => vkeys.find((vkey) => parseVerifierKey(vkey).keyId === key.keyId)),
    ).toEqual(signersAt(vkeys[0]!, events, size));
    const hashes = await ledger.consistencyProof(LOG, size, newest.size);
    const claim = { oldSize: size, oldRoot: root, size: newest.size, root: newest.root, hashes };
    expect(verifyConsistency(claim)).toEqual({ ok: true });
  }
  // The keystore follows the entries, and the ledger goes on.
  const inForce = signersAt(vkeys[0]!, events, newest.size);
  expect(keys.filter(({ standing }) => standing.state === 'signing').map((key) => key.verifierKey)).toEqual(
    inForce,
  );
  const made = await ledger.changeKeys(LOG, { change: 'introduce' }, 'operator:drill');
  expect(parseNote(ledger.checkpoint(LOG).note).signatures).toHaveLength(inForce.length + 1);
  expect(ledger.verifierKey(LOG)).toBe(made.verifierKey);
  await ledger.close();
}

test('kill -9 at each durable step of a rotation, a retirement and a lost key: entries decide, the rest follows', async () => {
  const died: number[] = [];
  for (let dieAt = 1; ; dieAt += STRIDE) {
    expect(dieAt).toBeLessThan(STEPS_MAX);
    const home = join(folder, String(dieAt));
    await cp(join(folder, 'begun'), home, { recursive: true });
    const { lines, killed } = await runWriter(home, dieAt);
    expect(killed || lines.at(-1) === 'end', lines.join('\n')).toBe(true);
    await expectWhole(home, lines);
    await rm(home, { recursive: true });
    if (!killed) break;
    died.push(dieAt);
  }
  expect(died.length * STRIDE).toBeGreaterThan(30);
}, 600_000);
