import { createHash } from 'node:crypto';
import {
  base64,
  canonicalJson,
  cosignerOf,
  leafHash,
  parseNote,
  parseWitnessPolicy,
  policySatisfied,
  utf8,
  verifyCheckpoint,
  verifyInclusion,
} from '@sekisho/proof';
import type { VerifierKey } from '@sekisho/proof';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { ReadableLogs } from './testing/readable-logs.ts';
import { keyEntry } from './testing/sample-entries.ts';
import { WitnessedAnchors } from './witnessed-anchors.ts';
import type { WitnessedTree } from './witnessed-anchors.ts';

const cosigner = (name: string) => cosignerOf(name, 'ed25519', createHash('sha256').update(name).digest());
const witnesses = [cosigner('north.example'), cosigner('south.example')];
const policy = parseWitnessPolicy(
  utf8(
    [
      ...witnesses.map(({ name, verifierKey }) => `witness ${name} ${verifierKey}`),
      'group both all north.example south.example',
      'quorum both',
      '',
    ].join('\n'),
  ),
);

let logs: ReadableLogs;
let stored: string | undefined;
let events: string[];
const followers: WitnessedAnchors[] = [];

beforeEach(() => {
  logs = new ReadableLogs('cell.example', ['cell', 'city', 'town']);
  stored = undefined;
  events = [];
});
afterEach(async () => {
  for (const follower of followers.splice(0)) await follower.close();
});

function follow({
  patienceMs = 10_000,
  ledger = logs,
  read = async (): Promise<string | undefined> => stored,
  logKeys = (): readonly VerifierKey[] => [logs.verifierKey('cell')],
} = {}): WitnessedAnchors {
  const note = (event: string): void => void events.push(event);
  const follower = new WitnessedAnchors({
    ledger,
    log: 'cell',
    logKeys,
    policy,
    store: { read },
    journal: { info: note, warn: note, error: note },
    pace: { intervalMs: 1, patienceMs },
  });
  followers.push(follower);
  follower.start();
  return follower;
}

/** The witnesses cosign the cell's log as it is now, or another note. */
function cosign({ note = logs.checkpoint('cell').note, by = witnesses } = {}): void {
  const { body } = parseNote(note);
  stored = note + by.map((witness) => witness.cosign(body, 1_775_000_000)).join('');
}

/** One more entry of the log, whose index it gives. */
const grow = (log: string): number => logs.append(log, keyEntry(1));

async function covered(follower: WitnessedAnchors, log: string, index: number): Promise<WitnessedTree> {
  return vi.waitFor(async () => {
    const tree = await follower.covering(log, index);
    expect(tree).toBeDefined();
    return tree!;
  });
}

/** Judges a tree as a stranger would. */
function expectProven({ checkpoint, witnessed }: WitnessedTree, log: string): void {
  const { anchor, inclusion, checkpoint: note } = witnessed;
  const own = verifyCheckpoint(checkpoint.note, [logs.verifierKey(log)]);
  expect(own.size).toBe(anchor.size);
  expect(`sha256:${Buffer.from(own.root).toString('hex')}`).toBe(anchor.root);
  const judged = policySatisfied(policy, note, [logs.verifierKey('cell')]);
  if (judged.verdict !== 'satisfied') return expect.unreachable(judged.verdict);
  const { size, root } = judged.checkpoint;
  const hashes = inclusion.hashes.map((hash) => Buffer.from(hash, 'base64'));
  expect(
    verifyInclusion({
      index: inclusion.index,
      size,
      root,
      leafHash: leafHash(canonicalJson(anchor)),
      hashes,
    }),
  ).toEqual({ ok: true });
}

test('gives the tree that was anchored, once the witnesses have cosigned a tree that holds the anchor', async () => {
  const follower = follow();
  const index = grow('city');
  logs.anchor('city');
  grow('city');
  grow('cell');
  await vi.waitFor(() => expect(logs.entriesRead).toBeGreaterThanOrEqual(3));
  expect(await follower.covering('city', index)).toBeUndefined();
  cosign();
  const tree = await covered(follower, 'city', index);
  expectProven(tree, 'city');
  expect(tree.checkpoint.size).toBe(index + 1);
  // What came after the anchor, and a log without one, are not covered.
  expect(await follower.covering('city', index + 1)).toBeUndefined();
  expect(await follower.covering('town', 0)).toBeUndefined();
  expect(await follower.covering('nowhere', 0)).toBeUndefined();
});

