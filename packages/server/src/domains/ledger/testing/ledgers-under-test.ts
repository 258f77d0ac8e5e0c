import type { Clock } from '../../../base/clock.ts';
import { openLedger } from '../open-ledger.ts';
import type { Checkpoints, SigningKeyStore, TileFiles, TileStore, WriteAheadLog } from '../ports.ts';
import { openSharedLedger } from '../shared-ledger.ts';
import type { ReplicaListener, SharedSequence } from '../shared-ports.ts';
import { faultyPort } from './faulty-port.ts';
import type { FateOf } from './faulty-port.ts';
import type { LedgerUnderTest, OpenOptions } from './ledger.contract.ts';
import { quietLog } from './sample-entries.ts';

/** No waiting between rounds and retries. */
const hasty = {
  log: quietLog,
  pace: { intervalMs: 0, intervalMsMin: 0 },
  retry: { firstMs: 0, lastMs: 10 },
};

interface Published {
  readonly log: string;
  readonly note: string;
}

function notesOf(published: readonly Published[], log: string): readonly string[] {
  return published.filter((one) => one.log === log).map(({ note }) => note);
}

/** Notes what was really published, below the faults. */
function noting<Store extends Checkpoints>(store: Store, published: Published[]): Store {
  return new Proxy(store, {
    get(target, name) {
      if (name !== 'publishCheckpoint') {
        const value: unknown = Reflect.get(target, name);
        return typeof value === 'function' ? value.bind(target) : value;
      }
      return async (log: string, previous: string | undefined, next: string) => {
        await target.publishCheckpoint(log, previous, next);
        published.push({ log, note: next });
      };
    },
  });
}

const tileMethods = ['read', 'write', 'removePartials'] as const;
const checkpointMethods = ['logs', 'readCheckpoint', 'publishCheckpoint'] as const;

/** The embedded ledger over a storage; `storage` opens it as after a restart. */
export function embeddedUnderTest(parts: {
  readonly storage: () => { readonly wal: WriteAheadLog; readonly tiles: TileStore };
  readonly keys: SigningKeyStore;
  readonly clock: Clock;
}): LedgerUnderTest {
  const published: Published[] = [];
  return {
    published: (log) => notesOf(published, log),
    open({ fateOf, sink, ...options }) {
      const { wal, tiles } = parts.storage();
      return openLedger({
        ...hasty,
        ...options,
        wal: faultyPort(wal, ['append', 'release', 'takeOver'], fateOf),
        tiles: faultyPort(noting(tiles, published), [...tileMethods, ...checkpointMethods], fateOf),
        keys: faultyPort(parts.keys, ['keysOf', 'findOrCreate'], fateOf),
        sink: faultyPort(sink, ['accept'], fateOf),
        clock: parts.clock,
      });
    },
  };
}

/** Replicas of one cell; `join` enters as another. */
export function sharedUnderTest(parts: {
  readonly join: (listener: ReplicaListener) => Promise<SharedSequence>;
  readonly tiles: TileFiles;
  readonly keys: SigningKeyStore;
  readonly clock: Clock;
}): LedgerUnderTest {
  const published: Published[] = [];
  return {
    published: (log) => notesOf(published, log),
    open({ fateOf, sink, ...options }: OpenOptions) {
      return openSharedLedger({
        ...hasty,
        rhythm: { campaignMs: 10, lookMs: 100, readMs: 5 },
        ...options,
        join: async (listener) => faultySequence(await parts.join(listener), published, fateOf),
        tiles: faultyPort(parts.tiles, tileMethods, fateOf),
        keys: faultyPort(parts.keys, ['keysOf', 'findOrCreate'], fateOf),
        sink: faultyPort(sink, ['accept'], fateOf),
        clock: parts.clock,
      });
    },
  };
}

export function faultySequence(
  sequence: SharedSequence,
  published: Published[],
  fateOf: FateOf,
): SharedSequence {
  const checkpoints = faultyPort(noting(sequence.checkpoints, published), checkpointMethods, fateOf);
  const methods = ['append', 'createLog', 'standings', 'readRuns', 'settle', 'campaign'] as const;
  return faultyPort({ ...methodsOf(sequence), checkpoints }, methods, fateOf);
}

/** The same, as a plain object. */
function methodsOf(sequence: SharedSequence): SharedSequence {
  return {
    replica: sequence.replica,
    concurrency: sequence.concurrency,
    checkpoints: sequence.checkpoints,
    append: (runs) => sequence.append(runs),
    createLog: (genesis) => sequence.createLog(genesis),
    standings: (which) => sequence.standings(which),
    readRuns: (log, from, bytesMax) => sequence.readRuns(log, from, bytesMax),
    settle: (sizes) => sequence.settle(sizes),
    campaign: (lost) => sequence.campaign(lost),
    close: () => sequence.close(),
  };
}
