import { SekishoError } from '@sekisho/contract';
import { parseCheckpoint, parseNote } from '@sekisho/proof';
import type { LogName } from '../ledger.ts';
import type {
  IntegratorTerm,
  LogStanding,
  NewRun,
  ReplicaListener,
  SequencedRun,
  SharedSequence,
} from '../shared-ports.ts';

interface MemoryLog {
  nextIndex: number;
  runs: SequencedRun[];
  note: string | undefined;
  settledSize: number;
}

interface Member {
  readonly listener: ReplicaListener;
  lost: ((cause: unknown) => void) | undefined;
}

/** The sequence of a cell in memory, as a database would keep it for all its replicas. */
export class MemoryCell {
  readonly logs = new Map<LogName, MemoryLog>();
  readonly members = new Map<number, Member>();
  /** Every checkpoint that was ever the newest, oldest first. */
  readonly everPublished: { readonly log: string; readonly note: string }[] = [];
  term = 0;
  integrator: number | undefined;
  #replicas = 0;

  /** As when its process is stopped for long, or cut off: the cell goes on without it. */
  end(replica: number): void {
    const member = this.members.get(replica);
    this.members.delete(replica);
    if (this.integrator === replica) this.integrator = undefined;
    // It learns that only when it asks.
    if (member !== undefined) member.lost = undefined;
  }

  /** The integrator loses its session: another may be elected at once, and it learns of it. */
  depose(): void {
    const member = this.members.get(this.integrator ?? -1);
    this.integrator = undefined;
    const lost = member?.lost;
    if (member !== undefined) member.lost = undefined;
    lost?.(new Error('the session broke'));
  }

  join(listener: ReplicaListener): SharedSequence {
    const replica = ++this.#replicas;
    this.members.set(replica, { listener, lost: undefined });
    return memorySequence(this, replica);
  }

  news(log: LogName[]): void {
    for (const { listener } of this.members.values()) listener.changed(log);
  }
}

function memorySequence(cell: MemoryCell, replica: number): SharedSequence {
  let term: number | undefined;
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  const requireMember = (): Member => {
    const member = cell.members.get(replica);
    if (member === undefined) throw new Error(`replica ${replica} was ended`);
    return member;
  };
  const place = ({ log: name, entries, payload }: NewRun): number => {
    const log = cell.logs.get(name);
    if (log === undefined) throw new Error(`no log ${name}`);
    const firstIndex = log.nextIndex;
    log.nextIndex += entries;
    log.runs.push({ log: name, entries, payload: Uint8Array.from(payload), firstIndex, replica });
    return firstIndex;
  };
  const standingOf = (name: LogName, log: MemoryLog): LogStanding => ({
    log: name,
    nextIndex: log.nextIndex,
    size: log.note === undefined ? 0 : parseCheckpoint(parseNote(log.note).body).size,
    settledSize: log.settledSize,
  });
  return {
    replica,
    concurrency: 2,
    async append(runs) {
      await turn();
      requireMember();
      return runs.map(place);
    },
    async createLog(genesis) {
      await turn();
      if (cell.logs.has(genesis.log)) return;
      cell.logs.set(genesis.log, { nextIndex: 0, runs: [], note: undefined, settledSize: 0 });
      place(genesis);
    },
    async standings(which) {
      await turn();
      const all = [...cell.logs].map(([name, log]) => standingOf(name, log));
      if (which === 'all') return all;
      if (which === 'unsettled') return all.filter(({ nextIndex, settledSize }) => nextIndex > settledSize);
      return all.filter(({ log }) => which.includes(log));
    },
    async readRuns(name, from) {
      await turn();
      const runs = cell.logs.get(name)?.runs ?? [];
      return runs.filter(({ firstIndex, entries }) => firstIndex + entries > from).slice(0, 3);
    },
    async settle(sizes) {
      await turn();
      for (const [name, size] of sizes) {
        const log = cell.logs.get(name);
        if (log === undefined) continue;
        log.settledSize = Math.max(log.settledSize, size);
        log.runs = log.runs.filter(({ firstIndex, entries }) => firstIndex + entries > log.settledSize);
      }
      cell.news([...sizes.keys()]);
    },
    async campaign(lost): Promise<IntegratorTerm | undefined> {
      await turn();
      if ((cell.integrator ?? replica) !== replica || !cell.members.has(replica)) return undefined;
      cell.integrator = replica;
      const member = requireMember();
      member.lost = (cause) => {
        term = undefined;
        lost(cause);
      };
      const raised = ++cell.term;
      term = raised;
      return {
        term: raised,
        resign: async () => {
          term = undefined;
          member.lost = undefined;
          if (cell.integrator === replica) cell.integrator = undefined;
        },
      };
    },
    checkpoints: {
      logs: async () => [...cell.logs].filter(([, log]) => log.note !== undefined).map(([name]) => name),
      async readCheckpoint(name) {
        await turn();
        return cell.logs.get(name)?.note;
      },
      async publishCheckpoint(name, previous, next) {
        const inOffice = term;
        await turn();
        const log = cell.logs.get(name);
        if (inOffice !== cell.term || log === undefined || log.note !== previous) {
          throw new SekishoError('ledger_corrupt', name);
        }
        log.note = next;
        cell.everPublished.push({ log: name, note: next });
      },
    },
    async close() {
      cell.members.get(replica)?.lost?.(new Error('closed'));
      cell.end(replica);
    },
  };
}
