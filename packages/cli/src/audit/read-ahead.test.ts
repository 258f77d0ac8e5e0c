import { expect, test } from 'vitest';
import { ReadAhead } from './read-ahead.ts';

/** A reader whose answers the test gives, in any order. */
function reader() {
  const open = new Map<number, { resolve: (text: string) => void; reject: (error: Error) => void }>();
  const asked: number[] = [];
  const read = (index: number): Promise<string> => {
    asked.push(index);
    return new Promise((resolve, reject) => open.set(index, { resolve, reject }));
  };
  return { asked, read, open };
}
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('reads a few ahead, never more, and gives them in the order in which they are asked for', async () => {
  const { asked, read, open } = reader();
  const ahead = new ReadAhead(read, 6, (last) => (last === undefined ? 0 : 3));
  const first = ahead.get(0);
  expect(asked).toEqual([0]);
  open.get(0)!.resolve('zero');
  expect(await first).toBe('zero');
  expect(asked).toEqual([0, 1, 2, 3]);
  // The third comes before the second.
  open.get(2)!.resolve('two');
  const second = ahead.get(1);
  await turn();
  expect(asked).toEqual([0, 1, 2, 3]);
  open.get(1)!.resolve('one');
  expect(await second).toBe('one');
  expect(await ahead.get(2)).toBe('two');
  expect(asked).toEqual([0, 1, 2, 3, 4, 5]);
});

test('reads what is asked for again, or out of order, then and there', async () => {
  const { asked, read, open } = reader();
  const ahead = new ReadAhead(read, 10, () => 0);
  const first = ahead.get(0);
  open.get(0)!.resolve('zero');
  await first;
  const [again, later] = [ahead.get(0), ahead.get(7)];
  open.get(0)!.resolve('zero again');
  open.get(7)!.resolve('seven');
  expect([await again, await later, asked]).toEqual(['zero again', 'seven', [0, 0, 7]]);
});

test('tells a failure to whoever asks for it, and to nobody else', async () => {
  const { read, open } = reader();
  const ahead = new ReadAhead(read, 10, () => 2);
  const first = ahead.get(0);
  open.get(0)!.resolve('zero');
  await first;
  // Nobody has asked yet: an unhandled rejection would fail the test run.
  open.get(1)!.reject(new Error('one'));
  open.get(2)!.reject(new Error('two'));
  await turn();
  await expect(ahead.get(1)).rejects.toThrow('one');
});
