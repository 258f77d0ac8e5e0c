import { expect, test, vi } from 'vitest';
import type { Log } from './log.ts';
import { RepeatingTask } from './repeating-task.ts';

function quietLog(warnings: string[]): Log {
  return { info: () => {}, warn: (event) => void warnings.push(event), error: () => {} };
}

test('never runs beside itself, tells a failure once until it works again, and ends behind its work', async () => {
  vi.useFakeTimers();
  try {
    const warnings: string[] = [];
    const outcomes = [false, false, true, false];
    let runs = 0;
    let release: () => void = () => {};
    const task = new RepeatingTask(
      100,
      async () => {
        const isGood = outcomes[runs++] ?? true;
        if (runs === 5) await new Promise<void>((resolve) => (release = resolve));
        if (!isGood) throw new Error('not now');
      },
      { log: quietLog(warnings), event: 'task.failed' },
    );
    task.start();
    expect(runs).toBe(0);
    await vi.advanceTimersByTimeAsync(450);
    expect(runs).toBe(4);
    expect(warnings).toEqual(['task.failed', 'task.failed']);
    await vi.advanceTimersByTimeAsync(1000);
    expect(runs).toBe(5);
    let isClosed = false;
    const closing = task.close().then(() => (isClosed = true));
    await vi.advanceTimersByTimeAsync(1000);
    expect(isClosed).toBe(false);
    release();
    await closing;
    await vi.advanceTimersByTimeAsync(1000);
    task.start();
    await vi.advanceTimersByTimeAsync(1000);
    expect(runs).toBe(5);
  } finally {
    vi.useRealTimers();
  }
});
