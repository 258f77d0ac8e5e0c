import { createHash } from 'node:crypto';
import {
  cosignerOf,
  formatCheckpoint,
  parseNote,
  parseWitnessPolicy,
  policySatisfied,
  utf8,
} from '@sekisho/proof';
import type { WitnessPolicy } from '@sekisho/proof';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { CosignatureCollector, openLedger } from './index.ts';
import type { Ledger, WitnessAnswer, WitnessClient } from './index.ts';
import { MemoryDisk, memoryKeys, openMemoryStorage } from './testing/memory-storage.ts';
import { fixedClock, keyEntry, quietLog } from './testing/sample-entries.ts';

const cosigner = (name: string) => cosignerOf(name, 'ed25519', createHash('sha256').update(name).digest());
const north = cosigner('north.example');
const south = cosigner('south.example');
const policy = parseWitnessPolicy(
  utf8(
    [
      `witness north ${north.verifierKey} http://north.example`,
      `witness south ${south.verifierKey} http://south.example`,
      'group both all north south',
      'quorum both',
      '',
    ].join('\n'),
  ),
);

type Behaviour = (request: Parameters<WitnessClient['addCheckpoint']>[1]) => WitnessAnswer;

let ledger: Ledger;
let stored: string | undefined;
let behaviours: Record<string, Behaviour>;
let collector: CosignatureCollector | undefined;

/** A witness that remembers one size and checks nothing: what is tested is its client. */
function honest(of: typeof north): Behaviour {
  let known = 0;
  return ({ oldSize, checkpoint }) => {
    if (oldSize !== known) return { kind: 'conflict', size: known };
    const { body } = parseNote(checkpoint);
    known = Number(body.split('\n')[1]);
    return { kind: 'cosigned', lines: of.cosign(body, 1_775_000_000) };
  };
}

const unreachable: Behaviour = () => {
  throw new Error('no answer');
};

beforeEach(async () => {
  ledger = await openLedger({
    ...openMemoryStorage(new MemoryDisk()),
    cellName: 'cell.example',
    keys: memoryKeys(),
    clock: fixedClock,
    log: quietLog,
    pace: { intervalMs: 0, intervalMsMin: 0 },
    sink: { accept: async () => undefined },
  });
  await ledger.ensureLog('cell');
  stored = undefined;
  behaviours = { north: honest(north), south: honest(south) };
});
afterEach(async () => {
  await collector?.close();
  collector = undefined;
  await ledger.close();
});

async function collect(by: WitnessPolicy = policy): Promise<CosignatureCollector> {
  collector = new CosignatureCollector({
    ledger,
    log: 'cell',
    policy: by,
    client: {
      addCheckpoint: async (url, request) => behaviours[new URL(url).hostname.split('.')[0]!]!(request),
      close: async () => undefined,
    },
    store: { read: async () => stored, replace: async (_, note) => void (stored = note) },
    clock: { nowMs: () => 0, monotonicMs: () => performance.now() },
    journal: quietLog,
    pace: { intervalMs: 1, retry: { firstMs: 1, lastMs: 5 } },
  });
  await collector.start();
  return collector;
}

async function grow(): Promise<void> {
  const { index } = await ledger.append('cell', keyEntry(ledger.checkpoint('cell').size));
  await ledger.settled('cell', index);
}

const stateOf = (of: CosignatureCollector, name: string) =>
  of.report().witnesses.find((each) => each.name === name)?.state;

test('asks an address once for all keys of a witness that rotates, and counts any of them', async () => {
  const newer = cosignerOf('north.example', 'ed25519', Buffer.alloc(32, 9));
  const rotating = parseWitnessPolicy(
    utf8(
      [
        `witness north-old ${north.verifierKey} http://north.example`,
        `witness north-new ${newer.verifierKey} http://north.example`,
        'group north any north-old north-new',
        'quorum north',
        '',
      ].join('\n'),
    ),
  );
  const asked: number[] = [];
  let signers = [north];
  behaviours['north'] = (request) => {
    asked.push(request.oldSize);
    const { body } = parseNote(request.checkpoint);
    return { kind: 'cosigned', lines: signers.map((each) => each.cosign(body, 1)).join('') };
  };
  const running = await collect(rotating);
  await vi.waitFor(() => expect(running.report().witnessedSize).toBe(1));
  expect([stateOf(running, 'north-old'), stateOf(running, 'north-new')]).toEqual(['cosigned', 'invalid']);
  signers = [north, newer];
  await grow();
  await vi.waitFor(() => expect(running.report().witnesses.map((each) => each.cosignedSize)).toEqual([2, 2]));
  asked.length = 0;
  await grow();
  await vi.waitFor(() => expect(running.report().witnesses.map((each) => each.cosignedSize)).toEqual([3, 3]));
  expect(asked).toEqual([2]);
  await vi.waitFor(() => expect(parseNote(stored!).signatures).toHaveLength(3));
  signers = [newer];
  await grow();
  await vi.waitFor(() => expect(running.report().witnessedSize).toBe(4));
});

