import { expect, test } from 'vitest';
import { AnchorSpool } from './anchor-spool.ts';

async function all<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const read: Item[] = [];
  for await (const item of items) read.push(item);
  return read;
}

test('keeps the anchors of many logs apart and in order, more than are held in memory, and reads them twice', async () => {
  await using spool = new AnchorSpool();
  const logs = ['x/ledger/a', 'x/ledger/b', 'x/ledger/c'];
  const counts = [1, 64, 2500];
  const anchorOf = (origin: string, n: number) => ({
    origin,
    size: 2 ** 40 + n,
    root: new Uint8Array(32).fill(n % 256),
    index: 3 * n,
  });
  for (let n = 0; n < 2500; n++) {
    for (const [at, origin] of logs.entries()) if (n < counts[at]!) await spool.add(anchorOf(origin, n));
  }
  expect(spool.firsts()).toEqual(logs.map((origin) => anchorOf(origin, 0)));
  for (let time = 0; time < 2; time++) {
    for (const [at, origin] of logs.entries()) {
      const read = await all(spool.of(origin));
      expect(read).toHaveLength(counts[at]!);
      expect(read.every(({ size }, n) => size === 2 ** 40 + n)).toBe(true);
      expect(read.at(-1)).toEqual(anchorOf(origin, counts[at]! - 1));
    }
  }
  expect(await all(spool.of('x/ledger/unknown'))).toEqual([]);
});
