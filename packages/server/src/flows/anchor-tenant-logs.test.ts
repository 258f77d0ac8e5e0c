import { AnchorEntry, SekishoError } from '@sekisho/contract';
import { beforeEach, expect, test } from 'vitest';
import type { Ledger } from '../domains/ledger/index.ts';
import { AnchorTenantLogs } from './anchor-tenant-logs.ts';

let sizes: Map<string, number>;
let appended: { log: string; entry: AnchorEntry }[];
let refuses: boolean;
let anchors: AnchorTenantLogs;

beforeEach(() => {
  sizes = new Map([
    ['cell', 7],
    ['north', 3],
    ['south', 5],
  ]);
  appended = [];
  refuses = false;
  const ledger: Pick<Ledger, 'logs' | 'checkpoint' | 'append'> = {
    logs: () => [...sizes.keys()],
    checkpoint: (log) => {
      const size = sizes.get(log) ?? 0;
      return { note: `cell.example/ledger/${log}\n${size}\n`, size, root: new Uint8Array(32).fill(size) };
    },
    append: async (log, entry) => {
      if (refuses && log === 'cell' && entry.kind === 'anchor' && entry.origin.endsWith('south')) {
        throw new SekishoError('ledger_unavailable');
      }
      appended.push({ log, entry: AnchorEntry.parse(entry) });
      return { index: appended.length, leafHash: new Uint8Array(32) };
    },
  };
  anchors = new AnchorTenantLogs(ledger as Ledger, { nowMs: () => 0, monotonicMs: () => 0 });
});

const anchored = (): string[] => appended.map(({ log, entry }) => `${log}: ${entry.origin} ${entry.size}`);

test('writes each grown log into the cell log, with its root, and never the cell log itself', async () => {
  await anchors.anchorNow();
  expect(anchored()).toEqual(['cell: cell.example/ledger/north 3', 'cell: cell.example/ledger/south 5']);
  expect(appended[0]?.entry).toEqual({
    version: 1,
    kind: 'anchor',
    time: '1970-01-01T00:00:00.000Z',
    origin: 'cell.example/ledger/north',
    size: 3,
    root: `sha256:${'03'.repeat(32)}`,
  });
});

test('writes nothing for what has not grown', async () => {
  await anchors.anchorNow();
  appended = [];
  await anchors.anchorNow();
  expect(appended).toEqual([]);
  sizes.set('south', 6).set('cell', 9);
  await anchors.anchorNow();
  expect(anchored()).toEqual(['cell: cell.example/ledger/south 6']);
});

test('tries again what was refused, with the newest size', async () => {
  refuses = true;
  await expect(anchors.anchorNow()).rejects.toMatchObject({ code: 'ledger_unavailable' });
  refuses = false;
  sizes.set('south', 8);
  appended = [];
  await anchors.anchorNow();
  expect(anchored()).toEqual(['cell: cell.example/ledger/south 8']);
});
