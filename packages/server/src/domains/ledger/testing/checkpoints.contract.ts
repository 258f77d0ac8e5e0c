import { beforeEach, describe, expect, test } from 'vitest';
import type { Checkpoints } from '../ports.ts';

export interface CheckpointsUnderTest {
  /** As after a restart of the process: sees what the one before it stored. */
  open(): Checkpoints;
}

/** What every store of checkpoints must do. Each test gets an empty one from `make`. */
export function describeCheckpoints(name: string, make: () => Promise<CheckpointsUnderTest>): void {
  describe(`${name}: checkpoints`, () => {
    let storage: CheckpointsUnderTest;
    beforeEach(async () => {
      storage = await make();
    });

    test('names the logs that have one, sorted', async () => {
      const checkpoints = storage.open();
      expect(await checkpoints.logs()).toEqual([]);
      await checkpoints.publishCheckpoint('b', undefined, 'one\n');
      await checkpoints.publishCheckpoint('a', undefined, 'one\n');
      expect(await storage.open().logs()).toEqual(['a', 'b']);
    });

    test('replaces a checkpoint only if it is the one that the caller knows', async () => {
      const checkpoints = storage.open();
      await expect(checkpoints.publishCheckpoint('a', 'none\n', 'one\n')).rejects.toMatchObject({
        code: 'ledger_corrupt',
      });
      await checkpoints.publishCheckpoint('a', undefined, 'one\n');
      await expect(checkpoints.publishCheckpoint('a', undefined, 'two\n')).rejects.toMatchObject({
        code: 'ledger_corrupt',
      });
      await checkpoints.publishCheckpoint('a', 'one\n', 'two\n');
      expect(await storage.open().readCheckpoint('a')).toBe('two\n');
      expect(await checkpoints.readCheckpoint('b')).toBeUndefined();
    });
  });
}
