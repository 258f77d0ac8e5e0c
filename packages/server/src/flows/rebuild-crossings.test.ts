import { beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../base/clock.ts';
import type { CrossingGeneration, CrossingGenerations, LedgerLine } from '../domains/crossings/index.ts';
import { RebuildCrossings } from './rebuild-crossings.ts';

/** A live projection that grows, and generations that remember which entries they were given. */
class FakeGenerations implements CrossingGenerations {
  complete = true;
  live = new Map([['city', 0]]);
  /** Entries of the generation that took over, as `log index`. */
  taken: string[] | undefined;
  builds = 0;
  /** What a swap finds: entries that came meanwhile, a reader, an error. */
  swaps: (() => 'free' | 'read')[] = [];
  elsewhere = 0;
  onLost: () => void = () => undefined;

  async isComplete(): Promise<boolean> {
    return this.complete;
  }
  whenLost(onLost: () => void): void {
    this.onLost = onLost;
  }
  async build(work: (generation: CrossingGeneration) => Promise<void>): Promise<boolean> {
    this.builds++;
    if (this.elsewhere-- > 0) return false;
    const held: string[] = [];
    const add = (into: string[]) => async (entries: readonly LedgerLine[]) => {
      expect(entries.length).toBeLessThanOrEqual(256);
      into.push(...entries.map(({ index, bytes }) => `${Buffer.from(bytes).toString()} ${index}`));
    };
    await work({
      liveCursors: async () => new Map(this.live),
      add: add(held),
      makeIndexes: async () => undefined,
      takeOver: async (catchUp) => {
        const found = this.swaps.shift()?.() ?? 'free';
        const inside: string[] = [];
        await catchUp(new Map(this.live), add(inside));
        if (found === 'read') return false;
        this.taken = [...held, ...inside];
        this.complete = true;
        return true;
      },
    });
    return true;
  }
}

const ledger = {
  async *readEntries(log: string, from: number, to: number) {
    for (let index = from; index < to; index++) yield { index, bytes: Buffer.from(log) };
  },
};
const errors: string[] = [];
const log = { info: () => {}, warn: () => {}, error: (event: string) => void errors.push(event) };
const everyEntry = (ends: ReadonlyMap<string, number>): string[] =>
  [...ends].flatMap(([name, end]) => Array.from({ length: end }, (_, index) => `${name} ${index}`));

let generations: FakeGenerations;
let rebuild: RebuildCrossings;
beforeEach(() => {
  errors.splice(0);
  generations = new FakeGenerations();
  generations.live = new Map([
    ['city', 700],
    ['town', 3],
  ]);
  rebuild = new RebuildCrossings(ledger, generations, systemClock, log);
});
const end = async () => {
  for (;;) {
    const { rebuild: progress } = await rebuild.status();
    if (progress.state !== 'running') return progress;
    await new Promise((resolve) => setImmediate(resolve));
  }
};

describe('a rebuild', () => {
  it('reads every log from its first entry, each entry once', async () => {
    expect((await rebuild.status()).rebuild).toEqual({ state: 'none' });
    expect((await rebuild.start()).rebuild).toMatchObject({ state: 'running', phase: 'reading' });
    expect(await end()).toMatchObject({ state: 'finished', entriesRead: 703 });
    expect(generations.taken).toEqual(everyEntry(generations.live));
  });

  it('catches up with what came meanwhile, a new log too, inside the swap', async () => {
    generations.swaps.push(() => {
      generations.live = new Map([...generations.live, ['city', 720], ['new', 2]]);
      return 'free';
    });
    await rebuild.start();
    await end();
    expect(generations.taken?.toSorted()).toEqual(everyEntry(generations.live).toSorted());
  });

  it('adds again what a swap that did not happen took back with it', async () => {
    const grow = (to: number) => () => {
      generations.live.set('city', to);
      return 'read' as const;
    };
    generations.swaps.push(grow(710), grow(5000));
    await rebuild.start();
    expect(await end()).toMatchObject({ state: 'finished' });
    expect(generations.taken?.toSorted()).toEqual(everyEntry(generations.live).toSorted());
  });

  it('is one at a time, and another may follow', async () => {
    await Promise.all([rebuild.start(), rebuild.start()]);
    await end();
    expect(generations.builds).toBe(1);
    await rebuild.start();
    await end();
    expect(generations.builds).toBe(2);
  });

  it('that fails says so, keeps its cause for the log, and nothing took over', async () => {
    generations.swaps.push(() => {
      throw new Error('disk');
    });
    await rebuild.start();
    expect(await end()).toMatchObject({ state: 'failed' });
    expect([generations.taken, errors]).toEqual([undefined, ['crossings.rebuild-failed']]);
  });

  it('gives up in the end when the live projection is never free', async () => {
    generations.swaps = Array.from({ length: 100 }, () => () => 'read' as const);
    await rebuild.start();
    expect(await end()).toMatchObject({ state: 'failed' });
  });

  it('is given up at once when the cell stops', async () => {
    generations.live.set('city', 1_000_000);
    await rebuild.start();
    await rebuild.close();
    expect(generations.taken).toBeUndefined();
    expect(errors).toEqual([]);
  });
});

describe('an incomplete projection', () => {
  it('is rebuilt until it is complete, however often that fails', async () => {
    generations.complete = false;
    generations.elsewhere = 1;
    await rebuild.untilComplete();
    expect([generations.complete, generations.builds]).toEqual([true, 2]);
  });

  it('is left alone when it is complete', async () => {
    await rebuild.untilComplete();
    expect(generations.builds).toBe(0);
  });

  it('is rebuilt by itself when the table was lost while serving', async () => {
    generations.complete = false;
    generations.onLost();
    await rebuild.untilComplete();
    expect(generations.taken).toEqual(everyEntry(generations.live));
  });

  it('does not keep a stopping cell waiting', async () => {
    generations.complete = false;
    generations.elsewhere = 1000;
    const healing = rebuild.untilComplete();
    const refused = expect(healing).rejects.toThrow();
    await rebuild.close();
    await refused;
  });
});