test('passes over an anchor that the witnesses have not seen, until they have', async () => {
  const follower = follow();
  const first = grow('city');
  logs.anchor('city');
  cosign();
  await covered(follower, 'city', first);
  const second = grow('city');
  logs.anchor('city');
  expect((await covered(follower, 'city', first)).checkpoint.size).toBe(first + 1);
  expect(await follower.covering('city', second)).toBeUndefined();
  cosign();
  const tree = await covered(follower, 'city', second);
  expectProven(tree, 'city');
  // The later proof serves the earlier entry as well, and is made once.
  expect((await follower.covering('city', first))?.witnessed).toBe(tree.witnessed);
});

test('shows the newest tree that the witnesses cosigned, and keeps it when an older note comes back', async () => {
  const follower = follow();
  const index = grow('city');
  logs.anchor('city');
  cosign();
  const older = stored;
  await covered(follower, 'city', index);
  grow('cell');
  cosign();
  const newer = stored;
  await vi.waitFor(async () => {
    expect((await follower.covering('city', index))?.witnessed.checkpoint).toBe(newer);
  });
  let reads = 0;
  const other = follow({ read: async () => (reads++ === 0 ? newer : older) });
  await vi.waitFor(() => expect(reads).toBeGreaterThan(3));
  expect((await other.covering('city', index))?.witnessed.checkpoint).toBe(newer);
});

test('finds anchors that lie far back, in a process that did not write them', async () => {
  const index = grow('town');
  logs.anchor('town');
  logs.append('cell', ...Array.from({ length: 5000 }, (_, n) => keyEntry(n)));
  grow('city');
  logs.anchor('city');
  cosign();
  const replica = logs.replica();
  const follower = follow({ ledger: replica });
  expectProven(await covered(follower, 'town', index), 'town');
  expectProven(await covered(follower, 'city', 1), 'city');
  expect(replica.entriesRead).toBeLessThan(6000);
});

test('looks back no further than it must', async () => {
  logs.append('cell', ...Array.from({ length: 5000 }, (_, n) => keyEntry(n)));
  for (const log of ['city', 'town']) logs.anchor(log);
  cosign();
  const follower = follow();
  await covered(follower, 'city', 0);
  expect(logs.entriesRead).toBeLessThan(2000);
});

test('waits with a tree that this process has not seen published yet', async () => {
  const index = grow('city');
  logs.anchor('city');
  cosign();
  const replica = logs.replica();
  replica.see('cell', 1);
  let reads = 0;
  const follower = follow({ ledger: replica, read: async () => (reads++, stored) });
  await vi.waitFor(() => expect(reads).toBeGreaterThan(2));
  expect(await follower.covering('city', index)).toBeUndefined();
  replica.see('cell');
  expectProven(await covered(follower, 'city', index), 'city');
});

test.each([
  ['too few witnesses', () => cosign({ by: witnesses.slice(1) }), undefined],
  ['a note that is none', () => (stored = 'not a note'), undefined],
  [
    'another history, though log and witnesses signed it',
    () => {
      const fork = new ReadableLogs('cell.example', ['cell', 'city', 'town']);
      fork.append('cell', keyEntry(9), keyEntry(8));
      cosign({ note: fork.checkpoint('cell').note });
    },
    'witnessed.fork',
  ],
])('%s: nothing is witnessed', async (_, disturb, event) => {
  const index = grow('city');
  logs.anchor('city');
  grow('cell');
  let reads = 0;
  disturb();
  const follower = follow({ read: async () => (reads++, stored) });
  await vi.waitFor(() => expect(reads).toBeGreaterThan(2));
  expect(await follower.covering('city', index)).toBeUndefined();
  expect(events).toEqual(event === undefined ? [] : [event]);
  // And a good note is taken afterwards.
  cosign();
  expectProven(await covered(follower, 'city', index), 'city');
});