test('follows the log with both witnesses under one note', async () => {
  const running = await collect();
  for (let size = 1; size <= 5; size++) {
    await vi.waitFor(() =>
      expect(running.report()).toMatchObject({ checkpointSize: size, witnessedSize: size }),
    );
    expect(policySatisfied(policy, stored!, [])).toMatchObject({ code: 'note_unsigned' });
    expect(stored!.startsWith(ledger.checkpoint('cell').note)).toBe(true);
    await grow();
  }
});

test('keeps what a quorum vouched for while one witness is away, and takes it up again', async () => {
  const running = await collect();
  await vi.waitFor(() => expect(running.report().witnessedSize).toBe(1));
  const [before, southern] = [stored, behaviours['south']!];
  behaviours['south'] = unreachable;
  await grow();
  await vi.waitFor(() => expect(stateOf(running, 'south')).toBe('unreachable'));
  await vi.waitFor(() => expect(running.report().witnesses[0]).toMatchObject({ cosignedSize: 2 }));
  expect([running.report().witnessedSize, stored]).toEqual([1, before]);
  behaviours['south'] = southern;
  await vi.waitFor(() => expect(running.report().witnessedSize).toBe(2));
  expect(stateOf(running, 'south')).toBe('cosigned');
});

test('starts from what is stored, and from a witness that knows more than it', async () => {
  const first = await collect();
  await vi.waitFor(() => expect(first.report().witnessedSize).toBe(1));
  await first.close();
  await grow();
  const asked: number[] = [];
  const northern = behaviours['north']!;
  behaviours['north'] = (request) => {
    asked.push(request.oldSize);
    return northern(request);
  };
  const again = await collect();
  expect(again.report().witnessedSize).toBe(1);
  await vi.waitFor(() => expect(again.report().witnessedSize).toBe(2));
  expect(asked).toEqual([1]);
  await again.close();

  stored = 'not a note';
  const anew = await collect();
  expect(anew.report().witnessedSize).toBe(0);
  await vi.waitFor(() => expect(anew.report().witnessedSize).toBe(2));
  expect(asked).toEqual([1, 0, 2]);
});

test('a log that is behind its own stored note is shown to the witnesses again', async () => {
  await grow();
  const first = await collect();
  await vi.waitFor(() => expect(first.report().witnessedSize).toBe(2));
  await first.close();
  const whole = ledger;
  const early = { ...ledger.checkpoint('cell'), size: 1 };
  ledger = {
    verifierKeys: (log) => whole.verifierKeys(log),
    checkpoint: () => early,
    consistencyProof: async () => [],
    close: () => whole.close(),
  } as Partial<Ledger> as Ledger;
  const behind = await collect();
  await vi.waitFor(() =>
    expect([stateOf(behind, 'north'), stateOf(behind, 'south')]).toEqual(['ahead', 'ahead']),
  );
});

const body = (of: Ledger): string => parseNote(of.checkpoint('cell').note).body;
const hostile: [string, string, Behaviour][] = [
  ['nothing', 'invalid', () => ({ kind: 'cosigned', lines: '' })],
  ['no signature line', 'invalid', () => ({ kind: 'cosigned', lines: 'hello\n' })],
  ['no line at all', 'invalid', () => ({ kind: 'cosigned', lines: north.cosign(body(ledger), 1).trimEnd() })],
  [
    'the word of another witness',
    'invalid',
    () => ({ kind: 'cosigned', lines: south.cosign(body(ledger), 1) }),
  ],
  [
    'its word on another tree',
    'invalid',
    () => ({
      kind: 'cosigned',
      lines: north.cosign(
        formatCheckpoint({ origin: 'cell.example/ledger/cell', size: 9, root: new Uint8Array(32) }),
        1,
      ),
    }),
  ],
  [
    'an empty line that would move the body',
    'invalid',
    () => ({ kind: 'cosigned', lines: `\n${north.cosign(body(ledger), 1)}` }),
  ],
  ['a larger size', 'ahead', () => ({ kind: 'conflict', size: 1000 })],
  ['the size that it was told', 'invalid', ({ oldSize }) => ({ kind: 'conflict', size: oldSize })],
  ['422', 'refused', () => ({ kind: 'refused', status: 422 })],
  ['404', 'invalid', () => ({ kind: 'refused', status: 404 })],
];
test.each(hostile)(
  'a witness that answers %s is %s, and the other one counts',
  async (_, state, behaviour) => {
    behaviours['north'] = behaviour;
    const running = await collect();
    await vi.waitFor(() => expect(stateOf(running, 'north')).toBe(state));
    await vi.waitFor(() => expect(stateOf(running, 'south')).toBe('cosigned'));
    await vi.waitFor(() => expect(stored).toBeDefined());
    expect(running.report().witnessedSize).toBe(0);
    expect(parseNote(stored!).signatures.map(({ name }) => name)).toEqual([
      'cell.example/ledger/cell',
      'south.example',
    ]);
  },
);
