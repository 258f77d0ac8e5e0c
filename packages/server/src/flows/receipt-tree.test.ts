import type { Witnessed } from '@sekisho/contract';
import { expect, test } from 'vitest';
import { findReceiptTree, type WitnessedTrees } from './receipt-tree.ts';

const newest = { note: 'newest', size: 9, root: new Uint8Array(32) };
const anchored = { note: 'anchored', size: 5, root: new Uint8Array(32) };
// What it says is for the proof package to judge.
const witnessed = { checkpoint: 'cosigned' } as Witnessed;
const ledger = { checkpoint: () => newest };
const place = { log: 'city', index: 4 };

function witnesses(at: 'now' | 'later' | 'never'): WitnessedTrees & { readonly waited: unknown[] } {
  const tree = { checkpoint: anchored, witnessed };
  const waited: unknown[] = [];
  return {
    waited,
    covering: async () => (at === 'now' ? tree : undefined),
    awaitCovering: async (...args) => {
      waited.push(args);
      return at === 'never' ? undefined : tree;
    },
  };
}

test('the witnessed tree where there is one, else the newest, and nobody waits', async () => {
  const absent = witnesses('later');
  expect(await findReceiptTree(ledger, absent, place, 'if-there')).toEqual({ checkpoint: newest });
  expect(absent.waited).toEqual([]);
  expect(await findReceiptTree(ledger, witnesses('now'), place, 'if-there')).toEqual({
    checkpoint: anchored,
    witnessed,
  });
  expect(await findReceiptTree(ledger, undefined, place, 'if-there')).toEqual({ checkpoint: newest });
});

test('where witnesses are required, they are waited for, until the client is gone', async () => {
  const later = witnesses('later');
  const { signal } = new AbortController();
  expect(await findReceiptTree(ledger, later, place, 'required', signal)).toEqual({
    checkpoint: anchored,
    witnessed,
  });
  expect(later.waited).toEqual([['city', 4, signal]]);
});

test.each([
  ['do not come', witnesses('never'), 'receipt_not_witnessed'],
  ['are not configured', undefined, 'witnesses_not_configured'],
] as const)('witnesses that are required and %s', async (_, anchors, code) => {
  await expect(findReceiptTree(ledger, anchors, place, 'required')).rejects.toMatchObject({ code });
});