test('an anchor of another tree than the log has proves nothing', async () => {
  const index = grow('city');
  logs.anchor('city', { root: new Uint8Array(32) });
  cosign();
  const follower = follow();
  await vi.waitFor(() => expect(logs.entriesRead).toBeGreaterThan(1));
  expect(await follower.covering('city', index)).toBeUndefined();
  await vi.waitFor(async () => {
    await follower.covering('city', index);
    expect(events).toContain('witnessed.unproven');
  });
});

test('what cannot be read now is told once, and read later', async () => {
  const index = grow('city');
  logs.anchor('city');
  cosign();
  logs.damaged = true;
  let reads = 0;
  const follower = follow({ read: async () => (reads++, stored) });
  await vi.waitFor(() => expect(reads).toBeGreaterThan(3));
  expect(events).toEqual(['witnessed.follow.failed']);
  logs.damaged = false;
  const tree = await covered(follower, 'city', index);
  logs.damaged = true;
  // A proof that is there needs no reading.
  expect((await follower.covering('city', index))?.witnessed).toBe(tree.witnessed);
});

test('a key of the cell log that was compromised since takes what it vouched for with it', async () => {
  const index = grow('city');
  logs.anchor('city');
  cosign();
  let keys = [logs.verifierKey('cell')];
  const follower = follow({ logKeys: () => keys });
  await covered(follower, 'city', index);
  keys = [logs.verifierKey('town')];
  await vi.waitFor(async () => expect(await follower.covering('city', index)).toBeUndefined());
  keys = [logs.verifierKey('town'), logs.verifierKey('cell')];
  expectProven(await covered(follower, 'city', index), 'city');
});

test('a note longer than a receipt can carry is not taken', async () => {
  const index = grow('city');
  logs.anchor('city');
  cosign();
  stored += `\u2014 stranger ${base64(new Uint8Array(100_000))}\n`;
  const follower = follow();
  await vi.waitFor(() => expect(events).toEqual(['witnessed.note.too_long']));
  expect(await follower.covering('city', index)).toBeUndefined();
});

test('who requires witnesses waits for them', async () => {
  const follower = follow();
  const index = grow('city');
  const waiting = Array.from({ length: 3 }, () => follower.awaitCovering('city', index));
  logs.anchor('city');
  await vi.waitFor(() => expect(logs.entriesRead).toBeGreaterThan(1));
  cosign();
  for (const tree of await Promise.all(waiting)) expectProven(tree!, 'city');
});

test('and not for ever: until the patience ends, the caller goes, or the cell stops', async () => {
  const index = grow('city');
  expect(await follow({ patienceMs: 5 }).awaitCovering('city', index)).toBeUndefined();

  const follower = follow();
  const gone = new AbortController();
  const left = follower.awaitCovering('city', index, gone.signal);
  const stays = follower.awaitCovering('city', index);
  gone.abort();
  expect(await left).toBeUndefined();
  await follower.close();
  expect(await stays).toBeUndefined();
});

test('news that come while a proof fails are not missed', async () => {
  const index = grow('city');
  logs.anchor('city');
  cosign();
  const gate = Promise.withResolvers<readonly Uint8Array[]>();
  const replica = logs.replica();
  const prove = vi.spyOn(replica, 'inclusionProof').mockReturnValueOnce(gate.promise);
  const follower = follow({ ledger: replica, patienceMs: 60_000 });
  const waiting = follower.awaitCovering('city', index);
  await vi.waitFor(() => expect(prove).toHaveBeenCalledOnce());
  grow('cell');
  cosign();
  await vi.waitFor(() => {
    // Until the new note is taken, this waits for the old proof.
    void follower.covering('city', index);
    expect(prove).toHaveBeenCalledTimes(2);
  });
  gate.reject(new Error('damaged'));
  expectProven((await waiting)!, 'city');
});

test('a cell that stops just then keeps nobody waiting', async () => {
  const follower = follow();
  const waiting = follower.awaitCovering('city', grow('city'));
  await follower.close();
  expect(await waiting).toBeUndefined();
});
